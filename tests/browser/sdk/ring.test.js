/** @file The ring of waiting and unacknowledged chunks; the same cases as the Python client's. */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { ChunkRing, FULL_S, KEEP_S, MOST_S } from '../../../clients/browser/sdk/ring.js';

const media = (number, more = {}) => ({ t: (number - 1) * 0.5, d: 0.5, ...more });
const PICTURES = [{ t: 0, data: new Uint8Array([0xff, 0xd8, 0xff]) }];

function filled(count, { credits = 1000, ...options } = {}) {
  const ring = new ChunkRing(options);
  ring.startAt(1);
  ring.credits = credits;
  for (let number = 1; number <= count; number++) ring.add(media(number));
  return ring;
}

function taken(ring) {
  const chunks = [];
  for (let chunk = ring.take(); chunk !== null; chunk = ring.take()) chunks.push(chunk);
  return chunks;
}
const seqs = (ring) => taken(ring).map(({ seq }) => seq);
const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);

it('credits bound what is unacknowledged', () => {
  const ring = filled(10, { credits: 3 });
  assert.deepEqual(seqs(ring), [1, 2, 3]);
  assert.equal(ring.acknowledge(2, 0), true);
  assert.equal(ring.acknowledge(2, 0), false);
  assert.deepEqual(seqs(ring), [4, 5]);
  ring.credits = 0;
  ring.acknowledge(5, 0);
  assert.deepEqual(seqs(ring), []);
  assert.equal(ring.waiting, 5);
});

it('after a reconnect everything from next_seq is sent again', () => {
  const ring = filled(10);
  const before = taken(ring);
  ring.startAt(4);
  assert.deepEqual(taken(ring), before.slice(3));
  ring.startAt(11);
  assert.deepEqual(taken(ring), []);
});

it('ten seconds past durable are kept for a server that falls back', () => {
  const ring = filled(100);
  taken(ring);
  ring.acknowledge(100, 90);
  ring.startAt(100 - KEEP_S / 0.5 + 1);
  const again = taken(ring);
  assert.equal(again.length, KEEP_S / 0.5);
  assert.ok(again.every(({ gap }) => !gap));
  assert.ok(ring.applied <= ring.durable);
  assert.equal(ring.lostS, 0);
});

it('further back the kept chunks are renumbered and the loss is a gap', () => {
  const told = [];
  const ring = filled(100, { onGap: (gap) => told.push(gap) });
  taken(ring);
  ring.acknowledge(100, 90);
  ring.startAt(51);
  const again = taken(ring);
  assert.deepEqual(again.map(({ seq }) => seq), range(51, 71));
  assert.deepEqual(again.map(({ t }) => t), range(81, 101).map((n) => (n - 1) * 0.5));
  assert.deepEqual(again[0].gap, { t0: 25, t1: 40, reason: 'lost' });
  assert.deepEqual(told, [again[0].gap]);
  assert.ok(again.slice(1).every(({ gap }) => !gap));
  assert.equal(ring.lostS, 15);
  ring.add(media(101));
  assert.deepEqual(seqs(ring), [71]);
  ring.acknowledge(71, 71);
  ring.startAt(52); // and once more, numbers and times still fit
  const [first] = taken(ring);
  assert.deepEqual([first.seq, first.t], [52, 40.5]);
});

it('a loss with nothing left is told with the next chunk', () => {
  const ring = filled(3);
  taken(ring);
  ring.acknowledge(3, 3);
  ring._sent.clear();
  ring.startAt(2);
  assert.deepEqual(taken(ring), []);
  ring.add(media(9));
  const [chunk] = taken(ring);
  assert.deepEqual([chunk.seq, chunk.gap], [2, { t0: 0.5, t1: 4, reason: 'lost' }]);
});

it('a loss of what others sent is told from the beginning', () => {
  const ring = new ChunkRing();
  ring.startAt(41);
  ring.credits = 10;
  ring.add(media(41));
  taken(ring);
  ring.startAt(39);
  const [chunk] = taken(ring);
  assert.deepEqual([chunk.seq, chunk.gap], [39, { t0: 0, t1: 20, reason: 'lost' }]);
});

it('a session that goes on is numbered from where the server says', () => {
  const ring = new ChunkRing();
  ring.add(media(1)); // the source was quicker than the connection
  ring.startAt(41);
  ring.credits = 1;
  assert.deepEqual(seqs(ring), [41]);
  assert.equal(ring.nextSeq, 42);
});

it('a server ahead of what was sent has another client', () => {
  const ring = filled(3);
  taken(ring);
  assert.throws(() => ring.startAt(9), { code: 'superseded', retryable: false });
});

it('a live source drops pictures first, then whole chunks, and says so', () => {
  const ring = new ChunkRing({ live: true });
  ring.startAt(1);
  const count = MOST_S / 0.5 + 10;
  const audio = new Int16Array(1);
  for (let n = 1; n <= count; n++) ring.add(media(n, { video: PICTURES, audio }));
  assert.equal(ring.waiting, MOST_S / 0.5);
  assert.deepEqual([ring.dropped, ring.thinned], [10, count - FULL_S / 0.5]);
  assert.equal(ring.droppedPictures, count - FULL_S / 0.5);
  ring.credits = 1000;
  const chunks = taken(ring);
  assert.deepEqual(chunks.map(({ seq }) => seq), range(1, chunks.length + 1));
  const thin = chunks.slice(0, -FULL_S / 0.5);
  assert.ok(thin.every((chunk) => chunk.audio && chunk.video.length === 0));
  assert.ok(thin.every(({ gap }) => gap.reason === 'backpressure'));
  assert.deepEqual([chunks[0].gap.t0, chunks[0].gap.t1], [0, 5.5]); // ten dropped, one thinned
  const whole = chunks.slice(thin.length);
  assert.ok(whole.every((chunk) => chunk.audio && chunk.video.length === 1 && !chunk.gap));
});

it('ten seconds without a connection cost a live source nothing', () => {
  const ring = new ChunkRing({ live: true });
  ring.startAt(1);
  for (let n = 1; n <= FULL_S / 0.5; n++) ring.add(media(n, { video: PICTURES }));
  ring.credits = 1000;
  assert.ok(taken(ring).every(({ video, gap }) => video.length === 1 && !gap));
});

it('every gap is told, however late it is', () => {
  const ring = new ChunkRing({ live: true });
  ring.startAt(1);
  ring.add(media(1, { gap: { t0: 0, t1: 0.1, reason: 'source' } }));
  for (let n = 2; n < 200; n++) ring.add(media(n, { video: PICTURES }));
  ring.credits = 1000;
  const [first] = taken(ring);
  assert.deepEqual([first.gap.t0, first.gap.reason], [0, 'several']);
  assert.equal(first.gap.t1, first.t + first.d);
});

it('a source that can wait loses nothing', () => {
  const ring = filled(500);
  assert.deepEqual([ring.waiting, ring.dropped, ring.thinned], [500, 0, 0]);
});

it('add() says the number that the chunk will have', () => {
  const ring = filled(0);
  assert.equal(ring.add(media(1)), 1);
  assert.equal(ring.add(media(2)), 2);
  taken(ring);
  assert.equal(ring.add(media(3)), 3);
});
