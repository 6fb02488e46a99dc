/** Says what is wrong and what to do about it, in plain sentences. Knows codes, no causes. */

import { el } from "./dom.js";

const HERE = `http://localhost${globalThis.location?.port ? `:${location.port}` : ""}`;
const TABLE = {
  insecure: ["The camera needs a safe address", `Browsers give camera and microphone only to https pages and to localhost. Open ${HERE} on the computer that runs the server, or put the server behind https. Questions can be asked from here all the same.`],
  unsupported: ["This browser cannot capture", "It offers no camera access to pages. A current Chromium, Firefox or Safari does."],
  denied: ["Camera or microphone was refused", "Allow both for this page (the icon beside the address, and the system's privacy settings), then press Start again."],
  no_device: ["No camera or microphone was found", "Plug one in or choose another under Settings, then press Start again."],
  busy: ["The camera or microphone is in use", "Another program holds it. Close that one, or choose another device under Settings, then press Start again."],
  unreachable: ["The server cannot be reached", "Check that “ttmserve serve” is running. The page goes on by itself as soon as it answers; the last seconds are kept."],
  quarantined: ["This session is set aside", "Its media stopped the server's worker several times. Begin a new session; this one may come back in some minutes."],
  superseded: ["Another tab has taken over this session", "It streams there now. Press “Go on” to take it back, or begin a new session here."],
  rate_limited: ["Too many streams at once", "Close other tabs that stream to this server, wait a little, then press Start again."],
  overloaded: ["The server is busy", "It asks to wait a little. Try again in a moment."],
  unauthenticated: ["The server wants an API key", "Press Start to enter one; whoever runs the server can give you one."],
  no_such_session: ["This session is gone", "It was deleted or has expired. Begin a new session."],
  no_recorder: ["This browser cannot record a video stream", "Choose “Chunks” under Settings, then press Start again."],
  recorder_silent: ["The browser's recorder gives nothing", "Press Stop, choose “Chunks” under Settings, then press Start."],
  failed: ["Something went wrong", "Press Start to try again."],
};

// The rest goes on: told, but not as a fault.
const NOTES = {
  no_camera: ["No camera", "None was found or allowed; only sound is sent. Plug one in and press Stop and Start to have both."],
  no_microphone: ["No microphone", "None was found or allowed; only pictures are sent. Plug one in and press Stop and Start to have both."],
  camera_ended: ["The camera is gone", "It was unplugged or switched off; sound goes on. Plug it in and press Stop and Start."],
  microphone_ended: ["The microphone is gone", "It was unplugged or switched off; pictures go on. Plug it in and press Stop and Start."],
  sound_waits: ["The browser holds sound back", "Click anywhere on this page and it begins. Firefox also needs a loudspeaker or headphones."],
  sound_stopped: ["No sound arrives", "Pictures go on without it. Check the microphone under Settings."],
  pictures_stopped: ["No pictures arrive", "Sound goes on without them. Check the camera under Settings."],
};

const BY_STATUS = { 401: "unauthenticated", 404: "no_such_session", 429: "rate_limited", 503: "overloaded" };
const BY_CODE = { store_unavailable: "overloaded", error: "failed" };

/** The code of this page's tables for anything that was thrown or reported. */
export function codeOf(problem) {
  const code = problem?.code;
  if (Object.hasOwn(TABLE, code) || Object.hasOwn(NOTES, code)) return code;
  return BY_CODE[code] ?? BY_STATUS[problem?.status] ?? "failed";
}

/** The notices at the top of the page, one per code. */
export class Problems {
  #shown = new Map();

  constructor(region) {
    this.region = region;
  }

  /** Show a problem; `problem` is {code, text|message}, an error, or a code of the table. */
  show(problem, { action } = {}) {
    const given = typeof problem === "string" ? { code: problem } : problem;
    const code = codeOf(given);
    const [title, advice] = TABLE[code] ?? NOTES[code];
    const said = code === "failed" ? (given.text ?? given.message ?? "") : "";
    this.clear(code);
    const note = el(
      "div",
      { class: NOTES[code] ? "problem note" : "problem", "data-code": code },
      el("p", {}, el("b", {}, `${title}. `), said ? `${said} ` : "", advice),
      action ? el("button", { type: "button", class: "small", onclick: action.run }, action.label) : null,
      el("button", { type: "button", class: "small ghost", "aria-label": `Dismiss: ${title}`, onclick: () => this.clear(code) }, "Dismiss"),
    );
    this.#shown.set(code, note);
    this.region.append(note);
    return code;
  }

  /** Take one problem away, or all. */
  clear(code) {
    for (const [key, note] of this.#shown) {
      if (code && key !== code) continue;
      note.remove();
      this.#shown.delete(key);
    }
  }
}
