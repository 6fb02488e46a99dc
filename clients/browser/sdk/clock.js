/**
 * @file One media clock for pictures and sound. Knows no device: times and counts come in.
 *
 * Sound is counted in frames of its device, pictures are stamped by the page's clock. The two drift
 * apart slowly, which is followed, and suddenly where sound was lost, which is told as lost time.
 * A page that was busy gets its blocks late and all at once; that is no loss, so a delay counts
 * only when it stays.
 */

const JUMP_S = 0.2; // a delay that is larger than this and stays is lost sound
const STAYS_S = 0.5;
const WINDOW_S = 2.5; // the least delay of the last one or two of these is the usual one

export class MediaClock {
  /**
   * @param {number} startS media time now
   * @param {number} pageS the page's clock now, in seconds
   */
  constructor(startS, pageS) {
    this._originS = startS - pageS;
    this._rateHz = 0;
    /** @type {number | null} media time of the device's frame 0 */
    this._frame0S = null;
    this._nextFrame = 0;
    this._least = Infinity; // delay in this window
    this._leastBefore = Infinity; // and in the one before
    this._windowS = 0;
    this._lateLeast = Infinity; // least delay since all of them have been large
    this._lateSinceS = 0;
    this.lostS = 0;
  }

  /**
   * Media time of a moment on the page's clock.
   * @param {number} pageS
   */
  ofPage(pageS) {
    const delay = Math.min(this._least, this._leastBefore);
    return this._originS + pageS - (Number.isFinite(delay) ? delay : 0);
  }

  /**
   * A block of sound came in.
   * @param {number} frame its first one, on the device's counter
   * @param {number} frames
   * @param {number} rateHz
   * @param {number} pageS now
   * @returns {{t: number, lost: boolean}} media time of its first frame, and whether sound from
   *   before it is missing (or it is the first)
   */
  block(frame, frames, rateHz, pageS) {
    let lost = this._frame0S === null || frame !== this._nextFrame;
    if (this._frame0S === null || frame < this._nextFrame || rateHz !== this._rateHz) {
      // The first, or the counter began anew with another device.
      this._rateHz = rateHz;
      this._frame0S = this.ofPage(pageS) - (frame + frames) / rateHz;
      lost = true;
    } else if (lost) {
      this.lostS += (frame - this._nextFrame) / rateHz;
    }
    this._nextFrame = frame + frames;
    const endS = this._frame0S + this._nextFrame / rateHz;
    const jumpS = this._follow(this._originS + pageS - endS, pageS);
    if (jumpS > 0) {
      this._frame0S += jumpS;
      this.lostS += jumpS;
      lost = true;
    }
    return { t: this._frame0S + frame / rateHz, lost };
  }

  /** The sound was away for long; its next block counts as a first one. */
  restart() {
    this._frame0S = null;
    this._lateLeast = Infinity;
  }

  /**
   * @param {number} delayS of the newest block
   * @param {number} pageS
   * @returns {number} by how much the sound has fallen behind for good, or 0
   */
  _follow(delayS, pageS) {
    const usual = Math.min(this._least, this._leastBefore);
    if (Number.isFinite(usual) && delayS > usual + JUMP_S) {
      if (this._lateLeast === Infinity) this._lateSinceS = pageS;
      this._lateLeast = Math.min(this._lateLeast, delayS);
      if (pageS - this._lateSinceS < STAYS_S) return 0;
      const jumpS = this._lateLeast - usual;
      this._lateLeast = Infinity;
      this._windowS = pageS;
      return jumpS;
    }
    this._lateLeast = Infinity;
    if (pageS - this._windowS > WINDOW_S) {
      this._leastBefore = this._least;
      this._least = delayS;
      this._windowS = pageS;
    }
    this._least = Math.min(this._least, delayS);
    return 0;
  }
}
