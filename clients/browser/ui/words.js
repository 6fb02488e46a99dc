/** What was said and read: the list, and the caption of what is being said. Knows no network. */

import { el, say } from "./dom.js";
import { clock, interval, percent } from "./time.js";

const CAPTION_MS = 6000;
const SURE = 0.5; // what is less sure than this is marked as such
const SHOWN = 200;

/** The passages, newest first, and how far words are known. */
export class WordsPanel extends EventTarget {
  #listed = "";

  /** `parts`: list, known, complete, file (elements). */
  constructor(memory, parts) {
    super();
    this.memory = memory;
    this.parts = parts;
  }

  draw() {
    const { words, wordsUntil, wordsSince, now } = this.memory;
    const { known, complete, file } = this.parts;
    say(known, wordsUntil === null || now === 0 ? "" : `Words known up to ${clock(wordsUntil)}`);
    const since = wordsSince ? Math.max(wordsSince.speech, wordsSince.text) : 0;
    say(complete, since > 0 ? `What is older than ${clock(since)} may have been let go` : "");
    file.hidden = words.length === 0;
    const signature = JSON.stringify(words);
    if (signature === this.#listed) return;
    this.#listed = signature;
    this.parts.list.replaceChildren(...words.slice(-SHOWN).reverse().map((passage) => this.#passage(passage)));
  }

  #passage(passage) {
    const told = passage.modality === "speech" ? "said" : "read";
    const times = passage.count > 1 ? `, ${passage.count} times` : "";
    const doubt = passage.score < SURE ? `, only ${percent(passage.score)} sure` : "";
    const show = () => this.dispatchEvent(new CustomEvent("select", { detail: passage }));
    return el("li", {},
      el("button", { type: "button", class: `passage ${passage.modality}`, onclick: show },
        el("span", { class: "when" }, clock(passage.start_s)),
        el("span", { class: "how" }, told),
        el("q", { lang: passage.language || null }, passage.text),
        el("small", {}, `${times}${doubt}`.replace(/^, /, "")),
        el("span", { class: "hidden" }, ` ${interval(passage.start_s, passage.end_s)}, show on the timeline`)));
  }
}

/** What is being said, over the preview, for a few seconds. */
export class Caption {
  #timer = 0;

  constructor(line) {
    this.line = line;
  }

  show(event) {
    if (event.modality !== "speech") return;
    clearTimeout(this.#timer);
    this.line.hidden = false;
    say(this.line, event.label);
    this.#timer = setTimeout(() => this.clear(), CAPTION_MS);
  }

  clear() {
    this.line.hidden = true;
    say(this.line, "");
  }
}
