/** @file Sound and pictures on one clock, with simulated devices: counts, drift, loss, pauses. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Assembler } from '../../../clients/browser/sdk/assembler.js';
import { MediaClock } from '../../../clients/browser/sdk/clock.js';

const BLOCK = 4096;
const JPEG = new Uint8Array([0xff, 0xd8, 0xff]);

/** A page with a microphone: time is simulated, so nothing here waits. */
class Page {
  constructor({ rate = 48_000, ppm = 0, sound = true, startS = 0, signal = () => 0 } = {}) {
    this.chunks = [];
    this.nowS = 1000;
    this.rate = rate;
    this.realRate = rate * (1 + ppm / 1e6); // what the device's crystal makes of it
    this.signal = signal;
    this.frame = 77_000;
    this.heardS = 1000; // true time up to which the device has listened
    this.late = [];
    this.jammed = false;
    this.on = sound;
    const onChunk = (chunk) => this.chunks.push(chunk);
    this.assembler = new Assembler({ startS, pageS: this.nowS, sound, onChunk });
  }

  /** Let so much time go by. */
  run(seconds) {
    const untilS = this.nowS + seconds;
    const blockS = BLOCK / this.realRate;
    let tickS = this.nowS;
    while (this.nowS < untilS) {
      const blockEndS = this.on ? this.heardS + blockS : Infinity;
      this.nowS = Math.min(untilS, blockEndS, tickS + 0.2);
      if (this.nowS === blockEndS) this.block();
      if (this.nowS >= tickS + 0.2) {
        tickS += 0.2;
        if (!this.jammed) this.assembler.tick(this.nowS);
      }
    }
  }

  block() {
    const samples = Float32Array.from({ length: BLOCK }, (_, n) =>
      this.signal(this.heardS + n / this.realRate - 1000));
    const frame = this.frame;
    this.frame += BLOCK;
    this.heardS += BLOCK / this.realRate;
    if (this.jammed) this.late.push([frame, samples]);
    else this.assembler.block(frame, samples, this.rate, this.nowS);
  }

  /** The page is busy: blocks wait, and then come all at once. */
  jam(seconds) {
    this.jammed = true;
    this.run(seconds);
    this.jammed = false;
    this.assembler.tick(this.nowS);
    for (const [frame, samples] of this.late.splice(0)) {
      this.nowS += 0.0001;
      this.assembler.block(frame, samples, this.rate, this.nowS);
    }
  }

  /** The device loses so many blocks, and its counter says so. */
  lose(blocks) {
    this.frame += blocks * BLOCK;
    this.heardS += (blocks * BLOCK) / this.realRate;
    this.nowS = Math.max(this.nowS, this.heardS);
  }

  /** The device stands still and its counter with it. */
  stall(seconds) {
    const on = this.on;
    this.on = false;
    this.run(seconds);
    this.on = on;
    this.heardS = this.nowS;
  }

  get gaps() {
    return this.chunks.filter(({ gap }) => gap).map(({ gap }) => gap);
  }

  end() {
    this.assembler.finish();
    return this.chunks;
  }
}

function contiguous(chunks) {
  chunks.slice(1).forEach((chunk, index) => {
    const before = chunks[index];
    const from = chunk.gap ? chunk.gap.t1 : before.t + before.d;
    assert.ok(Math.abs(chunk.t - from) < 1e-6, `chunk ${index + 1}: ${from} -> ${chunk.t}`);
  });
}

