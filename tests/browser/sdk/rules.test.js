/** @file What a session does at each turn of the protocol, against a server played by hand. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { TTMSession } from '../../../clients/browser/sdk/index.js';
import { Patience } from '../../../clients/browser/sdk/failures.js';
import { TTMError } from '../../../clients/browser/sdk/errors.js';
import { StreamSocket } from '../../../clients/browser/sdk/socket.js';
import { FakeServer, until } from './fake_server.js';

const chunk = (n) => ({ t: (n - 1) * 0.5, d: 0.5, video: [], audio: new Int16Array(8) });
const HEADER = new Uint8Array([0x1a, 0x45, 0xdf, 0xa3, 0, 0, 0, 0]);
const bytes = (...values) => new Uint8Array(values);

async function begun(options = {}) {
  const server = new FakeServer();
  const connecting = TTMSession.connect({ ...server.options, ...options });
  await server.accept(1, options.nextSeq, options.credits);
  const session = await connecting;
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
  session.close();
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
  session.close();
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
  session.close();
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
    session.close();
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
    session.close();
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
  session.close();
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
  session.close();
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

it('webm: bytes go out as they come; after a drop only a new recording is taken', async () => {
  const { server, session } = await begun({ media: 'webm' });
  assert.equal(server.socket.sent[0].media, 'webm');
  assert.throws(() => session.sendChunk(chunk(1)), /webm/);
  assert.equal(session.sendMedia(bytes(1, 2, 3)), false); // no beginning
  assert.equal(session.sendMedia(HEADER), true);
  assert.equal(session.sendMedia(bytes(4)), true);
  assert.deepEqual(server.socket.sent.slice(1), [HEADER, bytes(4)]);
  server.socket.drop();
  assert.equal(session.sendMedia(bytes(5)), false);
  assert.equal(session.sendMedia(HEADER), true); // waits for the connection
  assert.equal(session.sendMedia(bytes(6)), true);
  const second = await server.accept(2);
  assert.deepEqual(second.sent.slice(1), [HEADER, bytes(6)]);
  session.close();
});

it('webm: a recording that begins anew gets a connection of its own, quietly', async () => {
  const { server, session, states } = await begun({ media: 'webm' });
  session.sendMedia(HEADER);
  session.sendMedia(bytes(1));
  assert.equal(session.sendMedia(HEADER), true);
  assert.equal(session.sendMedia(bytes(2)), true);
  const second = await server.accept(2);
  assert.deepEqual(second.sent.slice(1), [HEADER, bytes(2)]);
  assert.deepEqual(states, []);
  session.close();
});

it('webm: what the network cannot take ends in a new recording, not in endless memory', async () => {
  const { server, session } = await begun({ media: 'webm' });
  session.sendMedia(HEADER);
  server.socket.bufferedAmount = 2 ** 21;
  const second = new Uint8Array(2 ** 20);
  let taken = 0;
  while (session.sendMedia(second)) taken += 1;
  assert.ok(taken <= 5, `${taken}`);
  assert.ok(session.stats().bufferedBytes < 2 ** 23);
  await server.accept(2);
  assert.equal(session.sendMedia(HEADER), true);
  session.close();
});
