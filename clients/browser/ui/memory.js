/** What the page knows of a session's memory: timeline, words and names, merged with live notices.
 *
 * `source` is anything with `timeline()`, `words()`, `things()` and `info()`: a TTMSession, or a
 * session only looked at. Knows no elements. Fires "change" and "trouble".
 */

const GONE_KEPT = 40;
const NOTICES_KEPT = 60;
const ROOM_S = 1.0; // an interval may be refined by so much and still be the same event

/** What tells events of one time apart: their words, else their class. */
export function kindOf(event) {
  return event.text || event.label;
}

/** Whether two events are the same thing in the same span. */
export function same(a, b) {
  return (
    a.modality === b.modality &&
    kindOf(a) === kindOf(b) &&
    a.start_s <= b.end_s + ROOM_S &&
    b.start_s <= a.end_s + ROOM_S
  );
}

/** Overlapping or touching gaps as one, in order of time. */
export function joined(gaps) {
  const all = [];
  for (const gap of [...gaps].sort((a, b) => a.t0 - b.t0)) {
    const last = all.at(-1);
    if (last && gap.t0 <= last.t1 + 0.05) last.t1 = Math.max(last.t1, gap.t1);
    else all.push({ ...gap });
  }
  return all;
}

const WORDS = new Set(["speech", "text"]);

/** A passage as an event: its words are its label. */
function wordsEvent({ kind, text, p, ...rest }) {
  return { ...rest, modality: kind, label: text, text, score: p };
}

export class Memory extends EventTarget {
  #source = null;
  #clock = () => 0;
  #timer = 0;
  #busy = false;
  #again = false; // somebody asked for what is newer than what is under way
  #seenApplied = -1;
  #known = [];
  #names = new Map(); // class -> its everyday name, as the timeline told
  #heardSinceThings = true; // a name may be taught by voice

  constructor() {
    super();
    this.#clear();
  }

  #clear() {
    this.events = []; // held, as GET timeline says
    this.notices = []; // noticed, not yet in a timeline that was fetched
    this.gone = []; // was held, is not any more
    this.words = []; // what was said and read, as GET words says, by start
    this.wordsUntil = null; // until when speech is understood; null: not at all
    this.wordsSince = null; // since when all words are kept, by kind
    this.things = null; // what was taught, as GET things says
    this.gaps = [];
    this.coverageSince = 0;
    this.mediaS = 0;
    this.tokens = 0; // slots of the working memory
    this.places = 0; // slots after them, of older events
    this.bytes = 0;
    this.status = "";
    this.written = new Map(); // slot -> when this page saw it change, by performance.now()
    this.#known = [];
    this.#seenApplied = -1;
    this.#names = new Map();
    this.#heardSinceThings = true;
  }

  /** Follow another session; null for none. `clock` gives the media time of what was sent last. */
  follow(source, clock = () => 0) {
    clearInterval(this.#timer);
    this.#source = source;
    this.#clock = clock;
    this.#clear();
    this.#changed();
    if (!source) return;
    this.refresh();
    this.#timer = setInterval(() => {
      if (this.#source.applied !== undefined && this.#source.applied === this.#seenApplied) return;
      this.refresh();
    }, 2000);
  }

  /** What was noticed just now, as the stream's `event` says. */
  notice(event) {
    if (event.modality === "gap") {
      this.gaps = joined([...this.gaps, { t0: event.start_s, t1: event.end_s, reason: event.label }]);
    } else {
      this.#heardSinceThings ||= event.modality === "speech";
      const name = this.#names.get(event.label);
      if (name) event.name = name;
      this.notices = [...this.notices.filter((old) => !same(old, event)), event].slice(-NOTICES_KEPT);
    }
    this.#changed();
  }

  /** The end of the media known so far, in seconds. */
  get now() {
    return Math.max(this.mediaS, this.#clock());
  }

  /** Fetch the timeline and the session's figures; a failure leaves what was known. */
  async refresh() {
    const source = this.#source;
    if (this.#busy) this.#again = true;
    if (this.#busy || !source) return;
    this.#busy = true;
    this.#again = false;
    const applied = source.applied ?? -1;
    try {
      const wantsThings = this.#heardSinceThings;
      const [timeline, words, things, info] = await Promise.all([
        source.timeline(), source.words(), wantsThings ? source.things() : this.things, source.info(),
      ]);
      if (source !== this.#source) return;
      this.#seenApplied = applied;
      this.things = things;
      if (wantsThings) this.#heardSinceThings = false;
      this.#takeWords(words);
      this.#take(timeline, info, applied);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
    } finally {
      this.#busy = false;
    }
    if (this.#again && this.#source) await this.refresh();
  }

  /** Fetch the names that were taught too, with the next figures: now. */
  refreshThings() {
    this.#heardSinceThings = true;
    return this.refresh();
  }

  #takeWords({ words, words_until_s, coverage_since_s }) {
    this.words = words.map(wordsEvent);
    this.wordsUntil = words_until_s;
    this.wordsSince = coverage_since_s;
  }

  #take(timeline, info, applied) {
    const held = timeline.events.filter((event) => event.modality !== "gap" && !WORDS.has(event.modality));
    for (const { label, name } of held) if (name) this.#names.set(label, name);
    const lost = this.events.filter((old) => !held.some((event) => same(old, event)));
    this.gone = [...this.gone.filter((old) => !held.some((event) => same(old, event))), ...lost].slice(-GONE_KEPT);
    this.#noteWritten(held);
    this.events = held;
    const known = [...held, ...this.words];
    this.notices = this.notices.filter((notice) => notice.seq > applied && !known.some((event) => same(notice, event)));
    this.coverageSince = timeline.coverage_since_s;
    this.mediaS = info.media_s;
    this.tokens = info.memory.tokens ?? this.tokens;
    this.places = info.memory.places ?? this.places;
    this.bytes = info.memory.bytes;
    this.status = info.status;
    const gaps = timeline.events.filter((event) => event.modality === "gap");
    this.gaps = joined([...info.gaps, ...gaps.map((g) => ({ t0: g.start_s, t1: g.end_s, reason: g.label }))]);
    this.#changed();
  }

  #noteWritten(held) {
    const key = (event) => `${event.slot}|${event.label}|${event.end_s.toFixed(1)}|${event.count}`;
    const known = new Set(this.#known);
    this.#known = held.map(key);
    if (known.size === 0 && this.written.size === 0 && this.events.length === 0 && held.length > 3) return;
    for (const event of held) if (!known.has(key(event))) this.written.set(event.slot, performance.now());
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
