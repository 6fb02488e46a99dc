/**
 * @file What the end of a stream connection means: try again, or an error for good. Knows no socket.
 */

import { TTMError } from './errors.js';

export const NORMAL_CLOSE = 1000;
export const FIRST_PAUSE_S = 0.1; // between attempts to connect
export const MAX_PAUSE_S = 5;
export const STEADY_S = 5; // a connection that lived this long was a good one

// These do not become better by trying again. A session that was taken over, above all, must not be
// taken back.
/** @type {Map<number, string>} */
const FINAL_CLOSES = new Map([
  [1008, 'policy'],
  [1009, 'too_big'],
  [4400, 'bad_message'],
  [4404, 'no_such_session'],
  [4409, 'superseded'],
]);
/** @type {Map<number, string>} */
const OTHER_CLOSES = new Map([
  [1012, 'restarting'],
  [1013, 'overloaded'],
  [4401, 'unauthenticated'],
  [4408, 'start_timeout'],
  [4429, 'rate_limited'],
]);

/**
 * What a close, and the `error` before it, mean to a stream.
 * @param {number} closeCode
 * @param {string} reason
 * @param {import('./protocol.js').ServerError | null} said the server's `error`, if it came through
 * @returns {TTMError}
 */
export function errorOfClose(closeCode, reason, said) {
  if (said !== null) {
    // Every attempt has its own ticket, so that a refused one is no reason to stop.
    const retryable = said.retryable || said.code === 'unauthenticated';
    return new TTMError(said.code, said.message, { retryable, closeCode });
  }
  const final = FINAL_CLOSES.get(closeCode);
  const code = final ?? OTHER_CLOSES.get(closeCode) ?? 'unreachable';
  const message = reason || `the stream was closed with ${closeCode}`;
  return new TTMError(code, message, { retryable: final === undefined, closeCode });
}

/**
 * Whether the server wants its client back at once: it goes away, another one is there.
 * @param {TTMError} error
 */
export function atOnce(error) {
  return error.closeCode === 1012 || error.code === 'restarting';
}

/** How long to wait before the next attempt, and when to give up. */
export class Patience {
  /** @param {number} giveUpAfterS without progress; Infinity: never */
  constructor(giveUpAfterS) {
    this.giveUpAfterS = giveUpAfterS;
    /** @type {number | null} */
    this._failingSinceS = null;
    this._attempts = 0;
  }

  /**
   * Seconds to wait after a connection that ended.
   * @param {number} nowS of a clock that only goes on
   * @param {boolean} good it has brought the stream on
   * @param {TTMError} why
   * @returns {number}
   * @throws {TTMError} `why`, no longer retryable, where nothing has been good for too long
   */
  pauseS(nowS, good, why) {
    if (good || this._failingSinceS === null) {
      this._failingSinceS = nowS;
      this._attempts = 0;
    }
    if (nowS - this._failingSinceS > this.giveUpAfterS) {
      const message = `no progress for ${this.giveUpAfterS} s: ${why.message}`;
      throw new TTMError(why.code, message, { closeCode: why.closeCode ?? undefined, cause: why });
    }
    if (this._attempts === 0 && atOnce(why)) {
      this._attempts = 1;
      return 0;
    }
    const pauseS = Math.min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** this._attempts);
    this._attempts = Math.min(this._attempts + 1, 10);
    return pauseS * (0.5 + 0.5 * Math.random());
  }

  /** Begin anew: something outside has changed, such as the network being back. */
  reset() {
    this._failingSinceS = null;
    this._attempts = 0;
  }
}
