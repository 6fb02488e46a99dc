/**
 * @file Bytes of a live container stream (WebM or fragmented MP4) on their way to one connection
 * after the other. A connection understands only a stream that begins with its header: of a WebM
 * recording the newest part is kept, so that the next connection goes on where the last one ended;
 * of an MP4 nothing is, and a new recording has to begin.
 */

import { WebmRecording } from './webm-recording.js';

const KEPT_BYTES = 8 * 1024 * 1024; // about a minute of what recorder.js asks for
const WAITING_BYTES = 8 * 1024 * 1024; // of a recording that is not kept, without a connection
const SLOW_BYTES = 4 * 1024 * 1024; // more that waits on a connection is a network that is too slow
const BEFORE_S = 1.0; // sent again of what is stored: one track may lie so far behind the other
const FALL_BACK_S = 10.0; // kept of what is stored: a store that failed over may have lost as much
const FIRST_BYTES_S = 0.25; // after a recording begins; what recorder.js asks for
const EBML = [0x1a, 0x45, 0xdf, 0xa3];
const FTYP = [0x66, 0x74, 0x79, 0x70]; // at the fifth byte

export class MediaQueue {
  constructor() {
    /** @type {Uint8Array<ArrayBuffer>[]} */
    this._waiting = [];
    this._bytes = 0;
    this._headless = true; // the next bytes must begin a stream
    this._sent = 0; // bytes of the current connection
    this._connected = false;
    /** @type {WebmRecording | null} */
    this._recording = null;
    this._beganS = 0; // when the newest recording's first bytes came, by this machine's clock
    /** @type {number | null} */
    this._firstBeganS = null; // and the first one's
    this._zeroT = 0; // what the current connection was told
    this.refused = 0; // bytes that were given in vain
  }

  /** Bytes that wait, as far as they will be sent. */
  get bytes() {
    return this._connected ? this._bytes : this._kept?.bytes ?? this._bytes;
  }

  /** Whether more waits than a connection that keeps up would leave. */
  get isSlow() {
    return this._connected && this._bytes > SLOW_BYTES + (this._kept ? KEPT_BYTES : 0);
  }

  /** The recording, where a connection can go on in its middle. */
  get _kept() {
    return this._recording?.broken === false ? this._recording : null;
  }

  /** Whether these bytes begin a new stream although the connection is in the middle of another. */
  needsConnection(/** @type {Uint8Array} */ data) {
    return this._sent > 0 && beginsStream(data);
  }

  /**
   * Where on the media clock the time zero of what the next connection carries lies: the first
   * recording's where the session ended, a later one's so much later as it began by this machine's
   * clock. So what was recorded while the network was away is not taken for silence.
   * @param {number} startT where the session ended before the first recording
   * @param {number} nowS
   */
  zeroT(startT, nowS) {
    const firstS = this._firstBeganS ?? nowS;
    const beganS = this._headless ? nowS + FIRST_BYTES_S : this._beganS;
    this._zeroT = this._firstBeganS === null ? startT : startT + Math.max(0, beganS - firstS);
    return this._zeroT;
  }

  /**
   * There is a connection that may be sent to.
   * @param {number | undefined} storedT media time up to which the server has chunks
   */
  connected(storedT) {
    this._connected = true;
    if (this._kept === null) return;
    this._waiting = this._kept.from((storedT ?? 0) - this._zeroT - BEFORE_S);
    this._bytes = this._waiting.reduce((sum, { length }) => sum + length, 0);
  }

  /** The server has chunks up to this media time. */
  stored(/** @type {number} */ storedT) {
    this._kept?.forgetBefore(storedT - this._zeroT - FALL_BACK_S);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} data
   * @returns {boolean} false: of no use without its beginning, or too much; start a new recorder
   */
  add(data) {
    if (beginsStream(data)) this._begin(data);
    this._recording?.add(data);
    this._kept?.forgetBeyond(KEPT_BYTES);
    if (this._kept !== null && !this._connected) return true; // the next connection begins with it
    const isLost = this._recording?.broken && !this._connected;
    if (this._headless || isLost || this._isFull(data)) {
      this.refused += data.length;
      this.clear();
      return false;
    }
    this._waiting.push(data);
    this._bytes += data.length;
    return true;
  }

  /** @returns {Uint8Array<ArrayBuffer> | undefined} what to send next */
  take() {
    const data = this._waiting.shift();
    if (data !== undefined) {
      this._bytes -= data.length;
      this._sent += data.length;
    }
    return data;
  }

  /** The connection is over: what of its stream is not kept is worth nothing to the next one. */
  disconnected() {
    this._connected = false;
    if (this._sent > 0 && this._kept === null) this.clear();
    this._sent = 0;
  }

  /**
   * Drop what waits where the connection cannot keep up.
   * @returns {boolean} whether the next connection can go on with the recording all the same
   */
  shed() {
    if (this._kept !== null) return true;
    this.clear();
    return false;
  }

  clear() {
    this._waiting = [];
    this._bytes = 0;
    this._headless = true;
    this._recording = null;
  }

  /** @param {Uint8Array} data */
  _isFull(data) {
    return !this._connected && this._bytes + data.length > WAITING_BYTES;
  }

  /** @param {Uint8Array} data */
  _begin(data) {
    this.clear();
    this._headless = false;
    this._recording = isWebm(data) ? new WebmRecording() : null;
    this._beganS = performance.now() / 1000;
    this._firstBeganS ??= this._beganS;
  }
}

/** @param {Uint8Array} data */
function isWebm(data) {
  return EBML.every((byte, at) => data[at] === byte);
}

/** @param {Uint8Array} data */
function beginsStream(data) {
  return isWebm(data) || FTYP.every((byte, at) => data[4 + at] === byte);
}
