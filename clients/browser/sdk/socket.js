/**
 * @file One stream connection over a WebSocket: start, then messages both ways until it is over.
 * Knows the first and the last message; what lies between is the session's.
 */

import { TTMError } from './errors.js';
import { errorOfClose } from './failures.js';
import { SUBPROTOCOL, decodeServerText, encodeStart } from './protocol.js';

const OPEN_WITHIN_S = 10; // from the first packet to `ready`
const TERMINATE_MS = 500;
const SILENT_S = 15; // with something unacknowledged and credits left
const SILENT_BUSY_S = 60; // without credits: the server has said that it is slow

/**
 * @typedef {object} StreamSocketOptions
 * @property {typeof globalThis.WebSocket} WebSocket
 * @property {string} url
 * @property {string} ticket
 * @property {'chunks' | 'webm'} media
 * @property {() => number | undefined} beginsAt media `webm`: seconds of the media clock at which
 *   what will be sent begins, asked when the connection is open
 * @property {(message: import('./protocol.js').ServerText) => void} onMessage may throw a TTMError,
 *   which ends the connection
 * @property {(error: TTMError) => void} onOver once; nothing follows it
 */

export class StreamSocket {
  /** @param {StreamSocketOptions} options */
  constructor({ WebSocket, url, ticket, media, beginsAt, onMessage, onOver }) {
    this._onMessage = onMessage;
    this._onOver = onOver;
    /** @type {import('./protocol.js').ServerError | null} */
    this._said = null;
    this._over = false;
    this.heardS = nowS();
    this._socket = new WebSocket(url, [SUBPROTOCOL]);
    this._socket.binaryType = 'arraybuffer';
    this._socket.onopen = () => this._socket.send(encodeStart(ticket, media, beginsAt()));
    this._socket.onmessage = (event) => this._receive(event.data);
    this._socket.onclose = (event) => this._closed(event.code, event.reason);
    this._socket.onerror = () => {}; // a close follows
    this._opening = setTimeout(() => {
      const message = `no \`ready\` within ${OPEN_WITHIN_S} s`;
      this.abandon(new TTMError('unreachable', message, { retryable: true }));
    }, OPEN_WITHIN_S * 1000);
  }

  /** Bytes that have been handed over and have not left this machine. */
  get bufferedBytes() {
    return this._over ? 0 : this._socket.bufferedAmount;
  }

  /** @param {string | Uint8Array<ArrayBuffer>} data */
  send(data) {
    if (!this._over && this._socket.readyState === 1) this._socket.send(data);
  }

  /**
   * End it from here, whatever the other side does.
   * @param {TTMError} error
   */
  abandon(error) {
    if (this._over) return;
    this._detach();
    try {
      this._socket.close(1000);
    } catch {
      // it was not open yet
    }
    // The `ws` package would wait half a minute for the answer of a server that is gone.
    const { terminate } = /** @type {any} */ (this._socket);
    if (terminate) setTimeout(() => terminate.call(this._socket), TERMINATE_MS);
    this._onOver(error);
  }

  /**
   * A server that says nothing although it has chunks to acknowledge is gone.
   * @param {number} unacknowledged
   * @param {number} credits
   */
  checkAlive(unacknowledged, credits) {
    if (unacknowledged === 0) this.heardS = Math.max(this.heardS, nowS() - SILENT_S / 2);
    const silentS = nowS() - this.heardS;
    if (silentS <= (credits > 0 ? SILENT_S : SILENT_BUSY_S)) return;
    const message = `the server has said nothing for ${silentS.toFixed(0)} s`;
    this.abandon(new TTMError('unreachable', message, { retryable: true }));
  }

  /** @param {unknown} data */
  _receive(data) {
    this.heardS = nowS();
    try {
      if (typeof data !== 'string') return; // the server has no binary messages yet
      const message = decodeServerText(data);
      if (message.type === 'ready') clearTimeout(this._opening);
      if (message.type === 'error') this._said = message;
      this._onMessage(message);
    } catch (error) {
      if (!(error instanceof TTMError)) throw error;
      this.abandon(error);
    }
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  _closed(code, reason) {
    if (this._over) return;
    this._detach();
    this._onOver(errorOfClose(code, reason, this._said));
  }

  _detach() {
    this._over = true;
    clearTimeout(this._opening);
    this._socket.onopen = this._socket.onmessage = this._socket.onclose = null;
  }
}

/** @returns {number} seconds of a clock that only goes on */
export function nowS() {
  return performance.now() / 1000;
}
