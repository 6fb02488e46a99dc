/**
 * @file Puts sound and pictures together into chunks of half a second. Knows no device and no clock.
 *
 * @typedef {import('./protocol.js').Media} Media
 * @typedef {import('./protocol.js').Picture} Picture
 */

import { LIMITS, SAMPLE_RATE_HZ } from './protocol.js';

const CHUNK_S = 0.5;
const CHUNK_SAMPLES = CHUNK_S * SAMPLE_RATE_HZ;
const TOUCHING_S = 0.001;
const MOST_PICTURES = 64; // that wait for their sound
const AHEAD_S = 30; // a picture further ahead of the sound than this is not waited for

/**
 * Sound comes in runs without a hole. Chunk n of a run begins n half seconds after the run, counted
 * in samples; between two runs the chunk after the hole says what is missing.
 */
export class Chunker {
  /**
   * @param {number} startS media time before which there is nothing
   * @param {(chunk: Media) => void} onChunk
   */
  constructor(startS, onChunk) {
    this._onChunk = onChunk;
    this._endS = startS; // of all that has been given out or counted as missing
    this._begun = false;
    this._runS = startS;
    this._runChunks = 0;
    this._pcm = new Int16Array(CHUNK_SAMPLES);
    this._filled = 0;
    /** @type {Picture[]} */
    this._pictures = [];
    /** @type {import('./protocol.js').Gap | null} */
    this._gap = null;
    this.droppedPictures = 0;
  }

  /** Media time up to which chunks have been given out. */
  get endS() {
    return this._endS;
  }

  /**
   * A run begins; the one before it ends where it is.
   * @param {number} t media time of its first sample
   * @param {string} reason why there is a hole before it, if there is one
   */
  begin(t, reason) {
    this.finish();
    if (this._begun && t > this._endS + TOUCHING_S) {
      this._gap = { t0: this._gap?.t0 ?? this._endS, t1: t, reason };
    }
    this._begun = true;
    this._runS = Math.max(t, this._endS);
    this._endS = this._runS;
    this._runChunks = 0;
  }

  /**
   * More of the run.
   * @param {Int16Array} pcm at 16 kHz
   */
  sound(pcm) {
    for (let at = 0; at < pcm.length; ) {
      const part = pcm.subarray(at, at + CHUNK_SAMPLES - this._filled);
      this._pcm.set(part, this._filled);
      this._filled += part.length;
      at += part.length;
      if (this._filled < CHUNK_SAMPLES) return;
      this._filled = 0;
      this._emit(CHUNK_S, this._pcm.slice());
      this._runChunks += 1;
    }
  }

  /**
   * Without sound: everything up to this moment.
   * @param {number} nowS media time
   */
  silentUntil(nowS) {
    while (this._endS + CHUNK_S <= nowS) {
      this._emit(CHUNK_S, null);
      this._runChunks += 1;
    }
  }

  /**
   * A picture goes into the chunk of its time, or into the next one where that has left.
   * @param {Picture} picture
   */
  picture(picture) {
    this._pictures.push(picture);
    if (this._pictures.length <= MOST_PICTURES) return;
    this._pictures.shift();
    this.droppedPictures += 1;
  }

  /** End the run: what is left becomes a shorter chunk, or a part of the hole when too short. */
  finish() {
    const samples = this._filled;
    this._filled = 0;
    if (samples >= LIMITS.min_chunk_s * SAMPLE_RATE_HZ) {
      this._emit(samples / SAMPLE_RATE_HZ, this._pcm.slice(0, samples));
    }
  }

  /**
   * @param {number} d
   * @param {Int16Array | null} audio
   */
  _emit(d, audio) {
    const t = this._runS + this._runChunks * CHUNK_S;
    this._endS = t + d;
    const due = this._pictures.filter((picture) => picture.t < this._endS);
    this._pictures = this._pictures.filter(
      (picture) => picture.t >= this._endS && picture.t < this._endS + AHEAD_S,
    );
    const video = due.slice(-LIMITS.max_pictures);
    this.droppedPictures += due.length - video.length;
    /** @type {Media} */
    const chunk = { t, d, video, audio };
    if (this._gap) chunk.gap = this._gap;
    this._gap = null;
    this._onChunk(chunk);
  }
}
