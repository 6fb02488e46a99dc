/**
 * @file A recording that is streamed through cuts, against a real gateway and worker: the memory is
 * the same, byte by byte, as without them. TTM_TEST_BASE_URL names the server, TTM_TEST_RECORDING
 * a Matroska file with PCM sound, 16 kHz.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { TTMSession } from '../../../clients/browser/sdk/index.js';
import { until } from './fake_server.js';
import { Proxy } from './proxy.js';

const baseUrl = process.env.TTM_TEST_BASE_URL;
const skip = baseUrl ? false : 'TTM_TEST_BASE_URL is not set: no server to test against';
const PIECES = 60;
const PIECE_MS = 60;

/** Stream the bytes piece by piece; `disturb(n, proxy)` before each; -> the memory's file. */
async function memoryOf(bytes, disturb) {
  const proxy = await Proxy.to(baseUrl);
  const session = await TTMSession.connect({ baseUrl: proxy.baseUrl, WebSocket, media: 'webm' });
  try {
    for (let n = 0; n < PIECES; n++) {
      await disturb(n, proxy, session);
      const [from, to] = [n, n + 1].map((m) => Math.round((bytes.length * m) / PIECES));
      assert.equal(session.sendMedia(bytes.slice(from, to)), true);
      await sleep(PIECE_MS);
    }
    await session.end();
    const info = await session.info();
    assert.deepEqual([info.gaps, info.media_s], [[], 12]);
    const file = await fetch(`${baseUrl}/v1/sessions/${session.sessionId}/memory`);
    assert.equal(file.status, 200);
    return { reconnects: session.reconnects, memory: Buffer.from(await file.arrayBuffer()) };
  } finally {
    session.close();
    proxy.close();
  }
}

describe('a recording', { skip, timeout: 120_000 }, () => {
  it('is remembered the same, whatever the network does', async () => {
    const recording = new Uint8Array(readFileSync(process.env.TTM_TEST_RECORDING));
    const whole = await memoryOf(recording, () => {});
    assert.equal(whole.reconnects, 0);

    const cut = await memoryOf(recording, async (n, proxy, session) => {
      if (n === 13) proxy.cut();
      if (n === 33) proxy.join();
      if (n > 33 && n % 5 === 0) {
        await until(() => session.state === 'live');
        proxy.reset();
        await until(() => session.state !== 'live');
      }
    });
    assert.equal(cut.reconnects, 6);
    assert.ok(cut.memory.equals(whole.memory));

    // And the control: half a second of noise in it is another memory.
    const other = recording.slice();
    for (let at = other.length >> 1; at < (other.length >> 1) + 9000; at++) other[at] ^= 0x55;
    const damaged = await memoryOf(other, () => {});
    assert.equal(damaged.memory.equals(whole.memory), false);
  });
});
