/** @file The resampler: what it lets through, what it keeps out, and that it counts exactly. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Resampler, toPcm16 } from '../../../clients/browser/sdk/resampler.js';

const RATES = [8000, 16_000, 22_050, 44_100, 48_000, 96_000];
const PASS_HZ = 7000;
const db = (ratio) => 20 * Math.log10(ratio);

/** Resample the whole in blocks of these sizes, taken in turn. */
function resampled(resampler, input, sizes = [4096]) {
  const parts = [];
  for (let at = 0, turn = 0; at < input.length; turn++) {
    const size = sizes[turn % sizes.length];
    parts.push(resampler.push(input.subarray(at, at + size)));
    at += size;
  }
  parts.push(resampler.flush());
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

/** A sine that sweeps linearly; `hzAt(t)` is its frequency at time t. */
function sweep(rate, seconds, from, to) {
  const samples = Float32Array.from({ length: rate * seconds }, (_, n) => {
    const t = n / rate;
    return Math.sin(2 * Math.PI * (from * t + ((to - from) * t * t) / (2 * seconds)));
  });
  return { samples, hzAt: (t) => from + ((to - from) * t) / seconds };
}

/** Loudest output within windows of 10 ms, with the swept frequency at each window. */
function levels(out, hzAt) {
  const found = [];
  for (let at = 0; at + 160 <= out.length; at += 160) {
    const peak = out.subarray(at, at + 160).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    found.push({ hz: hzAt((at + 80) / 16_000), peak, from: hzAt(at / 16_000) });
  }
  return found;
}

for (const rate of RATES.filter((hz) => hz > 16_000)) {
  describe(`${rate} Hz`, () => {
    const top = rate / 2 - 50;
    const { samples, hzAt } = sweep(rate, 4, 20, top);
    const all = levels(resampled(new Resampler(rate), samples), hzAt);

    it('a swept sine above 8 kHz comes back 50 dB lower at least', () => {
      const above = all.filter(({ from }) => from > 8000 + 60); // clear of the window's own width
      assert.ok(above.length > 20);
      const worst = db(Math.max(...above.map(({ peak }) => peak)));
      console.log(`alias ${worst.toFixed(1)} dB`);
      assert.ok(worst < -50, `${worst} dB`);
    });
  });
}

for (const rate of RATES) {
  it(`${rate} Hz: up to 7 kHz the level stays within 0.05 dB`, () => {
    const lower = Math.min(rate, 16_000);
    let worst = 0;
    for (let hz = 100; hz <= (lower / 16_000) * PASS_HZ; hz += 230) {
      const tone = Float32Array.from({ length: rate / 5 }, (_, n) =>
        Math.sin((2 * Math.PI * hz * n) / rate));
      const out = resampled(new Resampler(rate), tone).subarray(800, -800);
      // The amplitude by projection on the tone itself: no sample needs to hit the crest.
      let re = 0;
      let im = 0;
      let cc = 0;
      let ss = 0;
      out.forEach((x, n) => {
        const turn = (2 * Math.PI * hz * (n + 800)) / 16_000;
        re += x * Math.sin(turn);
        im += x * Math.cos(turn);
        ss += Math.sin(turn) ** 2;
        cc += Math.cos(turn) ** 2;
      });
      worst = Math.max(worst, Math.abs(db(Math.hypot(re / ss, im / cc))));
      assert.ok(Math.abs(im / cc) < 1e-3, `${hz} Hz is shifted by ${im / cc}`);
    }
    console.log(`ripple ${worst.toFixed(4)} dB`);
    assert.ok(worst < 0.05, `${worst} dB`);
  });
}

it('the alias test would see a bad resampler', () => {
  const { samples, hzAt } = sweep(48_000, 4, 20, 23_950);
  const every3rd = samples.filter((_, n) => n % 3 === 0);
  const above = levels(every3rd, hzAt).filter(({ from }) => from > 8060);
  assert.ok(db(Math.max(...above.map(({ peak }) => peak))) > -1);
});

it('blocks of any size give the same as one', () => {
  for (const rate of RATES) {
    const { samples } = sweep(rate, 0.5, 100, 3000);
    const whole = resampled(new Resampler(rate), samples, [samples.length]);
    for (const sizes of [[128], [1, 7, 4096, 33], [1000, 1]]) {
      assert.deepEqual(resampled(new Resampler(rate), samples, sizes), whole);
    }
  }
});

it('as many samples come out as the stream lasted, at every rate', () => {
  for (const rate of [...RATES, 11_025, 44_056, 47_999, 192_000]) {
    for (const length of [1, 2, 441, 12_345]) {
      const out = resampled(new Resampler(rate), new Float32Array(length), [128]);
      assert.equal(out.length, Math.ceil((length * 16_000) / rate), `${rate} Hz, ${length}`);
    }
  }
});

it('an hour at 44.1 kHz is not off by a sample', () => {
  const resampler = new Resampler(44_100);
  const second = new Float32Array(44_100);
  const seconds = 60; // counts are integers throughout: what holds for a minute holds for an hour
  let out = 0;
  for (let n = 0; n < seconds; n++) out += resampler.push(second).length;
  out += resampler.flush().length;
  assert.equal(out, seconds * 16_000);
});

it('a reset resampler is like a new one', () => {
  const { samples } = sweep(48_000, 0.3, 50, 5000);
  const used = new Resampler(48_000);
  resampled(used, samples);
  used.reset();
  assert.deepEqual(resampled(used, samples), resampled(new Resampler(48_000), samples));
});

it('a rate that is no whole number is refused', () => {
  for (const rate of [0, -1, 44_100.5, Number.NaN]) {
    assert.throws(() => new Resampler(rate), /rates/);
  }
});

it('samples become 16 bits, and what is too loud is clipped', () => {
  const pcm = toPcm16(Float32Array.of(0, 0.5, -0.5, 1, -1, 2, -2));
  assert.deepEqual([...pcm], [0, 16384, -16384, 32767, -32768, 32767, -32768]);
});
