/**
 * @file A video's present picture on a canvas, by copying its pixels. Drawing the video would do, if
 * a Chromium without graphics hardware did not put each picture that it draws into a cache that
 * grows to half a gigabyte before it lets the oldest go.
 */

export class FrameCopier {
  constructor() {
    this._canvas = document.createElement('canvas');
    this._context = this._canvas.getContext('2d', { alpha: false });
    /** @type {Uint8ClampedArray<ArrayBuffer>} */
    this._pixels = new Uint8ClampedArray(0);
    this._works = typeof VideoFrame !== 'undefined';
  }

  /**
   * @param {HTMLVideoElement} video
   * @returns {Promise<CanvasImageSource>} the canvas, or the video itself where this browser or this
   *   camera's pictures do not allow it
   */
  async copy(video) {
    if (!this._works) return video;
    /** @type {VideoFrame | null} */
    let frame = null;
    try {
      frame = new VideoFrame(video);
      this._works = await this._put(frame);
    } catch {
      this._works = false;
    } finally {
      frame?.close();
    }
    return this._works ? this._canvas : video;
  }

  /**
   * @param {VideoFrame} frame
   * @returns {Promise<boolean>} false: its pixels are not what one would see
   */
  async _put(frame) {
    const { width = 0, height = 0 } = frame.visibleRect ?? {};
    const { rotation = 0, flip = false } = /** @type {any} */ (frame); // newer than the types
    const isPlain = rotation === 0 && !flip && frame.displayWidth === width && frame.displayHeight === height;
    const format = /** @type {any} */ ({ format: 'RGBA' }); // older browsers ignore it
    const bytes = isPlain ? frame.allocationSize(format) : 0;
    if (bytes === 0 || bytes !== 4 * width * height || !this._context) return false;
    if (this._pixels.length !== bytes) {
      this._pixels = new Uint8ClampedArray(bytes);
      this._canvas.width = width;
      this._canvas.height = height;
    }
    await frame.copyTo(this._pixels, format);
    this._context.putImageData(new ImageData(this._pixels, width, height), 0, 0);
    return true;
  }
}
