/** One streaming session with its capture: start, pause, stop, and what happens to both.
 *
 * Knows no elements. `phase` is idle, starting, live, paused, stopping or ended; fires "phase",
 * "notice" (detail: the event), "stats", and "problem" (detail: what was thrown or reported).
 */

import { Capture, RecorderCapture, TTMSession } from "../sdk/index.js";

const AWAY_S = 3; // shorter interruptions are not worth a notice
const END_TIMEOUT_S = 45;

export class Live extends EventTarget {
  phase = "idle";
  session = null;
  capture = null;
  captureStats = {};
  #lastError = null;
  #awaySince = 0;
  #token = 0;
  #elapsed = { s: 0, since: null }; // how long a recorder has run, whose media has no times here

  /** Connect, then open the devices. `options`: video, audio (ids; null: none), rate, way, apiKey,
   * sessionId. */
  async start(options) {
    const token = ++this.#token;
    this.#lastError = null;
    this.#set("starting");
    let session = null;
    try {
      const cannot = options.way === "webm" ? RecorderCapture.problem() : Capture.problem();
      if (cannot) throw cannot;
      session = await TTMSession.connect({
        baseUrl: location.origin,
        media: options.way,
        apiKey: options.apiKey || null,
        sessionId: options.sessionId || null,
      });
      const capture = await this.#open(session, options);
      if (token !== this.#token) {
        capture.stop();
        return session.close();
      }
      this.capture = capture;
      this.#elapsed = { s: session.nextMediaTime, since: performance.now() / 1000 };
      this.#fire("stream");
      this.#adopt(session);
      if (session.state === "failed") this.#state({ state: "failed", reason: "failed" });
      else this.#set("live");
    } catch (error) {
      session?.close();
      // a session that was begun for nothing need not stay on the server
      if (session && !options.sessionId) session.rest?.delete(session.sessionId).catch(() => {});
      if (token !== this.#token) return undefined;
      this.#set(this.session ? "ended" : "idle");
      this.#problem(error);
    }
    return undefined;
  }

  /** Media seconds of what was captured last. */
  get mediaS() {
    const { session } = this;
    if (!session) return 0;
    if (session.media !== "webm") return session.nextMediaTime;
    const { s, since } = this.#elapsed;
    return Math.max(session.nextMediaTime, s + (since === null ? 0 : performance.now() / 1000 - since));
  }

  #run(running) {
    const { s, since } = this.#elapsed;
    const now = performance.now() / 1000;
    this.#elapsed = { s: since === null ? s : s + now - since, since: running ? now : null };
  }

  pause() {
    this.#run(false);
    this.capture?.pause();
    this.#set("paused");
  }

  resume() {
    this.#run(true);
    this.capture?.resume();
    this.#set("live");
  }

  /** End the stream: everything sent so far is applied before this resolves. */
  async stop() {
    this.#token += 1;
    const session = this.session;
    if (this.phase === "starting" || !session) {
      await this.#release();
      return this.#set(session ? "ended" : "idle");
    }
    this.#set("stopping");
    await this.#release(); // which hands over the last half second
    const late = new Promise((resolve) => setTimeout(resolve, 1000 * END_TIMEOUT_S));
    try {
      await Promise.race([session.end(), late]);
    } catch (error) {
      this.#problem(error);
    }
    return this.#set("ended");
  }

  /** Leave the session as it is, on the server, and forget it here. */
  forget() {
    this.#token += 1;
    this.#release();
    this.session?.close();
    this.session = null;
    this.#set("idle");
  }

  #open(session, { video, audio, rate, way }) {
    const common = {
      videoDeviceId: video,
      audioDeviceId: audio,
      onProblem: (code, text) => this.#problem({ code, text }),
    };
    if (way === "webm") {
      return RecorderCapture.start({ ...common, onData: (bytes) => sending(session, () => session.sendMedia(bytes)) });
    }
    return Capture.start({
      ...common,
      picturesPerSecond: rate,
      startS: session.nextMediaTime,
      onStats: (stats) => {
        this.captureStats = stats;
      },
      onChunk: (chunk) => sending(session, () => session.sendChunk(chunk)),
    });
  }

  #adopt(session) {
    this.session = session;
    session.addEventListener("state", (event) => this.#state(event.detail));
    session.addEventListener("notice", (event) => this.#fire("notice", event.detail));
    session.addEventListener("gap", () => this.#fire("stats"));
    session.addEventListener("ack", () => this.#fire("stats"));
    session.addEventListener("flow", () => this.#fire("stats"));
    session.addEventListener("error", (event) => {
      this.#lastError = event.detail;
    });
    this.#fire("session", session);
  }

  #state({ state, reason }) {
    if (state === "reconnecting") {
      this.#awaySince ||= performance.now();
      setTimeout(() => {
        if (this.#awaySince && performance.now() - this.#awaySince >= 1000 * AWAY_S) this.#problem("unreachable");
      }, 1000 * AWAY_S + 50);
    } else {
      this.#awaySince = 0;
    }
    if (state === "live") this.#fire("recovered");
    if (state === "failed" && this.phase !== "stopping") {
      this.#release();
      this.#set("ended");
      this.#problem(this.#lastError ?? { code: reason, message: String(reason ?? "") });
    }
    this.#fire("stats");
  }

  async #release() {
    const capture = this.capture;
    this.capture = null;
    this.#run(false);
    this.captureStats = {};
    this.#awaySince = 0;
    this.#fire("stream");
    await capture?.stop();
  }

  #set(phase) {
    this.phase = phase;
    this.#fire("phase", phase);
  }

  #problem(detail) {
    this.#fire("problem", detail);
  }

  #fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Hand media over while the session takes it; what a failed one would say is told elsewhere. */
function sending(session, send) {
  if (session.state === "failed" || session.state === "ended") return undefined;
  return send();
}
