/** The timeline of what memory holds, and how one moves in it. Knows no network. */

import { el, say, svg } from "./dom.js";
import { same } from "./memory.js";
import { Scale } from "./scale.js";
import { called, classOf, interval, percent, sensed, sentence } from "./time.js";
import { HEIGHT_PX, drawn, isMarked } from "./timeline_drawing.js";

const NO_SLOT = -1; // of words, which have a place of their own

export class Timeline extends EventTarget {
  #scale = new Scale(innerWidth < 640 ? 30 : 60);
  #selected = null;
  #listed = "";

  /** `parts`: plot, detail, list, listBody, listCount, zoomIn, zoomOut, all, follow (elements). */
  constructor(memory, parts) {
    super();
    this.memory = memory;
    this.parts = parts;
    this.svg = svg("svg", { class: "time", "aria-hidden": "true", height: HEIGHT_PX });
    parts.plot.append(this.svg);
    new ResizeObserver(() => this.draw()).observe(parts.plot);
    parts.zoomIn.addEventListener("click", () => this.#zoom(1 / 1.6));
    parts.zoomOut.addEventListener("click", () => this.#zoom(1.6));
    parts.all.addEventListener("click", () => this.#move((scale) => scale.fit(memory.now)));
    parts.follow.addEventListener("click", () => this.#follow());
    parts.plot.addEventListener("keydown", (event) => this.#key(event));
    parts.list.addEventListener("toggle", () => this.#drawList());
    this.#dragging();
  }

  /** Move to an event, mark it and say what it is. */
  reveal(event) {
    // evidence has the score of its question, the event itself that of its slot
    const held = this.#all().find((one) => (one.slot ?? NO_SLOT) === (event.slot ?? NO_SLOT) && same(one, event)) ?? event;
    this.#selected = { ...held };
    this.#scale.reveal(held.start_s, held.end_s);
    this.draw();
    say(this.parts.detail, sentence(held));
    this.dispatchEvent(new CustomEvent("select", { detail: held }));
  }

  draw() {
    const { memory, parts } = this;
    const width = parts.plot.clientWidth;
    this.#scale.advance(memory.now);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT_PX}`);
    parts.follow.setAttribute("aria-pressed", String(this.#scale.following));
    this.svg.replaceChildren(
      ...drawn({ memory, scale: this.#scale, selected: this.#selected, width, onPick: (event) => this.reveal(event) }),
    );
    this.#drawList();
  }

  /** What is held, words too, by start. */
  #all() {
    return [...this.memory.events, ...this.memory.words].sort((a, b) => a.start_s - b.start_s);
  }

  #drawList() {
    const events = this.#all();
    const { list, listBody, listCount } = this.parts;
    say(listCount, String(events.length));
    const signature = JSON.stringify(events);
    if (!list.open || signature === this.#listed) return;
    this.#listed = signature;
    const rows = events.map((event) =>
      el("tr", {},
        el("td", {}, el("button", { type: "button", class: "link", title: classOf(event), onclick: () => this.reveal(event) }, called(event))),
        el("td", {}, sensed(event.modality)),
        el("td", {}, interval(event.start_s, event.end_s)),
        el("td", {}, String(event.count)),
        el("td", {}, percent(event.score)),
        el("td", {}, String(event.slot ?? "–"))));
    const heads = ["What", "How", "When", "Times", "Strength", "Slot"];
    listBody.replaceChildren(
      el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, ...rows)));
  }

  #move(change) {
    change(this.#scale);
    this.draw();
  }

  #follow() {
    this.#move((scale) => {
      scale.following = true;
    });
  }

  #zoom(factor) {
    const middle = this.#scale.start + this.#scale.span / 2;
    this.#move((scale) => scale.zoom(factor, scale.following ? this.memory.now : middle));
  }

  #step(direction) {
    const events = this.#all();
    if (events.length === 0) return;
    const at = events.findIndex((event) => this.#selected && isMarked(event, this.#selected));
    const next = at < 0 ? (direction > 0 ? 0 : events.length - 1) : Math.min(events.length - 1, Math.max(0, at + direction));
    this.reveal(events[next]);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      ArrowLeft: () => this.#move((scale) => scale.pan(-0.2 * scale.span)),
      ArrowRight: () => this.#move((scale) => scale.pan(0.2 * scale.span)),
      ArrowUp: () => this.#step(-1),
      ArrowDown: () => this.#step(1),
      "+": () => this.#zoom(1 / 1.6),
      "=": () => this.#zoom(1 / 1.6),
      "-": () => this.#zoom(1.6),
      Home: () => this.#move((scale) => scale.fit(this.memory.now)),
      End: () => this.#follow(),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  #dragging() {
    const { plot } = this.parts;
    let from = null;
    plot.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, start: this.#scale.start, moved: false };
    });
    plot.addEventListener("pointermove", (event) => {
      if (!from || event.buttons === 0) return;
      const moved = event.clientX - from.x;
      if (!from.moved && Math.abs(moved) < 5) return;
      from.moved = true;
      const seconds = (moved / plot.clientWidth) * this.#scale.span;
      this.#move((scale) => scale.pan(from.start - seconds - scale.start));
    });
    plot.addEventListener("wheel", (event) => {
      if (event.ctrlKey) {
        event.preventDefault();
        const share = (event.clientX - plot.getBoundingClientRect().left) / plot.clientWidth;
        const around = this.#scale.start + share * this.#scale.span;
        this.#move((scale) => scale.zoom(event.deltaY > 0 ? 1.25 : 0.8, around));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        this.#move((scale) => scale.pan((event.deltaX / plot.clientWidth) * scale.span));
      }
    }, { passive: false });
  }
}
