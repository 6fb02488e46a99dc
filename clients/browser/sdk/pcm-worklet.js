/**
 * @file Runs on the browser's audio thread: mixes to one channel, counts frames, hands blocks over.
 * Imports nothing, since not every browser lets a worklet import; resampling is the page's work.
 *
 * Messages to the page: {frame, samples}: `samples` (Float32Array, transferred) begin at `frame` of
 * the audio context's counter. Where frames are missing between two messages, they were lost.
 */

const BLOCK_FRAMES = 4096; // 85 ms at 48 kHz

class PcmProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this._samples = new Float32Array(BLOCK_FRAMES);
    this._filled = 0;
    this._frame = 0; // of the first sample in _samples
    this._stopped = false;
    this.port.onmessage = () => {
      this._post();
      this._stopped = true;
      this.port.postMessage({ frame: -1, samples: null });
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @returns {boolean} whether to be called again
   */
  process(inputs) {
    const channels = inputs[0];
    if (this._stopped) return false;
    if (channels.length === 0) {
      this._post(); // nothing is connected: these frames are missing
      return true;
    }
    if (currentFrame !== this._frame + this._filled) this._post();
    if (this._filled === 0) this._frame = currentFrame;
    const frames = channels[0].length;
    if (this._filled + frames > BLOCK_FRAMES) {
      this._post();
      this._frame = currentFrame;
    }
    for (let i = 0; i < frames; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this._samples[this._filled + i] = sum / channels.length;
    }
    this._filled += frames;
    if (this._filled === BLOCK_FRAMES) this._post();
    return true;
  }

  _post() {
    if (this._filled === 0) return;
    const samples = this._samples.slice(0, this._filled);
    this.port.postMessage({ frame: this._frame, samples }, [samples.buffer]);
    this._filled = 0;
  }
}

registerProcessor('ttm-pcm', PcmProcessor);
