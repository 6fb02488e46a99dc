/** @file What a session does at each turn of the protocol, against a server played by hand. */

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { TTMSession } from '../../../clients/browser/sdk/index.js';
import { Patience } from '../../../clients/browser/sdk/failures.js';
import { TTMError } from '../../../clients/browser/sdk/errors.js';
import { StreamSocket } from '../../../clients/browser/sdk/socket.js';
import { FakeServer, until } from './fake_server.js';
import { cluster, header } from './webm_writer.js';

const chunk = (n) => ({ t: (n - 1) * 0.5, d: 0.5, video: [], audio: new Int16Array(8) });
const MP4 = [0, 0, 0, 8, 0x66, 0x74, 0x79, 0x70];
const bytes = (...values) => new Uint8Array(values);

/** @type {TTMSession[]} */
const sessions = [];

// After a failure too: a session that is left open tries for ever, and nothing would be told.
afterEach(() => sessions.splice(0).forEach((session) => session.close()));

async function begun(options = {}) {
  const server = new FakeServer();
  const connecting = TTMSession.connect({ ...server.options, ...options });
  await server.accept(1, options.nextSeq, options.credits, options.t);
  const session = await connecting;
  sessions.push(session);
  const states = [];
  session.addEventListener('state', ({ detail }) => states.push(detail.state));
  return { server, session, states };
}

it('starts with a ticket and the subprotocol', async () => {
  const { server, session } = await begun();
  assert.equal(server.socket.url, 'ws://server/v1/sessions/s1/stream');
  assert.deepEqual(server.socket.protocols, ['ttm.v1']);
  assert.deepEqual(server.socket.sent, [{ type: 'start', ticket: 't1', media: 'chunks' }]);
  session.close();
  assert.equal(server.socket.closedWith, 1000);
});

it('a session to go on with has its own media time and number', async () => {
  const { session } = await begun({ sessionId: 's1', nextSeq: 9 });
  assert.equal(session.nextMediaTime, 5); // 4 s in memory and two chunks on their way
  assert.equal(session.sendChunk(chunk(11)), 9);
});

it('never has more unacknowledged chunks than credits', async () => {
  const { server, session } = await begun({ credits: 2 });
  for (let n = 1; n <= 5; n++) session.sendChunk(chunk(n));
  assert.deepEqual(server.socket.seqs, [1, 2]);
  assert.equal(session.stats().lagChunks, 5);
  server.socket.say({ type: 'ack', durable: 1, applied: 0 });
  assert.deepEqual(server.socket.seqs, [1, 2, 3]);
  server.socket.say({ type: 'flow', credits: 0 });
  server.socket.say({ type: 'ack', durable: 3, applied: 1 });
  assert.deepEqual(server.socket.seqs, [1, 2, 3]);
  server.socket.say({ type: 'flow', credits: 1 });
  assert.deepEqual(server.socket.seqs, [1, 2, 3, 4]);
});

it('what a full socket does not take waits where it can still be dropped', async () => {
  const { server, session } = await begun({ credits: 1000 });
  const gaps = [];
  session.addEventListener('gap', ({ detail }) => gaps.push(detail));
  server.socket.bufferedAmount = 2 ** 20;
  const video = [{ t: 0, data: bytes(0xff, 0xd8, 0xff) }];
  for (let n = 1; n <= 30; n++) session.sendChunk({ ...chunk(n), video });
  assert.deepEqual(server.socket.seqs, []);
  const { droppedPictures, droppedChunks } = session.stats();
  assert.deepEqual([droppedPictures, droppedChunks], [10, 0]);
  assert.deepEqual(session.stats().gaps, [{ t0: 0, t1: 5, reason: 'backpressure' }]);
  assert.equal(gaps.length, 10);
  server.socket.bufferedAmount = 0;
  await until(() => server.socket.seqs.length === 30);
});

for (const [name, leave] of [
  ['goaway', (socket) => socket.say({ type: 'goaway', time_left_s: 2 })],
  ['1012', (socket) => socket.drop(1012)],
]) {
  it(`${name}: is back at once with a fresh ticket and goes on from next_seq`, async () => {
    const { server, session, states } = await begun();
    for (let n = 1; n <= 4; n++) session.sendChunk(chunk(n));
    server.socket.say({ type: 'ack', durable: 2, applied: 1 });
    leave(server.socket);
    session.sendChunk(chunk(5));
    const second = await server.accept(2, 3);
    assert.deepEqual(second.sent[0].ticket, 't2');
    assert.deepEqual(second.seqs, [3, 4, 5]);
    assert.deepEqual(states, ['reconnecting', 'live']);
    assert.equal(session.reconnects, 1);
  });
}

for (const [code, name] of [[1008, 'policy'], [1009, 'too_big'], [4400, 'bad_message'],
  [4404, 'no_such_session'], [4409, 'superseded']]) {
  it(`${code} is final`, async () => {
    const { server, session, states } = await begun();
    server.socket.drop(code);
    await until(() => session.state === 'failed');
    await assert.rejects(session.end(), { code: name, closeCode: code });
    await sleep(300);
    assert.equal(server.sockets.length, 1);
    assert.deepEqual(states, ['failed']);
  });
}

