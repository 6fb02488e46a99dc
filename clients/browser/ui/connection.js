/** Says how the stream is doing. Knows no network: is given figures. */

import { el, say, svg } from "./dom.js";
import { clock } from "./time.js";

const HISTORY = 90;
const CHUNK_S = 0.5;
const STATES = { connecting: "connecting", live: "connected", reconnecting: "reconnecting…", ended: "ended", failed: "closed" };

const FACTS = [
  ["state", "State", "How the stream is doing"],
  ["lag", "Waiting for memory", "Chunks that are stored but not yet in memory"],
  ["unsafe", "Not yet safe", "Chunks sent that the server has not stored yet; kept here to send again"],
  ["credits", "Credits", "Chunks that may be under way at once"],
  ["dropped", "Left out", "What could not be sent in time"],
  ["reconnects", "Reconnects", "Times the stream was taken up again"],
  ["buffer", "In the send buffer", "Bytes the browser has not put on the network yet"],
  ["session", "Session", "Its id on the server"],
];

export class ConnectionPanel {
  #values = new Map();
  #lags = [];

  constructor(list, spark) {
    this.spark = spark;
    for (const [key, name, tip] of FACTS) {
      const value = el("dd", {}, "–");
      this.#values.set(key, value);
      list.append(el("div", { class: "fact", title: tip, "data-fact": key }, el("dt", {}, name), value));
    }
  }

  /** Show the stats of a TTMSession; null for none. */
  show(session) {
    if (!session) {
      for (const value of this.#values.values()) say(value, "–");
      this.#lags = [];
      this.spark.replaceChildren();
      return;
    }
    const stats = session.stats();
    const set = (key, text) => say(this.#values.get(key), text);
    set("state", STATES[stats.state] ?? stats.state);
    set("lag", chunks(stats.lagChunks));
    set("unsafe", chunks(Math.max(0, (session.sent ?? 0) - stats.durable)));
    set("credits", String(stats.credits));
    set("dropped", left(stats));
    set("reconnects", String(stats.reconnects));
    set("buffer", stats.bufferedBytes < 1024 ? `${stats.bufferedBytes} B` : `${Math.round(stats.bufferedBytes / 1024)} KiB`);
    set("session", session.sessionId);
  }

  /** Remember the lag once a second and draw its last minute and a half. */
  tick(session) {
    if (!session) return;
    this.#lags = [...this.#lags, session.stats().lagChunks].slice(-HISTORY);
    const top = Math.max(4, ...this.#lags);
    const points = this.#lags.map((lag, i) => `${(i * 300) / (HISTORY - 1)},${(38 - (34 * lag) / top).toFixed(1)}`);
    const label = `Lag of the last ${this.#lags.length} seconds, at most ${chunks(Math.max(...this.#lags))}`;
    this.spark.replaceChildren(
      svg("svg", { viewBox: "0 0 300 40", role: "img", "aria-label": label, preserveAspectRatio: "none" },
        svg("polyline", { points: points.join(" "), class: "lag" })),
      el("p", { class: "quiet", "aria-hidden": "true" }, `lag, last ${clock(HISTORY)}`),
    );
  }
}

function chunks(count) {
  return count > 0 ? `${count} chunk${count === 1 ? "" : "s"} (${(count * CHUNK_S).toFixed(1)} s)` : "none";
}

function left({ droppedPictures = 0, droppedChunks = 0 }) {
  if (!droppedPictures && !droppedChunks) return "nothing";
  return [droppedPictures ? `${droppedPictures} pictures` : "", droppedChunks ? `${droppedChunks} chunks` : ""].filter(Boolean).join(", ");
}
