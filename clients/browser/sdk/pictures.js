/**
 * @file Takes still pictures from a camera's track. Knows no clock: who calls `take()` says when.
 */

import { FrameCopier } from './frame-copy.js';

const MAX_BYTES = 512 * 1024; // what the protocol allows
const LEAST_QUALITY = 0.3;
const MAX_SIDE_PX = 4096;

export class PictureTaker {
  /**
   * @param {MediaStreamTrack} track
   * @param {{width: number, format: string, quality: number}} options
   */
  constructor(track, { width, format, quality }) {
    this._track = track;
    this._width = width;
    this._format = format;
    this._quality = quality;
    this._canvas = document.createElement('canvas');
    this._context = this._canvas.getContext('2d', { alpha: false });
    this._copier = new FrameCopier();
    this._video = document.createElement('video');
    this._video.muted = true;
    this._video.playsInline = true;
    this._video.srcObject = new MediaStream([track]);
    this._video.play().catch(() => {}); // `ready` says whether there is something to see
    this._busy = false;
  }

  /** Whether a picture can be taken now. */
  get ready() {
    const { readyState, videoWidth } = this._video;
    const seen = this._track.readyState === 'live' && this._track.enabled && !this._track.muted;
    return seen && !this._busy && readyState >= 2 && videoWidth > 0;
  }

  /**
   * What the camera shows now, scaled, as a file.
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async take() {
    const { videoWidth, videoHeight } = this._video;
    const most = Math.min(this._width, MAX_SIDE_PX);
    const scale = Math.min(1, most / videoWidth, MAX_SIDE_PX / videoHeight);
    const width = Math.max(1, Math.round(videoWidth * scale));
    const height = Math.max(1, Math.round(videoHeight * scale));
    if (this._canvas.width !== width || this._canvas.height !== height) {
      this._canvas.width = width;
      this._canvas.height = height;
    }
    this._busy = true;
    try {
      const picture = await this._copier.copy(this._video);
      this._context?.drawImage(picture, 0, 0, width, height);
      return await this._encode();
    } finally {
      this._busy = false;
    }
  }

  stop() {
    this._video.srcObject = null;
  }

  async _encode() {
    for (;;) {
      /** @type {Blob | null} */
      const blob = await new Promise((resolve) =>
        this._canvas.toBlob(resolve, this._format, this._quality));
      if (blob === null) throw new Error('the browser could not encode a picture');
      if (blob.type !== this._format && this._format !== 'image/jpeg') {
        this._format = 'image/jpeg'; // Safari gives PNG where it cannot write WebP
        continue;
      }
      if (blob.size <= MAX_BYTES) return new Uint8Array(await blob.arrayBuffer());
      if (this._quality <= LEAST_QUALITY) throw new Error(`a picture has ${blob.size} bytes`);
      this._quality = Math.max(LEAST_QUALITY, this._quality - 0.15);
    }
  }
}
