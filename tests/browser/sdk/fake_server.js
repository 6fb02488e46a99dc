/** @file A server that a test plays by hand: its WebSocket and its REST calls, without a network. */

import { setTimeout as sleep } from 'node:timers/promises';

import { decode } from './msgpack_reader.js';

export class FakeServer {
  constructor() {
    /** @type {any[]} every WebSocket that was opened */
    this.sockets = [];
    this.tickets = 0;
    this.refuseTickets = null; // or [status, code]
    const server = this;
    this.WebSocket = class FakeSocket {
      constructor(url, protocols) {
        Object.assign(this, { url, protocols, readyState: 0, bufferedAmount: 0, sent: [] });
        server.sockets.push(this);
        setTimeout(() => {
          this.readyState = 1;
          this.onopen?.();
        });
      }

      send(data) {
        this.sent.push(typeof data === 'string' ? JSON.parse(data) : data.slice());
      }

      close(code) {
        this.readyState = 3;
        this.closedWith = code;
      }

      say(message) {
        this.onmessage?.({ data: JSON.stringify(message) });
      }

      drop(code = 1006, reason = '') {
        this.readyState = 3;
        this.onclose?.({ code, reason });
      }

      get seqs() {
        return this.sent.filter((sent) => sent instanceof Uint8Array).map((sent) => decode(sent).seq);
      }

      get texts() {
        return this.sent.filter((sent) => !(sent instanceof Uint8Array)).map(({ type }) => type);
      }
    };
    this.fetch = async (url, { method }) => {
      if (url.endsWith('/tickets') && this.refuseTickets) {
        const [status, code] = this.refuseTickets;
        return { ok: false, status, text: async () => JSON.stringify({ code, detail: code }) };
      }
      if (method === 'POST') this.tickets += 1;
      const body = { session_id: 's1', ticket: `t${this.tickets}`, media_s: 4, lag_chunks: 2 };
      return { ok: true, status: 200, text: async () => JSON.stringify(body) };
    };
  }

  get options() {
    return { baseUrl: 'http://server', WebSocket: this.WebSocket, fetch: this.fetch };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** Wait until connection number `count` has sent `start`, then answer it. */
  async accept(count, next_seq = 1, credits = 16, t = undefined) {
    await until(() => this.sockets.length >= count && this.socket.sent.length > 0);
    this.socket.say({ type: 'ready', session_id: 's1', next_seq, credits, t });
    return this.socket;
  }
}

export async function until(holds, withinS = 8) {
  for (let n = 0; !holds(); n++) {
    if (n > withinS * 100) throw new Error(`not within ${withinS} s: ${holds}`);
    await sleep(10);
  }
}
