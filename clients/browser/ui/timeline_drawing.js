/** Draws events, gaps and the clock along media time as SVG. Knows no input and no network. */

import { svg } from "./dom.js";
import { kindOf } from "./memory.js";
import { rowsOf } from "./scale.js";
import { called, clock, interval, sentence } from "./time.js";

const ROW_PX = 23;
const ROWS = { video: 3, audio: 3, speech: 2, text: 2 };
const LANES = Object.keys(ROWS);
const LANE_PX = Object.fromEntries(LANES.map((lane) => [lane, ROWS[lane] * ROW_PX + 9]));
const LABEL_PX = 20; // a narrower bar has no room for letters
const SLIGHT_S = 0.1; // a lost block of sound is no gap to look at
const AXIS_PX = 24;
const LANE_TOP = Object.fromEntries(LANES.map((lane, at) => [lane, LANES.slice(0, at).reduce((top, one) => top + LANE_PX[one], 0)]));
const BOTTOM_PX = LANE_TOP.text + LANE_PX.text;
export const HEIGHT_PX = BOTTOM_PX + AXIS_PX;

/** Everything in the plot. `view`: memory, scale, selected (an event or null), width in pixels,
 * onPick(event). */
export function drawn(view) {
  const x = (seconds) => view.scale.x(seconds, view.width);
  const nodes = [patterns(), ...ground(view, x), ...LANES.flatMap((name) => lane(name, view, x)), ...nowLine(view, x)];
  if (view.memory.now === 0 && view.memory.events.length === 0) {
    nodes.push(svg("text", { x: view.width / 2, y: BOTTOM_PX / 2 + 4, class: "empty" }, "Nothing yet: press Start"));
  }
  return nodes;
}

/** Whether an event is the one that is marked. */
export function isMarked(event, marked) {
  return event.modality === marked.modality && kindOf(event) === kindOf(marked) && Math.abs(event.start_s - marked.start_s) < 1;
}

/** Lanes, ticks, coverage floor, gaps, and the place that is marked. */
function ground({ memory, scale, selected, width }, x) {
  const now = memory.now;
  const made = [];
  const bottom = BOTTOM_PX;
  for (const name of LANES) {
    made.push(svg("rect", { class: `lane ${name}`, x: 0, y: LANE_TOP[name], width, height: LANE_PX[name] - 2, rx: 6 }));
  }
  if (now < scale.start + scale.span) {
    made.push(svg("rect", { class: "future", x: x(now), y: 0, width: Math.max(0, width - x(now)), height: bottom }));
  }
  made.push(...notUnderstood(memory, x));
  for (const t of scale.ticks(width)) {
    made.push(svg("line", { class: "tick", x1: x(t), x2: x(t), y1: 0, y2: bottom + 4 }));
    const anchor = x(t) < 16 ? "start" : x(t) > width - 16 ? "end" : "middle";
    made.push(svg("text", { class: "tick-text", x: x(t), y: bottom + 18, "text-anchor": anchor }, clock(t)));
  }
  const floor = Math.min(memory.coverageSince, now);
  if (floor > 0 && x(floor) > 0) {
    const left = Math.max(0, x(0));
    made.push(svg("rect", { class: "floor", x: left, y: 0, width: x(floor) - left, height: bottom }));
    if (x(floor) - left > 150) {
      made.push(svg("text", { class: "floor-text", x: x(floor) - 8, y: bottom - 8 }, "may have been forgotten"));
    }
    made.push(svg("line", { class: "floor-line", x1: x(floor), x2: x(floor), y1: 0, y2: bottom }));
  }
  for (const gap of memory.gaps) {
    if (gap.t1 - gap.t0 < SLIGHT_S || x(gap.t1) < 0 || x(gap.t0) > width) continue;
    const box = { x: x(gap.t0), y: 0, width: Math.max(2, x(gap.t1) - x(gap.t0)), height: bottom };
    const tip = `Nothing received ${interval(gap.t0, gap.t1)} (${gap.reason})`;
    made.push(svg("g", { class: "gap" }, svg("rect", box), svg("title", {}, tip)));
  }
  const marked = selected;
  if (marked) {
    const left = x(marked.start_s) - 3;
    made.push(svg("rect", { class: "halo", x: left, y: 0, width: Math.max(8, x(marked.end_s) - left + 3), height: bottom, rx: 6 }));
  }
  return made;
}

/** The part of the lane of speech whose words are not known yet. */
function notUnderstood({ wordsUntil, now }, x) {
  if (wordsUntil === null || now - wordsUntil < SLIGHT_S) return [];
  const box = { x: x(wordsUntil), y: LANE_TOP.speech, width: x(now) - x(wordsUntil), height: LANE_PX.speech - 2 };
  return [svg("g", { class: "unknown" }, svg("rect", box), svg("title", {}, `Words known up to ${clock(wordsUntil)}`))];
}

/** The events of one modality, each a bar of its own. */
function lane(modality, { memory, selected, width, onPick }, x) {
  const made = [];
  const kinds = [["gone", memory.gone], ["held", [...memory.events, ...memory.words]], ["fresh", memory.notices]];
  const all = kinds
    .flatMap(([kind, events]) => events.filter((e) => e.modality === modality).map((event) => ({ kind, ...event })))
    .sort((a, b) => a.start_s - b.start_s);
  const rows = rowsOf(all, ROWS[modality]);
  all.forEach((event, index) => {
    const left = x(event.start_s);
    const wide = Math.max(6, x(event.end_s) - left - 1);
    if (left + wide < 0 || left > width) return;
    const top = LANE_TOP[modality] + 4 + rows[index] * ROW_PX;
    const chosen = selected && isMarked(event, selected);
    const bar = svg(
      "svg",
      { "data-label": event.label, class: `event ${modality} ${event.kind}${chosen ? " chosen" : ""}`, x: left, y: top, width: wide, height: ROW_PX - 3 },
      svg("rect", { class: "body", x: 0.75, y: 0.75, width: Math.max(1, wide - 1.5), height: ROW_PX - 4.5, rx: 5 }),
      // text of a bar that began to the left of the view stays readable
      wide < LABEL_PX ? null : svg("text", { x: Math.max(7, 7 - left), y: 14.5 }, called(event)),
      svg("title", {}, (event.kind === "gone" ? "let go: " : "") + sentence(event)),
    );
    bar.querySelector(".body").style.setProperty("--strength", String(0.35 + 0.65 * Math.min(1, event.score)));
    bar.addEventListener("click", () => onPick(event));
    made.push(bar);
  });
  return made;
}

function nowLine({ memory }, x) {
  const now = memory.now;
  if (now <= 0) return [];
  const at = x(now);
  return [svg("line", { class: "now", x1: at, x2: at, y1: 0, y2: BOTTOM_PX }), svg("circle", { class: "now-dot", cx: at, cy: BOTTOM_PX, r: 3.5 })];
}

function patterns() {
  const hatch = (id, size) =>
    svg("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { x1: 0, x2: 0, y1: 0, y2: size, class: id }));
  return svg("defs", {}, hatch("hatch-gap", 6), hatch("hatch-floor", 9));
}
