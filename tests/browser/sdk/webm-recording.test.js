/** @file What is kept of a recording, and from where a connection can go on with it. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { WebmRecording } from '../../../clients/browser/sdk/webm-recording.js';
import { cluster, element, header } from './webm_writer.js';

const KEYS = [[1, true], [2, true]];
const DELTA = [[1, true], [2, false]];
const HEAD = header();
const CLUSTERS = [
  cluster(0, KEYS), cluster(300, DELTA), cluster(1900, [[1, true]]), // sound alone
  cluster(2000, KEYS, { known: true }), cluster(2300, DELTA), cluster(4000, KEYS),
];

function recorded(parts, pieceBytes = Infinity) {
  const recording = new WebmRecording();
  const all = new Uint8Array(parts.flat());
  for (let at = 0; at < all.length; at += pieceBytes) {
    recording.add(all.slice(at, Math.min(all.length, at + pieceBytes)));
  }
  return recording;
}

const bytesFrom = (recording, timeS) => recording.from(timeS).flatMap((piece) => [...piece]);

for (const pieceBytes of [1, 2, 3, 7, 50, Infinity]) {
  it(`goes on at a cluster that all tracks open with a key frame; pieces of ${pieceBytes}`, () => {
    const recording = recorded([HEAD, ...CLUSTERS], pieceBytes);
    assert.equal(recording.broken, false);
    assert.equal(recording.firstS, 0);
    for (const [timeS, first] of [[-1, 0], [0, 0], [1.95, 0], [2, 3], [3.9, 3], [4, 5], [99, 5]]) {
      const wanted = [HEAD, ...CLUSTERS.slice(first)].flat();
      assert.deepEqual(bytesFrom(recording, timeS), wanted, `${timeS}`);
    }
  });
}

it('what is being written belongs to what a connection gets', () => {
  const whole = [HEAD, ...CLUSTERS, cluster(4300, DELTA)].flat();
  for (let cut = 0; cut < 60; cut++) {
    const recording = recorded([whole.slice(0, whole.length - cut)]);
    assert.deepEqual(bytesFrom(recording, 0), whole.slice(0, whole.length - cut));
    recording.add(new Uint8Array(whole.slice(whole.length - cut)));
    assert.deepEqual(bytesFrom(recording, 0), whole);
  }
});

it('forgets what is stored, never its header', () => {
  const recording = recorded([HEAD, ...CLUSTERS]);
  recording.forgetBefore(3.5);
  assert.deepEqual(bytesFrom(recording, 0), [HEAD, ...CLUSTERS.slice(3)].flat());
  assert.equal(recording.bytes, [HEAD, ...CLUSTERS.slice(3)].flat().length);
  recording.forgetBefore(99);
  assert.deepEqual(bytesFrom(recording, 0), [HEAD, CLUSTERS[5]].flat());
});

it('keeps at most so many bytes, from a cluster that can be begun with', () => {
  const recording = recorded([HEAD, ...CLUSTERS]);
  recording.forgetBeyond(recording.bytes - 1);
  assert.deepEqual(bytesFrom(recording, 0), [HEAD, ...CLUSTERS.slice(3)].flat());
  const endless = recorded([HEAD, cluster(0, KEYS), cluster(300, DELTA)]);
  endless.forgetBeyond(100); // nothing could be begun with
  assert.ok(endless.broken);
  assert.equal(endless.bytes, 0);
});

it('sound alone can go on at each cluster', () => {
  const sound = [cluster(0, [[1, true]]), cluster(500, [[1, true]]), cluster(1000, [[1, true]])];
  const recording = recorded([HEAD, ...sound]);
  assert.deepEqual(bytesFrom(recording, 0.7), [HEAD, ...sound.slice(1)].flat());
});

it('a block in a group is not taken for a key frame', () => {
  const block = element([0xa1], [0x81, 0, 0, 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const group = element([0xa0], block);
  const grouped = element([0x1f, 0x43, 0xb6, 0x75], [...element([0xe7], [3, 232]), ...group], null);
  const recording = recorded([HEAD, cluster(0, [[1, true]]), grouped]);
  assert.deepEqual(bytesFrom(recording, 5), [HEAD, cluster(0, [[1, true]]), grouped].flat());
});

it('bytes that are no WebM are not kept', () => {
  for (const wrong of [
    [HEAD, [0, 0, 0]], // no such ID
    [HEAD, [0xec, 0x00]], // no such size
    [HEAD, element([0xec], Array(12).fill(1), null)], // content without an end
    [HEAD, element([0xec], Array(1100000).fill(0)), element([0xec], [])], // a header without an end
  ]) {
    const recording = recorded(wrong);
    assert.ok(recording.broken);
    assert.equal(recording.bytes, 0);
    recording.add(new Uint8Array(CLUSTERS[0]));
    assert.equal(recording.bytes, 0);
  }
});
