/** Stands in for the SDK where a test needs a state that a real server seldom is in.
 *
 * `window.fake` (set by the test before the page loads) says what happens:
 * {connectError, timeline, words, things, vocabulary, info, answers: {question: answer}, teachError,
 * applied, stats}. `fake.taught` and `fake.asked` are what the page asked for.
 */

export { Capture, Capture as RecorderCapture } from "./capture.js";

const fake = () => globalThis.fake ?? {};

export class TTMError extends Error {
  constructor(code, message, more = {}) {
    super(message);
    Object.assign(this, more, { code });
  }
}

class Source extends EventTarget {
  sessionId = "V1StGXR8Z5jdHi6BmyT9";

  async timeline() {
    return structuredClone(fake().timeline);
  }

  async info() {
    return structuredClone(fake().info);
  }

  async words() {
    return structuredClone(fake().words);
  }

  async things() {
    return structuredClone(fake().things);
  }

  async teach(name, { sinceS, untilS }) {
    if (fake().teachError) throw new TTMError(fake().teachError.code, "refused", fake().teachError);
    fake().taught = { name, sinceS, untilS };
    const { things } = fake().things;
    things.push({ name, examples: 1, modality: "video", taught_at_s: untilS });
    return { name, examples: 1, modality: "video", start_s: sinceS, end_s: untilS, label: "coffee mug" };
  }

  async forget(name) {
    fake().things.things = fake().things.things.filter((thing) => thing.name !== name);
  }

  async ask(text, options) {
    fake().asked = { text, picture: options?.picture?.type, bytes: options?.picture?.size };
    if (fake().askError) throw new TTMError(fake().askError, "refused");
    return { ...structuredClone(fake().answers[text] ?? fake().answers.other), question: text };
  }
}

export class RestClient {
  #source = new Source();
  session() {
    if (fake().viewError) throw new TTMError(fake().viewError, "refused");
    return this.#source.info();
  }
  timeline() {
    return this.#source.timeline();
  }
  words() {
    return this.#source.words();
  }
  things() {
    return this.#source.things();
  }
  teach(_session, name, span) {
    return this.#source.teach(name, span);
  }
  forget(_session, name) {
    return this.#source.forget(name);
  }
  async vocabulary() {
    if (!fake().vocabulary) throw new TTMError("overloaded", "no worker has said yet");
    return structuredClone(fake().vocabulary);
  }
  async wordsVtt() {
    return "WEBVTT\n";
  }
  ask(_session, text, options) {
    return this.#source.ask(text, options);
  }
}

export class TTMSession extends Source {
  static async connect() {
    if (fake().connectError) {
      const code = fake().connectError;
      if (fake().connectErrorOnce) fake().connectError = null;
      throw new TTMError(code, `the server said ${code}`);
    }
    const session = new TTMSession();
    globalThis.fakeSession = session;
    return session;
  }

  media = "chunks";
  state = "live";
  sent = 210;

  get durable() {
    return fake().applied + 1;
  }

  get applied() {
    return fake().applied;
  }

  get nextMediaTime() {
    return fake().now;
  }

  get credits() {
    return 16;
  }

  stats() {
    return { state: this.state, durable: this.durable, applied: this.applied, credits: 16, lagChunks: 2, bufferedBytes: 0, reconnects: 1, droppedPictures: 3, droppedChunks: 0, gaps: [], ...fake().stats };
  }

  sendChunk() {}
  sendMedia() {}

  /** What a test lets happen: a state, and the error before it. */
  become(state, code) {
    this.state = state;
    if (code) this.dispatchEvent(new CustomEvent("error", { detail: { code, message: code, retryable: false } }));
    this.dispatchEvent(new CustomEvent("state", { detail: { state, reason: code ?? "" } }));
  }

  notice(event) {
    this.dispatchEvent(new CustomEvent("notice", { detail: event }));
  }

  async end() {
    this.become("ended");
  }

  close() {}
}
