/** The preview, the device pickers, and what is being noticed. Knows no network. */

import { Capture } from "../sdk/index.js";
import { byId, el, say } from "./dom.js";
import { called, clock, sensed } from "./time.js";

const NOTICED = 4;
const NOTICED_MS = 7000;
const NONE = "none";

/** Show a stream in the preview; null shows the welcome again. */
export function showStream(stream) {
  const video = byId("preview");
  if (video.srcObject !== stream) video.srcObject = stream;
  byId("welcome").hidden = stream !== null;
  byId("stage").classList.toggle("on", stream !== null);
}

/** Fill the pickers. Browsers name devices only after permission was given once. */
export async function fillPickers() {
  let devices = { video: [], audio: [] };
  try {
    devices = await Capture.devices();
  } catch {
    return; // the reason is told when Start is pressed
  }
  for (const [kind, id, name] of [["video", "camera", "Camera"], ["audio", "microphone", "Microphone"]]) {
    const select = byId(id);
    const chosen = select.value;
    const options = devices[kind].map((device, i) => el("option", { value: device.id }, device.label || `${name} ${i + 1}`));
    select.replaceChildren(el("option", { value: "" }, `Default ${name.toLowerCase()}`), ...options, el("option", { value: NONE }, "None"));
    select.value = [...select.options].some((option) => option.value === chosen) ? chosen : "";
  }
  const named = [...devices.video, ...devices.audio].some((device) => device.label);
  say(byId("settings-note"), named ? "" : "Devices get their names here once you have allowed them.");
}

/** What the pickers say, as the SDK takes it: null for none, undefined for the usual one. */
export function picked() {
  const of = (value) => (value === NONE ? null : value || undefined);
  return { video: of(byId("camera").value), audio: of(byId("microphone").value) };
}

/** What was noticed in the last seconds, over the preview. */
export class Noticing {
  constructor(list) {
    this.list = list;
  }

  show(event) {
    if (event.modality === "gap" || event.modality === "speech") return; // a caption shows speech
    const again = [...this.list.children].find((item) => item.dataset.key === `${event.modality}|${event.label}`);
    again?.remove();
    const item = el("li", { class: event.modality, "data-key": `${event.modality}|${event.label}` },
      el("span", { class: "hidden" }, `${sensed(event.modality)} `), called(event), el("small", {}, ` ${clock(event.start_s)}`));
    this.list.prepend(item);
    while (this.list.children.length > NOTICED) this.list.lastChild.remove();
    setTimeout(() => item.remove(), NOTICED_MS);
  }

  clear() {
    this.list.replaceChildren();
  }
}
