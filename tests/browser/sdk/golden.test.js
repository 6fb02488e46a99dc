/** @file The golden vectors of the protocol, the same file that the server is tested against. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import * as protocol from '../../../clients/browser/sdk/protocol.js';
import { checkChunk } from '../../../clients/browser/sdk/validate.js';
import { decode } from './msgpack_reader.js';

const golden = JSON.parse(readFileSync(new URL('../../golden/protocol.json', import.meta.url)));
const fromHex = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes) => Buffer.from(bytes).toString('hex');

function bytesOf(given) {
  if ('hex' in given) return fromHex(given.hex);
  return new Uint8Array(Buffer.concat(given.parts.map(([hex, times]) => {
    const part = Buffer.from(hex, 'hex');
    return Buffer.concat(Array(times).fill(part));
  })));
}

function chunkOf({ seq, t, d, video, audio_hex, gap }) {
  return {
    seq, t, d, gap,
    video: video.map((picture) => ({ t: picture.t, data: fromHex(picture.data_hex) })),
    audio: audio_hex === null ? null : fromHex(audio_hex),
  };
}

function refusedWith(call) {
  try {
    call();
  } catch (error) {
    return [error.code, error.field];
  }
  return ['accepted', null];
}

it('the limits and the subprotocol are those of the file', () => {
  assert.deepEqual(protocol.LIMITS, golden.limits);
  assert.equal(protocol.SUBPROTOCOL, golden.subprotocol);
});

describe('client text', () => {
  for (const { name, text, canonical, decoded } of golden.client_text.valid) {
    if (!canonical) continue;
    it(name, () => {
      const { type, ticket, media } = decoded;
      const encoded = type === 'end' ? protocol.encodeEnd() : protocol.encodeStart(ticket, media);
      assert.equal(encoded, text);
    });
  }
});

describe('server text', () => {
  for (const { name, text, decoded } of golden.server_text.valid) {
    it(name, () => assert.deepEqual(protocol.decodeServerText(text), decoded));
  }
  for (const { name, text, code, field } of golden.server_text.invalid) {
    it(`refuses: ${name}`, () => {
      assert.deepEqual(refusedWith(() => protocol.decodeServerText(text)), [code, field]);
    });
  }
});

describe('chunks', () => {
  for (const vector of golden.chunk.valid) {
    it(vector.name, () => {
      const chunk = chunkOf(vector.decoded);
      checkChunk(chunk);
      if (vector.canonical) assert.equal(toHex(protocol.encodeChunk(chunk)), vector.hex);
      const again = decode(protocol.encodeChunk(chunk));
      assert.deepEqual({ gap: null, ...again }, chunk);
    });
  }
  it('samples are the same bytes as bytes', () => {
    const vector = golden.chunk.valid.find(({ name }) => name === 'audio only');
    const audio = new Int16Array([0, 1, -1, 32767]);
    assert.equal(toHex(protocol.encodeChunk({ ...chunkOf(vector.decoded), audio })), vector.hex);
  });
  // Broken MessagePack cannot come out of the encoder; what it can express, the check refuses.
  let expressible = 0;
  for (const vector of golden.chunk.invalid) {
    let chunk;
    try {
      chunk = decode(bytesOf(vector));
    } catch {
      continue;
    }
    if (typeof chunk !== 'object' || chunk === null || Array.isArray(chunk)) continue;
    expressible += 1;
    if (vector.name === 'video nil') continue; // left out and null are the same to the SDK
    it(`refuses: ${vector.name}`, () => {
      assert.deepEqual(refusedWith(() => checkChunk(chunk)), [vector.code, vector.field]);
    });
  }
  it('most of the invalid ones can be expressed', () => assert.ok(expressible > 40, `${expressible}`));
});

describe('MessagePack lengths', () => {
  for (const size of [0, 255, 256, 65_535, 65_536, 300_000]) {
    it(`${size} bytes`, () => {
      const audio = new Uint8Array(size).fill(7);
      const chunk = { seq: 70_000, t: 1, d: 0.5, video: [], audio };
      assert.deepEqual(decode(protocol.encodeChunk(chunk)), chunk);
    });
  }
  for (const seq of [1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    it(`seq ${seq}`, () => {
      assert.equal(decode(protocol.encodeChunk({ seq, t: 0, d: 1 })).seq, seq);
    });
  }
  it('text that is not ASCII', () => {
    const gap = { t0: 0, t1: 1, reason: 'é'.repeat(64) };
    assert.deepEqual(decode(protocol.encodeChunk({ seq: 1, t: 1, d: 1, gap })).gap, gap);
  });
});
