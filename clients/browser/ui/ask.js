/** The ask box and the history of answers. Knows no timeline: fires "evidence" with an event. */

import { el, icon, say } from "./dom.js";
import { called, classOf, clock, interval, percent, sensed } from "./time.js";

const STATES = {
  answered: ["Answered", ["M4 10.5l4 4l8-9"], "found in memory"],
  not_seen: ["Not seen", ["M10 3.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13M5.5 5.5l9 9"], "nothing like it was there"],
  may_have_forgotten: ["May have forgotten", ["M10 3a7 7 0 1 0 7 7", "M10 6v4l3 2", "M14 3h3v3"], "too long ago to be sure"],
  not_received: ["Not received", ["M4 5h12v10H4zM4 5l12 10"], "no picture or no sound came in that time"],
  cannot_tell: ["Cannot tell", ["M7 7.5a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 2M10 15.5v.1"], "memory has no means to know this, or a part of it"],
};
export const EXAMPLES = ["What was the last thing you saw?", "What did you see before that?", "What was the first thing you heard?", "Did you see a dog?", "How many times did a bell ring?", "What was said?", "How many people were there at once?"];

const ABOUT_PICTURE = "When did you see this?";
const SLIGHT_S = 0.25; // a gap that hides nothing

function newId() {
  // crypto.randomUUID is missing on plain-HTTP addresses, this is not
  return [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

export class AskBox extends EventTarget {
  #conversation = newId();

  /** `parts`: form, input, send, examples, answers, again (elements); `picture`: an AskedPicture;
   * `ask(text, options)` asks. */
  constructor(parts, picture, ask) {
    super();
    Object.assign(this, { parts, picture, ask });
    const usual = parts.input.placeholder;
    picture.addEventListener("change", () => {
      parts.input.placeholder = picture.blob ? ABOUT_PICTURE : usual;
      if (picture.blob) parts.input.focus();
    });
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    parts.again.addEventListener("click", () => {
      this.#conversation = newId();
      parts.again.hidden = true;
      parts.answers.prepend(el("li", { class: "break" }, "New conversation"));
      parts.input.focus();
    });
    parts.examples.append(
      ...EXAMPLES.map((text) =>
        el("button", { type: "button", class: "chip", onclick: () => { parts.input.value = text; this.submit(); } }, text)),
    );
  }

  /** Ask what stands in the box. */
  async submit() {
    const { input, answers, send } = this.parts;
    const text = input.value.trim() || (this.picture.blob ? ABOUT_PICTURE : "");
    if (!text) return input.focus();
    input.value = "";
    const shown = this.picture.release();
    const asked = [el("p", { class: "asked" }, text), ...(shown ? [thumbnail(shown.url)] : [])];
    const item = el("li", { class: "answer", "data-state": "waiting" }, ...asked, waiting());
    answers.prepend(item);
    send.disabled = true;
    try {
      const answer = await this.ask(text, { conversation: this.#conversation, picture: shown?.blob });
      item.dataset.state = answer.state;
      item.replaceChildren(...asked, ...this.#answer(answer));
      this.parts.again.hidden = false;
      this.dispatchEvent(new CustomEvent("answer", { detail: answer }));
    } catch (error) {
      item.dataset.state = "error";
      item.replaceChildren(...asked, el("p", { class: "said" }, this.#why(error)));
      this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
    } finally {
      send.disabled = false;
    }
    return undefined;
  }

  #why(error) {
    if (error?.code === "no_session") return "There is no memory to ask yet. Press Start first.";
    if (error instanceof TypeError) return "The server cannot be reached. Please ask again in a moment.";
    return `That did not work: ${error?.message ?? error}`;
  }

  #answer(answer) {
    const [name, paths, meaning] = STATES[answer.state] ?? STATES.cannot_tell;
    const chip = el("span", { class: "chip-state", title: meaning }, icon(...paths), name);
    const sure = answer.state === "answered" || answer.state === "not_seen";
    const lines = [
      el("p", { class: "said" }, answer.answer),
      el("div", { class: "verdict" }, chip, sure ? meter(answer.confidence) : null),
    ];
    if (answer.understood) lines.push(el("p", { class: "aside" }, `Understood as: ${answer.understood}`));
    const proof = answer.evidence.filter((event) => event.modality !== "gap");
    if (proof.length) lines.push(el("div", { class: "proof", role: "group", "aria-label": "Evidence" }, ...proof.map((event) => this.#evidence(event))));
    if (answer.alternatives?.length) {
      lines.push(el("p", { class: "aside" }, `Less likely: ${answer.alternatives.map((a) => `${a.text} (${percent(a.p)})`).join(", ")}`));
    }
    if (typeof answer.words_until_s === "number") {
      lines.push(el("p", { class: "aside" }, `Words known up to ${clock(answer.words_until_s)}.`));
    }
    const gaps = (answer.gaps ?? []).filter((gap) => gap.t1 - gap.t0 >= SLIGHT_S);
    if (gaps.length) {
      lines.push(el("p", { class: "aside" }, `Nothing was received ${gaps.map((g) => interval(g.t0, g.t1)).join(", ")}; that may matter.`));
    }
    return lines;
  }

  #evidence(event) {
    const show = () => this.dispatchEvent(new CustomEvent("evidence", { detail: event }));
    const times = event.count > 1 ? ` ×${event.count}` : "";
    return el(
      "button",
      { type: "button", class: `evidence ${event.modality}`, title: classOf(event), onclick: show },
      el("b", {}, `${called(event)}${times}`),
      el("span", {}, `${sensed(event.modality)} ${interval(event.start_s, event.end_s)}`),
      el("span", { class: "hidden" }, ", show on the timeline"),
    );
  }
}

function meter(confidence) {
  const bar = el("span", { class: "meter", "aria-hidden": "true" }, el("i"));
  bar.firstChild.style.setProperty("--share", String(confidence));
  return el("span", { class: "sure" }, bar, `${percent(confidence)} sure`);
}

function thumbnail(url) {
  return el("img", { class: "asked-picture", src: url, alt: "The picture that was asked about" });
}

function waiting() {
  const line = el("p", { class: "thinking" });
  say(line, "Looking in memory…");
  return line;
}
