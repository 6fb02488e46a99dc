/**
 * @file The session against a real gateway and worker, through a proxy that can be cut.
 * TTM_TEST_BASE_URL names the server; without it these tests are skipped.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { TTMSession } from '../../../clients/browser/sdk/index.js';
import { Proxy } from './proxy.js';

const baseUrl = process.env.TTM_TEST_BASE_URL;
const skip = baseUrl ? false : 'TTM_TEST_BASE_URL is not set: no server to test against';
const picture = readFileSync(new URL('../../conformance/picture.jpg', import.meta.url));
const CHUNK_S = 0.5;

function chunk(number, more = {}) {
  const t = (number - 1) * CHUNK_S;
  const video = [{ t, data: new Uint8Array(picture) }];
  return { t, d: CHUNK_S, video, audio: new Int16Array(8000), ...more };
}

/** Waits for an event whose detail fits. */
async function until(session, type, fits) {
  for (;;) {
    const [{ detail }] = await once(session, type);
    if (fits(detail)) return detail;
  }
}

function recorded(session, ...types) {
  const seen = [];
  for (const type of types) session.addEventListener(type, ({ detail }) => seen.push(detail));
  return seen;
}

describe('a session', { skip, timeout: 120_000 }, () => {
  /** @type {Proxy} */
  let proxy;
  const open = [];
  before(async () => {
    proxy = await Proxy.to(baseUrl);
  });
  after(() => {
    for (const session of open) session.close();
    proxy.close();
  });
  const connect = async (options = {}) => {
    const session = await TTMSession.connect({ baseUrl: proxy.baseUrl, WebSocket, ...options });
    open.push(session);
    return session;
  };

  it('streams, is told what is applied, ends and answers', async () => {
    const session = await connect();
    assert.equal(session.state, 'live');
    assert.ok(session.credits > 0);
    const states = recorded(session, 'state');
    const acks = recorded(session, 'ack');
    for (let n = 1; n <= 6; n++) assert.equal(session.sendChunk(chunk(n)), n);
    assert.equal(session.nextMediaTime, 3);
    await session.end();
    assert.deepEqual([session.durable, session.applied, session.sent], [6, 6, 6]);
    assert.deepEqual(acks.at(-1), { durable: 6, applied: 6 });
    assert.deepEqual(states, [{ state: 'ended', reason: 'end' }]);
    assert.throws(() => session.sendChunk(chunk(7)), { code: 'closed' });
    const info = await session.info();
    assert.deepEqual([info.status, info.applied_seq, info.gaps], ['ended', 6, []]);
    assert.equal(typeof (await session.ask('Did a dog bark?')).state, 'string');
    assert.ok(Array.isArray((await session.timeline()).events));
  });

  it('a network cut of five seconds loses nothing', async () => {
    const session = await connect();
    const states = recorded(session, 'state');
    const gaps = recorded(session, 'gap');
    let number = 0;
    const source = setInterval(() => session.sendChunk(chunk(++number)), CHUNK_S * 1000);
    await until(session, 'ack', ({ durable }) => durable >= 3);
    proxy.cut();
    await sleep(5000);
    proxy.join();
    await until(session, 'state', ({ state }) => state === 'live');
    await sleep(1000);
    clearInterval(source);
    await session.end();
    assert.ok(number >= 10, `${number}`);
    assert.deepEqual([session.durable, session.applied], [number, number]);
    assert.deepEqual(states.map(({ state }) => state), ['reconnecting', 'live', 'ended']);
    assert.equal(session.reconnects, 1);
    assert.deepEqual(gaps, []);
    const info = await session.info();
    assert.deepEqual([info.applied_seq, info.gaps], [number, []]);
    assert.ok(Math.abs(info.media_s - number * CHUNK_S) < 1e-6);
  });

  it('a cut at any moment of a burst loses nothing and repeats nothing', async () => {
    const session = await connect({ live: false });
    for (let n = 1; n <= 40; n++) {
      session.sendChunk(chunk(n));
      if (n % 13 === 0) {
        await sleep(20);
        proxy.reset();
      }
      await session.drain(4);
    }
    await session.end();
    assert.equal(session.applied, 40);
    assert.ok(session.reconnects >= 1);
    const info = await session.info();
    assert.deepEqual([info.durable_seq, info.applied_seq, info.gaps], [40, 40, []]);
  });

  it('goes on with a session by its id', async () => {
    const first = await connect();
    for (let n = 1; n <= 3; n++) first.sendChunk(chunk(n));
    if (first.applied < 3) await until(first, 'ack', ({ applied }) => applied === 3);
    first.close();
    assert.equal(first.state, 'ended');
    const second = await connect({ sessionId: first.sessionId });
    assert.equal(second.nextMediaTime, 1.5);
    assert.equal(second.sendChunk(chunk(4)), 4);
    await second.end();
    assert.equal(second.applied, 4);
  });

  it('a superseded session does not fight back', async () => {
    const first = await connect();
    const errors = recorded(first, 'error');
    const failed = until(first, 'state', ({ state }) => state === 'failed');
    const second = await connect({ sessionId: first.sessionId });
    await failed;
    assert.equal(errors.at(-1).code, 'superseded');
    await sleep(500);
    assert.deepEqual([first.state, second.state], ['failed', 'live']);
    assert.throws(() => first.sendChunk(chunk(1)), { code: 'superseded', closeCode: 4409 });
    await assert.rejects(first.end(), { code: 'superseded' });
    second.sendChunk(chunk(1));
    await second.end();
    assert.equal(second.applied, 1);
  });

  it('a chunk that breaks the protocol is refused before it costs the connection', async () => {
    const session = await connect();
    const cases = [
      [{ d: 3 }, 'd'],
      [{ audio: new Int16Array(20_000) }, 'audio'],
      [{ video: [{ t: 0, data: new Uint8Array(9) }] }, 'video[0].data'],
      [{ gap: { t0: 2, t1: 1, reason: 'x' } }, 'gap'],
    ];
    for (const [change, field] of cases) {
      assert.throws(() => session.sendChunk(chunk(1, change)), { field });
    }
    session.sendChunk(chunk(5));
    assert.throws(() => session.sendChunk(chunk(4)), { field: 't' });
    assert.throws(() => session.sendMedia(new Uint8Array(4)), /chunks/);
    await session.end();
    assert.equal(session.applied, 1);
  });

  it('a gap that the source tells reaches the server', async () => {
    const session = await connect();
    const gaps = recorded(session, 'gap');
    session.sendChunk(chunk(1));
    session.sendChunk(chunk(5, { gap: { t0: 0.5, t1: 2, reason: 'paused' } }));
    await session.end();
    assert.deepEqual(gaps, [{ t0: 0.5, t1: 2, reason: 'paused' }]);
    assert.deepEqual(session.stats().gaps, gaps);
    const info = await session.info();
    assert.deepEqual(info.gaps.map(({ reason }) => reason), ['paused']);
  });

  it('what cannot be reached or is not there is said at once', async () => {
    const nowhere = TTMSession.connect({ baseUrl: 'http://127.0.0.1:9', WebSocket });
    await assert.rejects(nowhere, { code: 'unreachable', retryable: true });
    await assert.rejects(connect({ sessionId: 'V1StGXR8Z5jdHi6BmyT9' }), {
      code: 'no_such_session',
      status: 404,
    });
  });

  it('a deleted session ends the stream for good', async () => {
    const session = await connect();
    session.sendChunk(chunk(1));
    await session.drain();
    const failed = until(session, 'state', ({ state }) => state === 'failed');
    await session.rest.delete(session.sessionId);
    await failed;
    assert.equal((await assert.rejects(session.end(), { code: 'no_such_session' })), undefined);
  });
});