for (const code of [1006, 1011, 1013, 4401, 4408, 4429]) {
  it(`${code} is tried again`, async () => {
    const { server, session } = await begun();
    server.socket.drop(code);
    await server.accept(2);
    assert.equal(session.state, 'live');
  });
}

it('what the server says in its error counts more than the close code', async () => {
  const { server, session } = await begun();
  server.socket.say({ type: 'error', code: 'quarantined', message: 'set aside', retryable: false });
  server.socket.drop(1008);
  await until(() => session.state === 'failed');
  await assert.rejects(session.end(), { code: 'quarantined', message: 'set aside' });
});

it('a ticket that is refused for good ends it; one that is not is asked for again', async () => {
  const { server, session } = await begun();
  server.refuseTickets = [503, 'store_unavailable'];
  server.socket.drop();
  await sleep(300);
  assert.equal(session.state, 'reconnecting');
  server.refuseTickets = [404, 'no_such_session'];
  await until(() => session.state === 'failed');
  await assert.rejects(session.end(), { code: 'no_such_session', status: 404 });
});

it('a server that fell back gets the kept chunks again', async () => {
  const { server, session } = await begun();
  for (let n = 1; n <= 6; n++) session.sendChunk(chunk(n));
  server.socket.say({ type: 'ack', durable: 6, applied: 6 });
  server.socket.drop(1012);
  const second = await server.accept(2, 3);
  assert.deepEqual(second.seqs, [3, 4, 5, 6]);
  assert.deepEqual(session.stats().gaps, []);
});

it('end() lasts through a drop: what is missing is sent again, and `end` too', async () => {
  const { server, session, states } = await begun();
  for (let n = 1; n <= 3; n++) session.sendChunk(chunk(n));
  const ending = session.end();
  assert.deepEqual(server.socket.texts, ['start', 'end']);
  assert.throws(() => session.sendChunk(chunk(4)), { code: 'closed' });
  server.socket.drop();
  const second = await server.accept(2, 2);
  assert.deepEqual(second.seqs, [2, 3]);
  assert.deepEqual(second.texts, ['start', 'end']);
  second.say({ type: 'goaway', time_left_s: 1 }); // only the rest is waited for anyway
  second.say({ type: 'ack', durable: 3, applied: 3 });
  second.drop(1000);
  await ending;
  assert.deepEqual(states, ['reconnecting', 'live', 'ended']);
  assert.equal(session.applied, 3);
});

it('a close with 1000 that was not asked for is a drop', async () => {
  const { server, session } = await begun();
  server.socket.drop(1000);
  await server.accept(2);
  assert.equal(session.state, 'live');
});

it('close() while reconnecting ends the attempts', async () => {
  const { server, session } = await begun();
  server.refuseTickets = [503, 'store_unavailable'];
  server.socket.drop();
  await until(() => session.state === 'reconnecting');
  session.close();
  await assert.rejects(session.end(), { code: 'closed' });
  assert.equal(server.sockets.length, 1);
});

it('a server that owes an answer and says nothing is left', () => {
  const server = new FakeServer();
  const over = [];
  const make = () => new StreamSocket({
    WebSocket: server.WebSocket, url: 'ws://server', ticket: 't', media: 'chunks',
    onMessage: () => {}, onOver: (error) => over.push(error.code),
  });
  const [owing, idle, busy] = [make(), make(), make()];
  for (const socket of [owing, idle, busy]) socket.heardS -= 30;
  owing.checkAlive(3, 16);
  idle.checkAlive(0, 16);
  busy.checkAlive(3, 0); // it has said that it is slow
  assert.deepEqual(over, ['unreachable']);
  busy.heardS -= 60;
  busy.checkAlive(3, 0);
  assert.equal(over.length, 2);
  idle.abandon(new TTMError('closed', 'closed'));
});

it('pauses grow with jitter, begin anew after a good connection, and end', () => {
  const why = new TTMError('unreachable', 'gone', { retryable: true });
  const patience = new Patience(30);
  const pauses = Array.from({ length: 12 }, () => patience.pauseS(0, false, why));
  pauses.forEach((pause, n) => {
    const most = Math.min(5, 0.1 * 2 ** n);
    assert.ok(pause >= most / 2 && pause <= most, `${n}: ${pause}`);
  });
  assert.ok(patience.pauseS(29, true, why) <= 0.1);
  assert.throws(() => patience.pauseS(60, false, why), { code: 'unreachable', retryable: false });
  assert.ok(new Patience(Infinity).pauseS(1e9, false, why) > 0);
  const restarting = new TTMError('restarting', 'bye', { retryable: true, closeCode: 1012 });
  const again = new Patience(30);
  assert.equal(again.pauseS(0, true, restarting), 0);
  assert.ok(again.pauseS(0, false, restarting) > 0); // but not round and round
});

/** A connection's bytes, one after the other. */
const media = (socket) => socket.sent.slice(1).flatMap((data) => [...data]);
const sendAll = (session, ...parts) => parts.map((part) => session.sendMedia(new Uint8Array(part)));