describe('sound', () => {
  for (const rate of [44_100, 48_000, 16_000]) {
    it(`${rate} Hz: chunks of exactly 8000 samples follow each other without a hole`, () => {
      const page = new Page({ rate });
      page.run(60);
      const chunks = page.end();
      assert.ok(chunks.length >= 119);
      assert.deepEqual(page.gaps, []);
      contiguous(chunks);
      for (const chunk of chunks.slice(0, -1)) {
        assert.deepEqual([chunk.d, chunk.audio.length], [0.5, 8000]);
      }
      assert.equal(chunks.at(-1).audio.length, chunks.at(-1).d * 16_000);
    });
  }

  it('media time goes on from where it should', () => {
    const page = new Page({ startS: 128 });
    page.run(3);
    assert.ok(Math.abs(page.chunks[0].t - 128) < 0.01);
    assert.equal(page.gaps.length, 0);
  });

  it('a click is heard at the time at which it was made', () => {
    const atS = 7.3;
    const page = new Page({ signal: (t) => (Math.abs(t - atS) < 0.001 ? 0.9 : 0) });
    page.run(10);
    let loudest = [0, 0];
    for (const { t, audio } of page.end()) {
      audio.forEach((x, n) => {
        if (Math.abs(x) > loudest[0]) loudest = [Math.abs(x), t + n / 16_000];
      });
    }
    assert.ok(Math.abs(loudest[1] - atS) < 0.003, `${loudest[1]}`);
  });

  it('lost blocks are a gap of exactly their length, and time goes on right', () => {
    const page = new Page();
    page.run(5.1);
    page.lose(6);
    page.run(5);
    contiguous(page.end());
    assert.equal(page.gaps.length, 1);
    const [{ t0, t1, reason }] = page.gaps;
    const lostS = (6 * BLOCK) / 48_000;
    assert.equal(reason, 'lost_audio');
    // What was left of a run and too short for a chunk, less than 0.1 s, is in the gap too.
    assert.ok(t1 - t0 >= lostS - 1e-6 && t1 - t0 < lostS + 0.1, `${t1 - t0}`);
    assert.ok(Math.abs(page.assembler.clock.lostS - lostS) < 1e-6);
    assert.ok(Math.abs(page.assembler.clock.ofPage(page.nowS) - (page.nowS - 1000)) < 0.1);
  });

  it('a device that stood still for a second is a gap, though its counter went on unbroken', () => {
    const page = new Page();
    page.run(10);
    page.stall(1);
    page.run(5);
    contiguous(page.end());
    assert.deepEqual(page.gaps.map(({ reason }) => reason), ['lost_audio']);
    const [{ t0, t1 }] = page.gaps;
    assert.ok(Math.abs(t1 - t0 - 1) < 0.2, `${t1 - t0}`);
    const behindS = page.nowS - 1000 - page.assembler.chunker.endS;
    assert.ok(behindS < 0.6, `${behindS}`);
  });

  it('a page that is busy for three seconds loses nothing', () => {
    const page = new Page();
    page.run(10);
    page.jam(3);
    page.run(10);
    contiguous(page.end());
    assert.deepEqual(page.gaps, []);
  });

  it('a crystal that is off by 200 ppm makes no gap in an hour, and pictures stay with it', () => {
    for (const ppm of [200, -200]) {
      const clock = new MediaClock(0, 0);
      const blockS = BLOCK / (48_000 * (1 + ppm / 1e6));
      let lost = 0;
      let apartS = 0;
      for (let n = 0; n * blockS < 3600; n++) {
        const pageS = (n + 1) * blockS + 0.03 * ((n * 7) % 11) / 11; // comes more or less late
        const block = clock.block(n * BLOCK, BLOCK, 48_000, pageS);
        if (block.lost) lost += 1;
        const endS = block.t + BLOCK / 48_000;
        apartS = Math.max(apartS, Math.abs(clock.ofPage((n + 1) * blockS) - endS));
      }
      assert.equal(lost, 1, `${ppm} ppm`); // the first block, which begins a run
      assert.equal(clock.lostS, 0);
      assert.ok(apartS < 0.04, `${ppm} ppm: ${apartS} s apart`);
    }
  });

  it('sound that stops is gone on without, and taken in again when it is back', () => {
    const page = new Page();
    page.run(5);
    page.stall(10);
    assert.equal(page.assembler.soundMissing, true);
    assert.ok(page.chunks.at(-1).audio === null);
    assert.ok(page.assembler.chunker.endS > 13.5);
    page.run(5);
    contiguous(page.end());
    assert.equal(page.assembler.soundMissing, false);
    assert.ok(page.chunks.at(-1).audio.length > 0);
    assert.ok(Math.abs(page.chunks.at(-1).t + page.chunks.at(-1).d - 20) < 0.2);
  });

  it('a device with another rate goes on in the same time', () => {
    const page = new Page();
    page.run(3);
    page.rate = page.realRate = 44_100;
    page.frame = 0;
    page.run(3);
    contiguous(page.end());
    const { t, d } = page.chunks.at(-1);
    assert.ok(Math.abs(t + d - 6) < 0.15);
  });
});

describe('pictures', () => {
  it('each goes into the chunk of its time', () => {
    const page = new Page();
    for (let n = 0; n < 20; n++) {
      const t = page.assembler.clock.ofPage(page.nowS);
      page.run(0.07); // to encode it
      page.assembler.picture(t, JPEG);
      page.run(0.43);
    }
    page.run(1);
    const chunks = page.end();
    const pictures = chunks.flatMap(({ video }) => video);
    assert.equal(pictures.length, 20);
    for (const { t, d, video } of chunks) {
      for (const picture of video) {
        assert.ok(picture.t >= t - 0.1 && picture.t < t + d, `${picture.t} in ${t}`);
      }
    }
  });

  it('without a microphone chunks are made by the clock', () => {
    const page = new Page({ sound: false });
    for (let n = 0; n < 8; n++) {
      page.assembler.picture(page.assembler.clock.ofPage(page.nowS), JPEG);
      page.run(0.5);
    }
    page.run(1);
    assert.ok(page.chunks.length >= 8);
    contiguous(page.chunks);
    assert.ok(page.chunks.every(({ audio, d }) => audio === null && d === 0.5));
    assert.ok(page.chunks.slice(0, 8).every(({ video }) => video.length === 1));
  });

  it('no chunk gets more pictures than the protocol allows, and what is too many is counted', () => {
    const page = new Page();
    for (let n = 0; n < 100; n++) {
      page.assembler.picture(page.assembler.clock.ofPage(page.nowS), JPEG);
      page.run(0.02);
    }
    page.run(1);
    const kept = page.end().flatMap(({ video }) => video).length;
    assert.ok(page.chunks.every(({ video }) => video.length <= 4));
    assert.equal(kept + page.assembler.chunker.droppedPictures, 100);
  });
});

describe('a pause', () => {
  for (const sound of [true, false]) {
    it(`${sound ? 'with' : 'without'} sound is a gap`, () => {
      const page = new Page({ sound });
      page.run(5);
      page.assembler.pause();
      page.run(20);
      page.assembler.resume(page.nowS);
      page.run(5);
      contiguous(page.end());
      assert.deepEqual(page.gaps.map(({ reason }) => reason), ['paused']);
      const [{ t0, t1 }] = page.gaps;
      assert.ok(Math.abs(t1 - t0 - 20) < 0.9, `${t0} to ${t1}`);
      const { t, d } = page.chunks.at(-1);
      assert.ok(Math.abs(t + d - 30) < 0.9);
    });
  }
});
