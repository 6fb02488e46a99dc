/** Teach a name to what is shown, and take names away again. Knows no timeline and no camera. */

import { el, say } from "./dom.js";
import { clock, interval, sensed } from "./time.js";

export const JUST_S = 3; // what was there so long before the button was pressed

const WHY = {
  since_s: "Nothing was noticed in that time. Hold it in view, or let it sound, and try again.",
  name: "There is no room for another name. Remove one first.",
};

/** Fires "change" when a name was taught or taken away. */
export class Teaching extends EventTarget {
  #span = null;
  #opener = null;
  #listed = "";

  /** `parts`: form, name, send, cancel, span, note, list, count (elements). `source()` gives the
   * session, or null. */
  constructor(parts, source) {
    super();
    Object.assign(this, { parts, source });
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#teach();
    });
    parts.cancel.addEventListener("click", () => this.close());
    parts.form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  /** Ask for a name of what was there from `sinceS` to `untilS`; `opener` gets the focus back. */
  open(sinceS, untilS, opener) {
    const { form, name, span, note } = this.parts;
    this.#span = { sinceS: Math.max(0, sinceS), untilS };
    this.#opener = opener;
    opener.setAttribute("aria-expanded", "true");
    form.hidden = false;
    say(note, "");
    say(span, `Binds what was there ${interval(this.#span.sinceS, untilS)}. Teach it from several sides to make it surer.`);
    name.value = "";
    name.focus();
  }

  close() {
    const hadFocus = this.parts.form.contains(document.activeElement);
    this.parts.form.hidden = true;
    this.#opener?.setAttribute("aria-expanded", "false");
    if (hadFocus && this.#opener && !this.#opener.hidden) this.#opener.focus();
    this.#opener = null;
  }

  async #teach() {
    const { name, send, note } = this.parts;
    const text = name.value.trim();
    if (!text || !this.source()) return name.focus();
    send.disabled = true;
    say(note, "Remembering…");
    try {
      const taught = await this.source().teach(text, this.#span);
      say(note, learnt(taught));
      this.close();
      this.dispatchEvent(new Event("change"));
    } catch (error) {
      say(note, this.#why(error));
      name.focus();
    } finally {
      send.disabled = false;
    }
    return undefined;
  }

  #why(error) {
    if (error?.code === "cannot_teach") return WHY[error.field] ?? error.message;
    return `That did not work: ${error?.message ?? error}`;
  }

  /** Show the names; `held`: what `things()` of a session gives, or null. */
  draw(held) {
    const { list, count } = this.parts;
    const things = held?.things ?? [];
    const names = new Set(things.map((thing) => thing.name)).size;
    say(count, names ? `${names} of ${held.limit}` : "");
    const signature = JSON.stringify(things);
    if (signature === this.#listed) return;
    this.#listed = signature;
    list.replaceChildren(...[...groups(things)].map(([name, parts]) => this.#thing(name, parts)));
  }

  #thing(name, parts) {
    const by = parts.map((part) => `${part.examples} ${sensed(part.modality)}`).join(", ");
    const last = Math.max(...parts.map((part) => part.taught_at_s));
    return el("li", { class: "thing" },
      el("b", {}, name),
      el("span", { class: "quiet", title: `taught last at ${clock(last)}` }, by),
      el("button", { type: "button", class: "small ghost", "aria-label": `Remove the name ${name}`, onclick: (event) => this.#forget(name, event.currentTarget) }, "Remove"));
  }

  async #forget(name, button) {
    button.disabled = true;
    try {
      await this.source()?.forget(name);
      say(this.parts.note, `The name ${name} is forgotten.`);
    } catch (error) {
      button.disabled = false;
      if (error?.code !== "no_such_thing") return say(this.parts.note, this.#why(error));
    }
    this.parts.list.focus();
    this.dispatchEvent(new Event("change"));
    return undefined;
  }
}

/** What was learnt, so that a wrong binding is noticed. */
function learnt({ name, modality, start_s, end_s, label, examples }) {
  const alone = label ? `, which I would have called ${label}` : "";
  const again = examples > 1 ? ` That makes ${examples} examples.` : "";
  return `Remembered as ${name}: what was ${sensed(modality)} ${interval(start_s, end_s)}${alone}.${again}`;
}

function groups(things) {
  const found = new Map();
  for (const thing of things) found.set(thing.name, [...(found.get(thing.name) ?? []), thing]);
  return found;
}
