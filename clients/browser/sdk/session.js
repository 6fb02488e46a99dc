/**
 * @file A session: streams media into it, resumes by itself after every drop, and asks its memory.
 * Where the media comes from is the caller's work.
 *
 * Events, all CustomEvent with `detail`: `state` {state, reason}, `ack` {durable, applied},
 * `flow` {credits}, `notice` (the protocol's `event`), `gap` {t0, t1, reason}, `goaway`
 * {time_left_s}, `error` {code, message, retryable}.
 *
 * @typedef {import('./stream.js').ConnectOptions} ConnectOptions
 * @typedef {import('./protocol.js').Media} Media
 */

import { TTMError } from './errors.js';
import { SessionStream } from './stream.js';
import { checkMedia } from './validate.js';

export class TTMSession extends SessionStream {
  /**
   * Create a session, or go on with one, and connect.
   * @param {ConnectOptions} [options]
   * @returns {Promise<TTMSession>} live
   * @throws {TTMError} what the server said, or `unreachable` after `connectWithinS`
   */
  static async connect(options = {}) {
    const session = new TTMSession(options);
    await session._begin();
    return session;
  }

  /** Chunks up to this one survive a crash. */
  get durable() {
    return this._ring.durable;
  }

  /** Chunks up to this one are in memory. */
  get applied() {
    return this._ring.applied;
  }

  /** Chunks that may be unacknowledged. */
  get credits() {
    return this._ring.credits;
  }

  /** The newest chunk that has been sent. */
  get sent() {
    return this._ring.nextSeq - 1;
  }

  /** Chunks that were dropped as a whole. */
  get dropped() {
    return this._ring.dropped;
  }

  /** Chunks that are to be sent. */
  get waiting() {
    return this._ring.waiting;
  }

  stats() {
    const ring = this._ring;
    return {
      state: this.state,
      durable: ring.durable,
      applied: ring.applied,
      credits: ring.credits,
      lagChunks: Math.max(this.sent, ring.durable) - ring.applied + ring.waiting,
      bufferedBytes: (this._socket?.bufferedBytes ?? 0) + this._queue.bytes,
      reconnects: this.reconnects,
      droppedPictures: ring.droppedPictures,
      droppedChunks: ring.dropped,
      lostS: ring.lostS,
      gaps: this._gaps.list(),
    };
  }

  /**
   * Send half a second of media, or keep it until the connection is back. Takes the arrays over.
   * @param {Media} chunk
   * @returns {number} the seq it will have, unless one that still waits is dropped before
   * @throws {TTMError} `bad_message` or `too_big`: the chunk breaks the protocol and is not taken
   */
  sendChunk(chunk) {
    this._checkSending('chunks');
    checkMedia(chunk, this.limits);
    if (chunk.t < this._lastT) {
      const text = `t: ${chunk.t} lies before ${this._lastT}; the media clock may not go back`;
      throw new TTMError('bad_message', text, { field: 't' });
    }
    this._lastT = chunk.t;
    this.nextMediaTime = chunk.t + chunk.d;
    if (chunk.gap) this._gaps.add(chunk.gap);
    const seq = this._ring.add(chunk);
    this._pump();
    return seq;
  }

  /**
   * Send bytes of a live WebM or fragmented MP4 stream; the first eight of a stream come together.
   * @param {Uint8Array<ArrayBuffer>} data
   * After a drop a WebM recording goes on where it was, from what is kept of it; for any other, and
   * where too much waits, a whole stream has to begin.
   * @returns {boolean} false: of no use; the recorder must be started again
   */
  sendMedia(data) {
    this._checkSending('webm');
    const socket = this._socket;
    if (this._queue.needsConnection(data) && socket) {
      this._planned = true;
      socket.abandon(new TTMError('restarting', 'a new recording begins', { retryable: true }));
    }
    const taken = this._queue.add(data);
    this._pump();
    if (socket && this._queue.isSlow) {
      const goesOn = this._queue.shed();
      const text = 'the network is slower than the recording';
      socket.abandon(new TTMError('backpressure', text, { retryable: true }));
      return goesOn;
    }
    return taken;
  }

  /**
   * Wait until at most so many chunks wait: for sources that need not be live.
   * @param {number} [most]
   * @returns {Promise<void>} also when the session is over
   */
  drain(most = 0) {
    return new Promise((resolve) => {
      this._drains.push({ most, resolve });
      this._tellDrained();
    });
  }

  /**
   * Ask about the past.
   * @param {string} text
   * @param {import('./rest.js').AskOptions} [options]
   */
  ask(text, options = {}) {
    return this.rest.ask(this.sessionId, text, options);
  }

  /** What memory holds. */
  timeline() {
    return this.rest.timeline(this.sessionId);
  }

  /**
   * What was said and written.
   * @param {import('./rest.js').Window} [options]
   */
  words(options = {}) {
    return this.rest.words(this.sessionId, options);
  }

  /**
   * Bind what was just seen or heard, or what was there in a stretch of time, to a name.
   * @param {string} name
   * @param {import('./rest.js').Window} [options]
   */
  teach(name, options = {}) {
    return this.rest.teach(this.sessionId, name, options);
  }

  /** What was taught. */
  things() {
    return this.rest.things(this.sessionId);
  }

  /**
   * Forget a taught name.
   * @param {string} name
   */
  forget(name) {
    return this.rest.forget(this.sessionId, name);
  }

  /** Status, positions, gaps, model and memory of the session. */
  info() {
    return this.rest.session(this.sessionId);
  }

  /**
   * No more media: send what waits, and wait until the server has applied all of it.
   * @returns {Promise<void>}
   * @throws {TTMError} what ended the session instead
   */
  async end() {
    this._ending = true;
    this._pump();
    await this._over;
    if (this._failure) throw this._failure;
    if (this._closed) throw new TTMError('closed', 'the session was closed before its end');
  }

  /** Let go; the session can be gone on with later by its id. What waits is not sent. */
  close() {
    if (this.state === 'ended' || this.state === 'failed') return;
    this._closed = true;
    this._setState('ended', 'closed');
    this._socket?.abandon(new TTMError('closed', 'closed'));
    this._skipPause();
    this._tellDrained();
  }

  /** @param {'chunks' | 'webm'} media */
  _checkSending(media) {
    if (this.media !== media) {
      throw new TTMError('bad_request', `media: this session streams ${this.media}, not ${media}`);
    }
    if (this._failure) throw this._failure;
    if (this._ending || this._closed) throw new TTMError('closed', 'the session has been ended');
  }
}
