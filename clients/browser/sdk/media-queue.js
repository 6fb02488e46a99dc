/**
 * @file Bytes of a live container stream (WebM or fragmented MP4) on their way to one connection.
 * Knows where a stream begins, since a connection understands only a whole one; decodes nothing.
 */

const WAITING_BYTES = 8 * 1024 * 1024; // about half a minute of MediaRecorder's usual 2.5 Mbit/s
const EBML = [0x1a, 0x45, 0xdf, 0xa3];
const FTYP = [0x66, 0x74, 0x79, 0x70]; // at the fifth byte

/** Keeps what waits for a connection; refuses what no connection could begin with. */
export class MediaQueue {
  constructor() {
    /** @type {Uint8Array<ArrayBuffer>[]} */
    this._waiting = [];
    this._bytes = 0;
    this._headless = true; // the next bytes must begin a stream
    this._sent = 0; // bytes of the current connection
    this.refused = 0; // bytes that were given in vain
    this.beganS = 0; // when the newest recording's first bytes came, by this machine's clock
    /** @type {number | null} */
    this.firstBeganS = null; // and the first one's
  }

  /** Bytes that wait. */
  get bytes() {
    return this._bytes;
  }

  /** Whether these bytes begin a new stream although the connection is in the middle of another. */
  needsConnection(/** @type {Uint8Array} */ data) {
    return this._sent > 0 && beginsStream(data);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} data
   * @returns {boolean} false: of no use without its beginning, or too much; start a new recorder
   */
  add(data) {
    if (beginsStream(data)) {
      this.clear();
      this._headless = false;
      this.beganS = performance.now() / 1000;
      this.firstBeganS ??= this.beganS;
    }
    if (this._headless || this._bytes + data.length > WAITING_BYTES) {
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

  /** The connection is over: the rest of its stream is worth nothing to the next one. */
  disconnected() {
    if (this._sent > 0) this.clear();
    this._sent = 0;
  }

  clear() {
    this._waiting = [];
    this._bytes = 0;
    this._headless = true;
  }
}

/** @param {Uint8Array} data */
function beginsStream(data) {
  return EBML.every((byte, at) => data[at] === byte) || FTYP.every((byte, at) => data[4 + at] === byte);
}
