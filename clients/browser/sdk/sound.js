/**
 * @file Sound of a microphone's track as numbered blocks, by an AudioWorklet. Knows no media clock.
 */

const WORKLET = new URL('./pcm-worklet.js', import.meta.url);

export class SoundSource {
  /**
   * @param {MediaStreamTrack} track
   * @param {(frame: number, samples: Float32Array) => void} onBlock
   * @returns {Promise<SoundSource>}
   */
  static async open(track, onBlock) {
    const source = new SoundSource(onBlock);
    try {
      await source._context.audioWorklet.addModule(WORKLET.href);
      source._connect(track);
    } catch (error) {
      await source._context.close();
      throw error;
    }
    return source;
  }

  /** @param {(frame: number, samples: Float32Array) => void} onBlock */
  constructor(onBlock) {
    // At the device's own rate: not every browser converts, and none says how well.
    this._context = new AudioContext({ latencyHint: 'playback' });
    this._onBlock = onBlock;
    /** @type {AudioWorkletNode | null} */
    this._node = null;
    this._stopped = () => {};
  }

  get rateHz() {
    return this._context.sampleRate;
  }

  /** Whether the browser waits for a click or a key press. */
  get waits() {
    return this._context.state !== 'running';
  }

  /** Try again to run, best from within a click. */
  resume() {
    if (this.waits) this._context.resume().catch(() => {});
  }

  /** Hand over what is left, and let the device go. */
  async stop() {
    const stopped = new Promise((resolve) => {
      this._stopped = () => resolve(undefined);
      setTimeout(resolve, 200); // a suspended context answers nothing
    });
    this._node?.port.postMessage('stop');
    await stopped;
    this._source?.disconnect();
    this._node?.disconnect();
    await this._context.close();
  }

  /** @param {MediaStreamTrack} track */
  _connect(track) {
    this._source = this._context.createMediaStreamSource(new MediaStream([track]));
    const node = new AudioWorkletNode(this._context, 'ttm-pcm', { outputChannelCount: [1] });
    node.port.onmessage = ({ data }) => {
      if (data.samples === null) this._stopped();
      else this._onBlock(data.frame, data.samples);
    };
    this._source.connect(node);
    node.connect(this._context.destination); // silent; without it not every browser runs the node
    this._node = node;
    this.resume();
  }
}
