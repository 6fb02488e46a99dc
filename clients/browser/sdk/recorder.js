/**
 * @file Camera and microphone by MediaRecorder: one WebM or MP4 stream of bytes. Makes no chunks.
 *
 * @typedef {object} RecorderOptions
 * @property {string | null} [videoDeviceId] null: no camera; left out: the usual one
 * @property {string | null} [audioDeviceId] null: no microphone; left out: the usual one
 * @property {number} [width] 640
 * @property {number} [timesliceMs] how often bytes are handed over, 250
 * @property {number} [bitsPerSecond] of the pictures, 1,000,000
 * @property {(data: Uint8Array<ArrayBuffer>) => boolean | void} onData such as
 *   `(data) => session.sendMedia(data)`; false begins a new recording
 * @property {(code: string, text: string) => void} [onProblem]
 */

import { listDevices, openDevices, tell, watchTracks } from './devices.js';
import { CaptureError, problem, problemHere } from './problems.js';

const TYPES = [
  'video/webm;codecs=vp8,opus',
  'video/webm;codecs=vp9,opus',
  'video/webm',
  'video/mp4;codecs=avc1.42E01E,mp4a.40.2',
  'video/mp4',
];
const BEGINNING_BYTES = 12;
const SILENT_MS = 5000; // a recorder that was started and gives nothing: told
const KEY_FRAME_MS = 2000; // what is sent again after a drop begins at a key frame
const SOUND_TYPES = ['audio/webm;codecs=opus', 'audio/webm', 'audio/mp4'];

export class RecorderCapture {
  /** Cameras and microphones. */
  static devices() {
    return listDevices();
  }

  /** @returns {import('./problems.js').Problem | null} why recording cannot work here */
  static problem() {
    return problemHere() ?? (typeof MediaRecorder === 'undefined' ? problem('no_recorder') : null);
  }

  /**
   * Ask for camera and microphone and begin.
   * @param {RecorderOptions} options
   * @returns {Promise<RecorderCapture>}
   * @throws {CaptureError}
   */
  static async start(options) {
    const here = RecorderCapture.problem();
    if (here) throw new CaptureError(here);
    const stream = await openDevices(options);
    const types = stream.getVideoTracks().length > 0 ? TYPES : SOUND_TYPES;
    const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type));
    if (mimeType === undefined) {
      for (const track of stream.getTracks()) track.stop();
      throw new CaptureError(problem('no_recorder'));
    }
    return new RecorderCapture(stream, mimeType, options);
  }

  /**
   * Not to be called from outside: `RecorderCapture.start()`.
   * @param {MediaStream} stream
   * @param {string} mimeType
   * @param {RecorderOptions} options
   */
  constructor(stream, mimeType, options) {
    this.stream = stream;
    this.mimeType = mimeType;
    this.paused = false;
    this.recordings = 0;
    this._options = options;
    this._sending = Promise.resolve();
    /** @type {Uint8Array<ArrayBuffer> | null} held back until they say what begins */
    this._beginning = null;
    /** @type {MediaRecorder | null} */
    this._recorder = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._silent = undefined;
    watchTracks(stream, options.onProblem);
    this._record();
  }

  /** Begin a new recording, with its own beginning: what the old one still holds is left out. */
  restart() {
    if (this._recorder === null || this.paused) return;
    this._drop();
    this._record();
  }

  /** Stop recording; devices stay open, but switched off. */
  async pause() {
    if (this.paused) return;
    this.paused = true;
    await this._finish();
    for (const track of this.stream.getTracks()) track.enabled = false;
  }

  /** Go on after `pause()`, with a new recording. */
  resume() {
    if (!this.paused) return;
    this.paused = false;
    for (const track of this.stream.getTracks()) track.enabled = true;
    this._record();
  }

  /** Hand over what is left and let the devices go. */
  async stop() {
    await this._finish();
    for (const track of this.stream.getTracks()) track.stop();
  }

  _record() {
    const { timesliceMs = 250, bitsPerSecond = 1_000_000, onProblem } = this._options;
    /** @type {MediaRecorderOptions & {videoKeyFrameIntervalDuration: number}} */
    const wanted = {
      mimeType: this.mimeType,
      videoBitsPerSecond: bitsPerSecond,
      audioBitsPerSecond: 64_000,
      videoKeyFrameIntervalDuration: KEY_FRAME_MS,
    };
    const recorder = new MediaRecorder(this.stream, wanted);
    recorder.ondataavailable = ({ data }) => this._hand(recorder, data);
    recorder.onerror = () => tell(onProblem, 'failed');
    recorder.start(timesliceMs);
    clearTimeout(this._silent);
    this._silent = setTimeout(() => tell(onProblem, 'recorder_silent'), SILENT_MS);
    this._recorder = recorder;
    this._beginning = new Uint8Array(0);
    this.recordings += 1;
  }

  /**
   * Bytes in order, whatever order their reading ends in.
   * @param {MediaRecorder} recorder
   * @param {Blob} blob
   */
  _hand(recorder, blob) {
    this._sending = this._sending.then(async () => {
      const data = new Uint8Array(await blob.arrayBuffer());
      if (recorder !== this._recorder || data.length === 0) return;
      clearTimeout(this._silent);
      const whole = this._withBeginning(data);
      if (whole !== null && this._options.onData(whole) === false) this.restart();
    }).catch(() => tell(this._options.onProblem, 'failed'));
  }

  /**
   * A recording's first bytes together, so that whoever gets them sees what begins: Chromium may
   * hand over a single one at first.
   * @param {Uint8Array<ArrayBuffer>} data
   * @returns {Uint8Array<ArrayBuffer> | null}
   */
  _withBeginning(data) {
    if (this._beginning === null) return data;
    const whole = new Uint8Array(this._beginning.length + data.length);
    whole.set(this._beginning);
    whole.set(data, this._beginning.length);
    this._beginning = whole.length < BEGINNING_BYTES ? whole : null;
    return this._beginning === null ? whole : null;
  }

  /** Let the recording end and hand over its last bytes. */
  async _finish() {
    clearTimeout(this._silent);
    const recorder = this._recorder;
    if (recorder === null) return;
    if (recorder.state !== 'inactive') {
      await new Promise((resolve) => {
        recorder.onstop = resolve;
        recorder.stop();
      });
    }
    await this._sending;
    this._recorder = null;
  }

  /** Forget the recording; what it still says is not listened to. */
  _drop() {
    const recorder = this._recorder;
    this._recorder = null;
    if (recorder === null) return;
    recorder.ondataavailable = recorder.onerror = null;
    if (recorder.state !== 'inactive') recorder.stop();
  }
}
