/**
 * @file The connections of a session: one after the other, sending what credits and buffers allow,
 * until the session has ended or failed. What a caller sees of it is in session.js.
 *
 * @typedef {'connecting' | 'live' | 'reconnecting' | 'ended' | 'failed'} SessionState
 * @typedef {object} ConnectOptions
 * @property {string} [baseUrl] such as `http://127.0.0.1:8000`; a page's own origin when left out
 * @property {string | null} [apiKey]
 * @property {string | null} [sessionId] of a session to go on with; a new one when left out
 * @property {'chunks' | 'webm'} [media]
 * @property {boolean} [live] true (the default): the source cannot wait, so what waits for more
 *   than ten seconds loses its pictures, and after twenty it is dropped. A source that can wait
 *   says false, and looks at `waiting` or `drain()`.
 * @property {number} [connectWithinS] for the first connection, 10 s
 * @property {number} [giveUpAfterS] without progress; never for a live source, else 30 s
 * @property {any} [WebSocket] a class like the browser's
 * @property {typeof globalThis.fetch} [fetch]
 * @typedef {import('./protocol.js').Gap} Gap
 */

import { TTMError } from './errors.js';
import { NORMAL_CLOSE, Patience, STEADY_S } from './failures.js';
import { GapLog } from './gap-log.js';
import { MediaQueue } from './media-queue.js';
import { LIMITS, encodeChunk, encodeEnd } from './protocol.js';
import { RestClient } from './rest.js';
import { ChunkRing } from './ring.js';
import { StreamSocket, nowS } from './socket.js';
import { watchWaking } from './wake.js';

const BUFFER_BYTES = 1024 * 1024; // in the socket; more would only wait there, out of reach
const POLL_MS = 50; // of a socket's buffer, which tells nobody when it empties
const WATCH_MS = 1000;
const CHUNK_S = 0.5; // of the chunks that the server makes of a recording

