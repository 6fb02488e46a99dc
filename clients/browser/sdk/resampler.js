/**
 * @file Changes the rate of a stream of sound: polyphase windowed sinc, sample-exact. Knows no clock.
 *
 * Kaiser's window with 80 dB of stop band (Oppenheim and Schafer, Discrete-Time Signal Processing,
 * section 7.5.3), flat to 7/8 of the lower of the two Nyquist frequencies and closed from there up:
 * at 16 kHz flat to 7 kHz, and nothing above 8 kHz comes back as something else.
 */

const STOP_DB = 80;
const BETA = 0.1102 * (STOP_DB - 8.7);
const PASS = 7 / 8;

/**
 * Output sample k is the input at time k / outHz, however the input is cut into blocks: the filter's
 * delay shows as output that comes later, never as a shift.
 */
export class Resampler {
  /**
   * @param {number} inHz a whole number
   * @param {number} [outHz] a whole number
   */
  constructor(inHz, outHz = 16_000) {
    if (!(Number.isInteger(inHz) && Number.isInteger(outHz) && inHz > 0 && outHz > 0)) {
      throw new RangeError(`rates: ${inHz} Hz and ${outHz} Hz are not whole positive numbers`);
    }
    this.inHz = inHz;
    this.outHz = outHz;
    const common = greatestCommonDivisor(inHz, outHz);
    this._phases = outHz / common; // between two input samples
    this._step = inHz / common; // phases from one output sample to the next
    const lower = Math.min(inHz, outHz);
    const stop = lower / 2 / inHz; // in cycles per input sample, as all that follows
    const width = stop * (1 - PASS);
    this._cutoff = stop - width / 2;
    this._half = Math.ceil((STOP_DB - 7.95) / (14.36 * width) / 2); // taps on either side
    /** @type {(Float32Array | undefined)[]} */
    this._taps = inHz === outHz ? [Float32Array.of(1)] : new Array(this._phases);
    if (inHz === outHz) this._half = 0;
    this._input = new Float32Array(8192 + 2 * this._half);
    this._filled = 0;
    this._at = 0; // where in _input the taps of the next output begin
    this._phase = 0; // of the next output, after its input sample
    this.inSamples = 0;
    this.outSamples = 0;
    this.reset();
  }

  /** Forget everything: a new stream begins. */
  reset() {
    // Before the first sample there is silence, so that the first output can be computed.
    const before = Math.max(0, this._half - 1);
    this._input.fill(0, 0, before);
    this._filled = before;
    this._at = this._phase = this.inSamples = this.outSamples = 0;
  }

  /**
   * @param {Float32Array} samples the next of the stream
   * @returns {Float32Array} what can be computed from all so far
   */
  push(samples) {
    this.inSamples += samples.length;
    return this._advance(samples, Infinity);
  }

  /**
   * The rest, as if silence followed; `reset()` comes next.
   * @returns {Float32Array} so that as many samples came out as the stream lasted
   */
  flush() {
    const whole = Math.ceil((this.inSamples * this._phases) / this._step);
    return this._advance(new Float32Array(this._half + 1), whole - this.outSamples);
  }

  /**
   * @param {Float32Array} samples
   * @param {number} most
   */
  _advance(samples, most) {
    this._append(samples);
    const width = Math.max(1, 2 * this._half);
    const room = Math.ceil(((this._filled - this._at) * this._phases) / this._step) + 1;
    const out = new Float32Array(Math.max(0, Math.min(room, most)));
    let made = 0;
    while (made < out.length && this._at + width <= this._filled) {
      const taps = this._taps[this._phase] ?? this._design(this._phase);
      const input = this._input;
      let sum = 0;
      for (let tap = 0, at = this._at; tap < width; tap++, at++) sum += taps[tap] * input[at];
      out[made++] = sum;
      this._phase += this._step;
      this._at += Math.floor(this._phase / this._phases);
      this._phase %= this._phases;
    }
    this.outSamples += made;
    return out.subarray(0, made);
  }

  /** @param {Float32Array} samples */
  _append(samples) {
    const done = Math.min(this._at, this._filled);
    this._input.copyWithin(0, done, this._filled);
    this._filled -= done;
    this._at -= done;
    if (this._filled + samples.length > this._input.length) {
      const grown = new Float32Array(2 * (this._filled + samples.length));
      grown.set(this._input.subarray(0, this._filled));
      this._input = grown;
    }
    this._input.set(samples, this._filled);
    this._filled += samples.length;
  }

  /**
   * The taps for outputs that lie `phase` phases after an input sample; made when first needed.
   * @param {number} phase
   */
  _design(phase) {
    const half = this._half;
    const taps = new Float32Array(2 * half);
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++) {
      const distance = phase / this._phases - (tap - half + 1); // in input samples
      const window = bessel(BETA * Math.sqrt(Math.max(0, 1 - (distance / half) ** 2)));
      const turn = 2 * Math.PI * this._cutoff * distance;
      taps[tap] = window * (turn === 0 ? 1 : Math.sin(turn) / turn);
      sum += taps[tap];
    }
    for (let tap = 0; tap < taps.length; tap++) taps[tap] /= sum;
    this._taps[phase] = taps;
    return taps;
  }
}

/**
 * Samples from -1 to 1 as 16 bits; what is louder is clipped.
 * @param {Float32Array} samples
 * @returns {Int16Array}
 */
export function toPcm16(samples) {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    pcm[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  }
  return pcm;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * The modified Bessel function of the first kind and order 0.
 * @param {number} x
 */
function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
