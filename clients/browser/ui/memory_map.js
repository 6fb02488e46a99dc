/** Draws the slots of a memory: what each holds, how strongly, and what was just written.
 *
 * The working slots are cells with a name in them, those of older events small ones. Knows no
 * network. Several events may share a slot.
 */

import { byId, el, say } from "./dom.js";
import { ago, called, classOf, clock, interval, percent, sensed } from "./time.js";

const PULSE_MS = 2500;
const USUAL = 60; // slots to draw before anything is known

export class MemoryMap extends EventTarget {
  #cells = [];
  #bySlot = new Map();
  #current = 0;

  /** `grid`, `archive`, `archiveTitle`, `detail`, `note`, `letGo` are elements. */
  constructor(memory, { grid, archive, archiveTitle, detail, note, letGo }) {
    super();
    Object.assign(this, { memory, grid, archive, archiveTitle, detail, note, letGo });
    for (const cells of [grid, archive]) cells.addEventListener("keydown", (event) => this.#key(event));
    this.#size(USUAL, 0);
  }

  draw() {
    const { memory } = this;
    const largest = memory.events.reduce((most, event) => Math.max(most, event.slot + 1), 0);
    const working = memory.tokens || USUAL;
    this.#size(working, Math.max(memory.places, largest - working));
    this.#bySlot = Map.groupBy ? Map.groupBy(memory.events, (event) => event.slot) : grouped(memory.events);
    this.#cells.forEach((cell, slot) => this.#fill(cell, slot, this.#bySlot.get(slot) ?? []));
    const used = this.#bySlot.size;
    const size = memory.bytes ? ` · ${Math.round(memory.bytes / 1024)} KiB in all, always` : "";
    say(this.note, `${memory.events.length} events in ${used} of ${this.#cells.length} slots${size}`);
    this.#drawLetGo();
  }

  /** Mark the slot an answer rests on. */
  mark(slot) {
    for (const [index, cell] of this.#cells.entries()) cell.classList.toggle("marked", index === slot);
    if (slot !== undefined && this.#cells[slot]) this.#tell(slot);
  }

  #size(working, older) {
    const count = working + older;
    if (count === this.#cells.length && working === this.grid.children.length) return;
    this.#cells = Array.from({ length: count }, (_, slot) => {
      const cell = el("button", { type: "button", class: "slot", tabindex: slot === 0 ? 0 : -1 });
      cell.append(el("span", { class: "level" }), el("span", { class: "what" }), el("span", { class: "more" }));
      for (const kind of ["pointerenter", "focus"]) cell.addEventListener(kind, () => this.#tell(slot));
      cell.addEventListener("click", () => {
        const first = this.#bySlot.get(slot)?.[0];
        if (first) this.dispatchEvent(new CustomEvent("select", { detail: first }));
      });
      return cell;
    });
    this.#current = 0;
    this.grid.replaceChildren(...this.#cells.slice(0, working));
    this.archive.replaceChildren(...this.#cells.slice(working));
    this.archiveTitle.hidden = older === 0;
  }

  #fill(cell, slot, events) {
    const fresh = performance.now() - (this.memory.written.get(slot) ?? -Infinity) < PULSE_MS;
    if (cell.classList.contains("fresh") !== fresh) cell.classList.toggle("fresh", fresh);
    const label = this.#words(slot, events);
    if (cell.getAttribute("aria-label") === label) return; // most slots stay as they are
    cell.setAttribute("aria-label", label);
    const strongest = events.reduce((best, event) => (!best || event.score > best.score ? event : best), null);
    const modalities = new Set(events.map((event) => event.modality));
    const kind = modalities.size > 1 ? "both" : (strongest?.modality ?? "free");
    if (cell.dataset.kind !== kind) cell.dataset.kind = kind;
    cell.style.setProperty("--strength", strongest ? String(Math.min(1, Math.max(0.08, strongest.score))) : "0");
    const [, what, more] = cell.children;
    say(what, strongest ? called(strongest) : "");
    const title = events.map((event) => classOf(event)).filter(Boolean).join(", ");
    if (title) cell.title = title;
    else cell.removeAttribute("title");
    more.dataset.more = events.length > 1 ? `+${events.length - 1}` : "";
  }

  #words(slot, events) {
    if (events.length === 0) return `Slot ${slot}: free`;
    const each = events.map((event) => {
      const times = event.count > 1 ? `, ${event.count} times` : "";
      return `${called(event)}, ${sensed(event.modality)} ${interval(event.start_s, event.end_s)}${times}, strength ${percent(event.score)}`;
    });
    return `Slot ${slot}: ${each.join("; ")}`;
  }

  #tell(slot) {
    const events = this.#bySlot.get(slot) ?? [];
    const last = events.reduce((latest, event) => Math.max(latest, event.end_s), 0);
    const since = events.length ? ` · last written ${ago(this.memory.now - last)}` : "";
    say(this.detail, this.#words(slot, events) + since);
  }

  #drawLetGo() {
    const recent = this.memory.gone.slice(-4).reverse();
    this.letGo.hidden = recent.length === 0;
    if (recent.length) say(this.letGo, `Let go lately: ${recent.map((e) => `${called(e)} (${clock(e.start_s)})`).join(", ")}`);
  }

  #key(event) {
    const columns = getComputedStyle(event.currentTarget).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    let next = step === undefined ? null : this.#current + step;
    if (event.key === "Home") next = 0;
    if (event.key === "End") next = this.#cells.length - 1;
    if (next === null) return;
    event.preventDefault();
    if (next < 0 || next >= this.#cells.length) return;
    this.#cells[this.#current].tabIndex = -1;
    this.#current = next;
    this.#cells[next].tabIndex = 0;
    this.#cells[next].focus();
  }
}

function grouped(events) {
  const groups = new Map();
  for (const event of events) groups.set(event.slot, [...(groups.get(event.slot) ?? []), event]);
  return groups;
}

/** The map on the page's own elements. */
export function memoryMapOnPage(memory) {
  return new MemoryMap(memory, { grid: byId("slots"), archive: byId("archive"), archiveTitle: byId("archive-title"), detail: byId("slot-detail"), note: byId("memory-note"), letGo: byId("let-go") });
}
