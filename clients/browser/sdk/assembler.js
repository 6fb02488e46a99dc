/**
 * @file From blocks of sound and pictures to chunks on one clock. Knows no device; times come in.
 *
 * @typedef {import('./protocol.js').Media} Media
 */

import { Chunker } from './chunker.js';
import { MediaClock } from './clock.js';
import { Resampler, toPcm16 } from './resampler.js';

const LATE_S = 0.25; // a silent chunk waits so long for its last picture
const QUIET_TICKS = 8; // without a block before chunks go on without sound
const TICK_S = 0.2;

export class Assembler {
  /**
   * @param {{startS: number, pageS: number, sound: boolean, onChunk: (chunk: Media) => void}} options
   *   `startS`: media time at `pageS` of the page's clock; `sound`: whether blocks will come
   */
  constructor({ startS, pageS, sound, onChunk }) {
    this.clock = new MediaClock(startS, pageS);
    this.chunker = new Chunker(startS, onChunk);
    /** @type {Resampler | null} */
    this._resampler = null;
    this._sound = sound;
    this._silent = !sound; // chunks are made by time instead of by samples
    this._quiet = 0;
    this._tickedS = pageS;
    this._paused = false;
    this._reason = 'lost_audio';
    this.peak = 0; // loudest sample since it was last set to 0
    if (this._silent) this.chunker.begin(startS, this._reason);
  }

  /** Whether blocks are expected and do not come. */
  get soundMissing() {
    return this._sound && this._silent;
  }

  /**
   * @param {number} frame
   * @param {Float32Array} samples
   * @param {number} rateHz
   * @param {number} pageS
   */
  block(frame, samples, rateHz, pageS) {
    this._quiet = 0;
    if (this._paused || samples.length === 0) return;
    if (this._silent) {
      this._silent = false;
      this.clock.restart();
    }
    const { t, lost } = this.clock.block(frame, samples.length, rateHz, pageS);
    if (lost || this._resampler === null) {
      this._finishRun();
      this.chunker.begin(t, this._reason);
      this._reason = 'lost_audio';
      if (this._resampler?.inHz !== rateHz) this._resampler = new Resampler(rateHz);
    }
    for (const sample of samples) if (Math.abs(sample) > this.peak) this.peak = Math.abs(sample);
    this.chunker.sound(toPcm16(this._resampler.push(samples)));
  }

  /**
   * @param {number} t media time at which it was taken
   * @param {Uint8Array} data
   */
  picture(t, data) {
    if (!this._paused) this.chunker.picture({ t: Math.max(0, t), data });
  }

  /**
   * To be called a few times a second.
   * @param {number} pageS
   */
  tick(pageS) {
    if (this._paused) return;
    if (pageS - this._tickedS >= TICK_S) {
      // Counted in ticks and not in seconds: a page that was busy finds its blocks after this one.
      this._quiet += 1;
      this._tickedS = pageS;
    }
    if (!this._silent && this._quiet >= QUIET_TICKS) {
      this._finishRun();
      this._silent = true;
      this.chunker.begin(this.chunker.endS, this._reason);
    }
    if (this._silent) this.chunker.silentUntil(this.clock.ofPage(pageS) - LATE_S);
  }

  pause() {
    this._finishRun();
    this._paused = true;
  }

  /** @param {number} pageS */
  resume(pageS) {
    if (!this._paused) return;
    this._paused = false;
    this._reason = 'paused';
    this._quiet = 0;
    this.clock.restart();
    if (this._silent) this.chunker.begin(this.clock.ofPage(pageS), this._reason);
  }

  /** Give out what is left. */
  finish() {
    this._finishRun();
  }

  _finishRun() {
    if (this._resampler !== null && this._resampler.inSamples > 0) {
      this.chunker.sound(toPcm16(this._resampler.flush()));
      this._resampler.reset();
    }
    this.chunker.finish();
  }
}