it('mp4: bytes go out as they come; after a drop only a new recording is taken', async () => {
  const { server, session } = await begun({ media: 'webm' });
  assert.equal(server.socket.sent[0].media, 'webm');
  assert.throws(() => session.sendChunk(chunk(1)), /webm/);
  assert.equal(session.sendMedia(bytes(1, 2, 3)), false); // no beginning
  assert.deepEqual(sendAll(session, MP4, [4]), [true, true]);
  assert.deepEqual(media(server.socket), [...MP4, 4]);
  server.socket.drop();
  assert.equal(session.sendMedia(bytes(5)), false);
  assert.deepEqual(sendAll(session, MP4, [6]), [true, true]); // waits for the connection
  const second = await server.accept(2);
  assert.deepEqual(media(second), [...MP4, 6]);
});

it('webm: after a drop the recording goes on from what the server has', async () => {
  const { server, session } = await begun({ media: 'webm', sessionId: 's1' });
  assert.equal(server.socket.sent[0].t, 5); // where the session ended: the recording's time zero
  const key = [0, 2, 4].map((s) => cluster(1000 * s, [[1, true], [2, true]]));
  const delta = [1, 3, 5].map((s) => cluster(1000 * s, [[1, true], [2, false]]));
  assert.ok(sendAll(session, header(), key[0], delta[0], key[1], delta[1]).every(Boolean));
  server.socket.drop();
  assert.ok(sendAll(session, key[2], delta[2].slice(0, 20)).every(Boolean)); // recorded meanwhile
  assert.ok(session.stats().bufferedBytes > 0);
  const second = await server.accept(2, 7, 16, 8.1); // 3.1 s of the recording
  assert.equal(second.sent[0].t, 5);
  const rest = [header(), key[1], delta[1], key[2], delta[2].slice(0, 20)].flat();
  assert.deepEqual(media(second), rest);
  sendAll(session, delta[2].slice(20));
  assert.deepEqual(media(second), [...rest, ...delta[2].slice(20)]);
});

it('webm: keeps what a store that fell back may ask for again, and no more', async () => {
  const { server, session } = await begun({ media: 'webm', t: 0 });
  const all = () => media(server.sockets[0]).length;
  sendAll(session, header());
  for (let s = 0; s < 40; s++) sendAll(session, cluster(1000 * s, [[1, true]], { bytes: 3000 }));
  server.socket.say({ type: 'ack', durable: 60, applied: 60 }); // 30 s
  server.socket.drop();
  const second = await server.accept(2, 61, 16, 30);
  assert.equal(media(second).length, all() - 29 * 3029);
  second.drop();
  const third = await server.accept(3, 41, 16, 20);
  assert.equal(media(third).length, all() - 20 * 3029); // kept, though it was stored once
});

it('webm: a recording that begins anew gets a connection of its own, quietly', async () => {
  const { server, session, states } = await begun({ media: 'webm' });
  const sent = (...parts) => {
    const from = performance.now();
    assert.deepEqual(sendAll(session, ...parts), [true, true]);
    return { from, to: performance.now() };
  };
  const one = sent(header(), cluster(0, [[1, true]]));
  await sleep(30);
  const next = cluster(0, [[1, true]], { bytes: 9 });
  const two = sent(header(), next);
  const second = await server.accept(2, 1, 16, 0.5);
  assert.deepEqual(media(second), [...header(), ...next]);
  // As much later as it began, to the rounding of sums of seconds.
  const laterMs = 1000 * (second.sent[0].t - server.sockets[0].sent[0].t);
  assert.ok(laterMs > two.from - one.to - 0.001 && laterMs < two.to - one.from + 0.001, `${laterMs}`);
  assert.deepEqual(states, []);
});

it('mp4: what the network cannot take ends in a new recording, not in endless memory', async () => {
  const { server, session } = await begun({ media: 'webm' });
  session.sendMedia(bytes(...MP4));
  server.socket.bufferedAmount = 2 ** 21;
  const second = new Uint8Array(2 ** 20);
  let taken = 0;
  while (session.sendMedia(second)) taken += 1;
  assert.ok(taken <= 5, `${taken}`);
  assert.ok(session.stats().bufferedBytes < 2 ** 23);
  await server.accept(2);
  assert.equal(session.sendMedia(bytes(...MP4)), true);
});

it('webm: what the network cannot take is shed, and the recording goes on', async () => {
  const { server, session } = await begun({ media: 'webm' });
  const gigantic = { bytes: 2 ** 19 };
  server.socket.bufferedAmount = 2 ** 21;
  sendAll(session, header());
  for (let s = 0; server.sockets.length === 1 && s < 60; s++) {
    assert.deepEqual(sendAll(session, cluster(1000 * s, [[1, true]], gigantic)), [true]);
    assert.ok(session.stats().bufferedBytes < 2 ** 24);
    if (server.socket.readyState === 3) break;
  }
  const second = await server.accept(2);
  const got = media(second);
  assert.ok(got.length > 2 ** 22 && got.length <= 2 ** 23, `${got.length}`);
  assert.deepEqual(got.slice(0, header().length), header());
});
