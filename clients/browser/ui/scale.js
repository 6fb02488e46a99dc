/** The part of media time that a timeline shows, and where its ticks are. Pure arithmetic. */

export const MIN_SPAN_S = 5;
export const MAX_SPAN_S = 24 * 3600;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
const NOW_AT = 0.94; // where "now" stands while following, as a share of the width

export class Scale {
  /** `span` seconds are shown from `start`; `following` keeps now near the right edge. */
  constructor(span = 60) {
    this.span = span;
    this.start = 0;
    this.following = true;
  }

  /** Move with the clock while following. */
  advance(now) {
    if (this.following) this.start = Math.max(0, now - NOW_AT * this.span);
  }

  /** Pixels from the left for a media second, on `width` pixels. */
  x(seconds, width) {
    return ((seconds - this.start) / this.span) * width;
  }

  zoom(factor, around = this.start + this.span / 2) {
    const span = Math.min(MAX_SPAN_S, Math.max(MIN_SPAN_S, this.span * factor));
    this.start = Math.max(0, around - ((around - this.start) * span) / this.span);
    this.span = span;
  }

  pan(seconds) {
    this.start = Math.max(0, this.start + seconds);
    this.following = false;
  }

  /** Show everything from zero to now. */
  fit(now) {
    this.following = true;
    this.span = Math.min(MAX_SPAN_S, Math.max(MIN_SPAN_S, now / NOW_AT));
    this.start = 0;
  }

  /** Bring an interval into view, with room around it. */
  reveal(from, to) {
    this.span = Math.max(this.span, (to - from) * 1.5);
    const inside = from >= this.start + 0.05 * this.span && to <= this.start + 0.95 * this.span;
    if (inside) return;
    this.following = false;
    this.start = Math.max(0, (from + to) / 2 - this.span / 2);
  }

  /** Seconds of the ticks, at least `apart` pixels from each other. */
  ticks(width, apart = 72) {
    const least = (this.span * apart) / Math.max(1, width);
    const step = STEPS_S.find((s) => s >= least) ?? STEPS_S.at(-1);
    const ticks = [];
    for (let t = Math.ceil(this.start / step) * step; t <= this.start + this.span; t += step) ticks.push(t);
    return ticks;
  }
}

/** Put events into rows so that none covers another; -> the row of each, at most `rows`. */
export function rowsOf(events, rows) {
  const ends = new Array(rows).fill(-Infinity);
  return events.map((event) => {
    let row = ends.findIndex((end) => end <= event.start_s + 0.01);
    if (row < 0) row = ends.indexOf(Math.min(...ends));
    ends[row] = event.end_s;
    return row;
  });
}
