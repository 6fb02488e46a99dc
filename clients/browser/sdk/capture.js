/**
 * @file Camera and microphone as chunks: two pictures a second, sound at 16 kHz, on one clock.
 * Where the chunks go is the caller's work.
 *
 * @typedef {import('./protocol.js').Media} Media
 * @typedef {{pictures: number, pictureBytes: number, chunks: number, droppedPictures: number,
 *   lostSoundS: number, peak: number, mediaS: number, camera: boolean, microphone: boolean,
 *   paused: boolean}} CaptureStats `peak`: loudest sample since the last report, 0 to 1
 * @typedef {object} CaptureOptions
 * @property {string | null} [videoDeviceId] null: no camera; left out: the usual one
 * @property {string | null} [audioDeviceId] null: no microphone; left out: the usual one
 * @property {number} [picturesPerSecond] 2, at most 8
 * @property {number} [width] of pictures in pixels, 640
 * @property {'image/jpeg' | 'image/webp'} [format]
 * @property {number} [quality] 0 to 1
 * @property {number} [startS] media time of the beginning: a session's `nextMediaTime`
 * @property {(chunk: Media) => void} onChunk such as `(chunk) => session.sendChunk(chunk)`
 * @property {(stats: CaptureStats) => void} [onStats] about five times a second
 * @property {(code: string, text: string) => void} [onProblem] what went wrong while the rest
 *   goes on
 */

import { Assembler } from './assembler.js';
import { listDevices, openDevices, tell, watchTracks } from './devices.js';
import { PictureTaker } from './pictures.js';
import { problemHere } from './problems.js';
import { nowS } from './socket.js';
import { SoundSource } from './sound.js';

const TICK_MS = 200;
const MOST_PER_SECOND = 8; // four in a chunk of half a second

export class Capture {
  /** Cameras and microphones. */
  static devices() {
    return listDevices();
  }

  /** @returns {import('./problems.js').Problem | null} why capture cannot work here */
  static problem() {
    return problemHere();
  }

  /**
   * Ask for camera and microphone and begin.
   * @param {CaptureOptions} options
   * @returns {Promise<Capture>}
   * @throws {import('./problems.js').CaptureError} with `code` and what to do as its message
   */
  static async start(options) {
    const stream = await openDevices(options);
    const capture = new Capture(stream, options);
    await capture._begin();
    return capture;
  }

  /**
   * Not to be called from outside: `Capture.start()`.
   * @param {MediaStream} stream
   * @param {CaptureOptions} options
   */
  constructor(stream, options) {
    const { width = 640, format = 'image/jpeg', quality = 0.8 } = options;
    this.stream = stream;
    this.paused = false;
    this._onProblem = options.onProblem;
    this._onStats = options.onStats;
    this._periodS = 1 / Math.min(MOST_PER_SECOND, Math.max(0.1, options.picturesPerSecond ?? 2));
    const [camera] = stream.getVideoTracks();
    const [microphone] = stream.getAudioTracks();
    this._microphone = microphone ?? null;
    this._taker = camera ? new PictureTaker(camera, { width, format, quality }) : null;
    /** @type {SoundSource | null} */
    this._sound = null;
    this._startS = options.startS ?? 0;
    this._onChunk = options.onChunk;
    this._assembler = this._assemble(false);
    this._nextPictureS = -Infinity;
    this._pictures = 0;
    this._pictureBytes = 0;
    this._chunks = 0;
    this._told = new Set();
    this._stopped = false;
    watchTracks(stream, this._onProblem);
  }

  /** Stop taking media; devices stay open, but switched off. What is missed becomes a gap. */
  pause() {
    if (this.paused) return;
    this.paused = true;
    this._assembler.pause();
    for (const track of this.stream.getTracks()) track.enabled = false;
  }

  /** Go on after `pause()`. Called from a click, it also lets held back sound run. */
  resume() {
    this._sound?.resume();
    if (!this.paused) return;
    this.paused = false;
    for (const track of this.stream.getTracks()) track.enabled = true;
    this._nextPictureS = -Infinity;
    this._assembler.resume(nowS());
  }

  /** Give out what is left and let the devices go. */
  async stop() {
    if (this._stopped) return;
    this._stopped = true;
    clearInterval(this._ticking);
    await this._sound?.stop();
    this._assembler.finish();
    this._taker?.stop();
    for (const track of this.stream.getTracks()) track.stop();
  }

  /** @returns {CaptureStats} */
  stats() {
    const { clock, chunker, peak } = this._assembler;
    return {
      pictures: this._pictures,
      pictureBytes: this._pictureBytes,
      chunks: this._chunks,
      droppedPictures: chunker.droppedPictures,
      lostSoundS: clock.lostS,
      peak: Math.min(1, peak),
      mediaS: chunker.endS,
      camera: this._taker !== null,
      microphone: this._sound !== null,
      paused: this.paused,
    };
  }

  async _begin() {
    if (this._microphone) {
      try {
        this._sound = await SoundSource.open(this._microphone, (frame, samples) => {
          this._assembler.block(frame, samples, this._sound?.rateHz ?? 0, nowS());
          this._takePicture();
        });
      } catch {
        tell(this._onProblem, 'no_microphone');
      }
    }
    this._assembler = this._assemble(this._sound !== null);
    this._ticking = setInterval(() => this._tick(), TICK_MS);
  }

  /** @param {boolean} sound */
  _assemble(sound) {
    return new Assembler({
      startS: this._startS,
      pageS: nowS(),
      sound,
      onChunk: (chunk) => {
        this._chunks += 1;
        this._onChunk(chunk);
      },
    });
  }

  _tick() {
    this._assembler.tick(nowS());
    this._takePicture();
    if (this._assembler.soundMissing) {
      this._tellOnce(this._sound?.waits ? 'sound_waits' : 'sound_stopped');
    } else {
      this._told.delete('sound_waits');
      this._told.delete('sound_stopped');
    }
    this._onStats?.(this.stats());
    this._assembler.peak = 0;
  }

  /** Take the picture that is due. Called by sound too, which no browser slows down when hidden. */
  _takePicture() {
    if (this.paused || !this._taker?.ready) return;
    const t = this._assembler.clock.ofPage(nowS());
    if (t < this._nextPictureS) return;
    this._nextPictureS = Math.max(this._nextPictureS + this._periodS, t + this._periodS / 2);
    this._taker.take().then(
      (data) => {
        if (this._stopped) return;
        this._pictures += 1;
        this._pictureBytes += data.length;
        this._assembler.picture(t, data);
      },
      () => this._tellOnce('pictures_stopped'),
    );
  }

  /** @param {import('./problems.js').ProblemCode} code */
  _tellOnce(code) {
    if (this._told.has(code)) return;
    this._told.add(code);
    tell(this._onProblem, code);
  }
}