/** Keeps a session connected; made and driven by `TTMSession`. */
export class SessionStream extends EventTarget {
  /** @param {ConnectOptions} options */
  constructor(options) {
    super();
    const { media = 'chunks', live = true, apiKey = null, sessionId = null } = options;
    const baseUrl = options.baseUrl ?? globalThis.location?.origin;
    this._WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!baseUrl) throw new TTMError('bad_request', 'baseUrl: missing', { field: 'baseUrl' });
    if (!this._WebSocket) {
      throw new TTMError('bad_request', 'WebSocket: this platform has none; pass a class');
    }
    this.rest = new RestClient(baseUrl, { apiKey, fetch: options.fetch });
    this.sessionId = sessionId ?? '';
    this.media = media;
    /** @type {SessionState} */
    this.state = 'connecting';
    this.limits = LIMITS;
    this.reconnects = 0;
    /** Where the media clock goes on, in seconds: the end of the newest chunk. */
    this.nextMediaTime = 0;
    this._lastT = 0;
    this._gaps = new GapLog((gap) => this._emit('gap', gap));
    this._ring = new ChunkRing({ live, onGap: (gap) => this._gaps.add(gap) });
    this._queue = new MediaQueue();
    /** @type {{seq: number, t?: number}} */
    this._readyAt = { seq: 1 }; // next chunk and media time at which this connection began
    this._connectWithin = new Patience(options.connectWithinS ?? 10);
    this._patience = new Patience(options.giveUpAfterS ?? (live ? Infinity : 30));
    /** @type {StreamSocket | null} */
    this._socket = null;
    this._connections = 0;
    this._liveSinceS = 0;
    this._advanced = false; // this connection has brought the stream on
    this._ending = false;
    this._endSent = false; // on this connection
    this._ready = false; // the connection may be sent to
    this._planned = false; // it was ended from here only to begin another
    this._closed = false; // by close()
    this._polling = false;
    this._skipPause = () => {};
    /** @type {{most: number, resolve: () => void}[]} */
    this._drains = [];
    /** @type {Promise<void> | null} */
    this._over = null;
  }

  // --- connections --------------------------------------------------------------------------------

  async _begin() {
    /** @type {string | null} */
    let ticket = null;
    if (this.sessionId) {
      const info = await this.rest.session(this.sessionId);
      this.nextMediaTime = info.media_s + 0.5 * info.lag_chunks;
    } else {
      ({ session_id: this.sessionId, ticket } = await this.rest.createSession());
    }
    /** @type {Promise<void>} */
    const live = new Promise((resolve) => this._resolveLive = resolve);
    this._over = this._run(ticket);
    await Promise.race([live, this._over]);
    if (this._failure) throw this._failure;
  }

  /**
   * Connect again and again until the session is over; never rejects.
   * @param {string | null} ticket
   */
  async _run(ticket) {
    const stopWatching = watchWaking(() => this._wake());
    const watching = setInterval(() => this._watch(), WATCH_MS);
    try {
      for (;;) {
        const { error, done } = await this._connection(ticket);
        ticket = null;
        if (this._closed) break;
        if (done) {
          this._setState('ended', 'end');
          break;
        }
        if (!error.retryable) throw error;
        await this._pause(error);
        if (this._closed) break;
      }
    } catch (error) {
      this._fail(/** @type {TTMError} */ (error));
    } finally {
      stopWatching();
      clearInterval(watching);
      this._socket = null;
      this._tellDrained();
    }
  }

  /**
   * One connection, from its ticket to its end.
   * @param {string | null} ticket
   * @returns {Promise<{error: TTMError, done: boolean}>}
   */
  async _connection(ticket) {
    this._advanced = this._endSent = false;
    this._liveSinceS = Infinity;
    try {
      ticket ??= await this.rest.ticket(this.sessionId);
    } catch (error) {
      if (error instanceof TTMError) return { error, done: false };
      throw error;
    }
    const base = this.rest.baseUrl.replace(/^http/, 'ws');
    const url = `${base}/v1/sessions/${encodeURIComponent(this.sessionId)}/stream`;
    return new Promise((resolve) => {
      if (this._closed) {
        resolve({ error: new TTMError('closed', 'closed'), done: false });
        return;
      }
      this._socket = new StreamSocket({
        WebSocket: this._WebSocket, url, ticket: ticket ?? '', media: this.media,
        beginsAt: () =>
          this.media === 'webm' ? this._queue.zeroT(this.nextMediaTime, nowS()) : undefined,
        onMessage: (message) => this._receive(message),
        onOver: (error) => {
          this._ready = false;
          this._queue.disconnected();
          resolve({ error, done: this._endSent && error.closeCode === NORMAL_CLOSE });
        },
      });
    });
  }

  /** @param {TTMError} error */
  async _pause(error) {
    const now = nowS();
    const good = this._advanced || now - this._liveSinceS > STEADY_S;
    const patience = this._connections === 0 ? this._connectWithin : this._patience;
    const pauseS = patience.pauseS(now, good, error);
    if (this._planned) {
      this._planned = false;
      return;
    }
    if (this.state === 'live') this._setState('reconnecting', error.message);
    this._tellError(error);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseS * 1000);
      this._skipPause = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    this._skipPause = () => {};
  }

  /** @param {import('./protocol.js').ServerText} message */
  _receive(message) {
    const ring = this._ring;
    if (message.type === 'ready') {
      ring.startAt(message.next_seq);
      ring.credits = message.credits;
      this.limits = message.limits;
      this._liveSinceS = nowS();
      this._ready = true;
      this._readyAt = { seq: message.next_seq, t: message.t };
      this._queue.connected(message.t);
      this.reconnects = this._connections++;
      this._resolveLive();
      if (this.state !== 'live') {
        this._setState('live', this.reconnects > 0 ? 'reconnected' : 'connected');
      }
      this._emit('flow', { credits: ring.credits });
    } else if (message.type === 'ack') {
      if (ring.acknowledge(message.durable, message.applied)) this._advanced = true;
      const { seq, t } = this._readyAt;
      if (t !== undefined) this._queue.stored(t + CHUNK_S * (message.durable + 1 - seq));
      this._emit('ack', { durable: ring.durable, applied: ring.applied });
    } else if (message.type === 'flow') {
      ring.credits = message.credits;
      this._emit('flow', { credits: message.credits });
    } else if (message.type === 'event') {
      this._emit('notice', message);
    } else if (message.type === 'goaway') {
      this._emit('goaway', { time_left_s: message.time_left_s });
      if (!this._endSent) {
        const text = 'the server is going away';
        throw new TTMError('restarting', text, { retryable: true, closeCode: 1012 });
      }
    }
    this._pump();
  }

  // --- sending ------------------------------------------------------------------------------------

  /** Send what the credits and the socket's buffer allow. */
  _pump() {
    const socket = this._socket;
    if (socket === null || !this._ready || this._endSent) return;
    while (socket.bufferedBytes < BUFFER_BYTES) {
      if (this.media === 'webm') {
        const data = this._queue.take();
        if (data === undefined) break;
        socket.send(data);
      } else {
        const chunk = this._ring.take();
        if (chunk === null) break;
        socket.send(encodeChunk(chunk));
      }
    }
    this._tellDrained();
    if (socket.bufferedBytes >= BUFFER_BYTES) this._pumpLater();
    else if (this._ending && this._ring.waiting === 0 && this._queue.bytes === 0) {
      this._endSent = true;
      socket.send(encodeEnd());
    }
  }

  _pumpLater() {
    if (this._polling) return;
    this._polling = true;
    setTimeout(() => {
      this._polling = false;
      this._pump();
    }, POLL_MS);
  }

  _tellDrained() {
    const over = this.state === 'ended' || this.state === 'failed';
    const told = this._drains.filter(({ most }) => over || this._ring.waiting <= most);
    this._drains = this._drains.filter((drain) => !told.includes(drain));
    for (const { resolve } of told) resolve();
  }

  // --- the rest -----------------------------------------------------------------------------------

  _watch() {
    if (!this._ready) return;
    const { unacknowledged, credits, durable, applied } = this._ring;
    const owed = unacknowledged + (this._endSent ? 1 + durable - applied : 0);
    this._socket?.checkAlive(owed, this._endSent ? 0 : credits);
  }

  /** The page is shown again, or the network is back. */
  _wake() {
    this._patience.reset();
    this._skipPause();
    this._watch();
  }

  /** @param {TTMError} error */
  _fail(error) {
    this._failure = error;
    this._tellError(error);
    this._setState('failed', error.message);
  }

  /** @param {TTMError} error */
  _tellError({ code, message, retryable }) {
    this._emit('error', { code, message, retryable });
  }

  /**
   * @param {SessionState} state
   * @param {string} reason
   */
  _setState(state, reason) {
    if (this._closed && reason !== 'closed') return;
    this.state = state;
    this._emit('state', { state, reason });
  }

  /**
   * @param {string} type
   * @param {object} detail
   */
  _emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  _resolveLive = () => {};
  /** @type {TTMError | null} */
  _failure = null;
}
