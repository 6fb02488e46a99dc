/** @file The REST calls about words, names and pictures: what goes out, over a real HTTP server. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';

import { RestClient } from '../../../clients/browser/sdk/index.js';

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, ...Array(100_000).keys()].map((n) => n % 256));

describe('words, names and pictures', () => {
  let server;
  let client;
  let answer;
  let asked;
  before(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      asked.push([request.method, request.url, body ? JSON.parse(body) : null]);
      response.writeHead(answer.status ?? 200).end(answer.body ?? '{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new RestClient(`http://127.0.0.1:${server.address().port}`);
  });
  beforeEach(() => {
    answer = {};
    asked = [];
  });
  after(() => server.close());

  it('words of a stretch of time, and as captions', async () => {
    answer = { body: '{"words":[],"words_until_s":3.5}' };
    assert.deepEqual(await client.words('a'), { words: [], words_until_s: 3.5 });
    answer = { body: 'WEBVTT\n' };
    assert.equal(await client.wordsVtt('a', { sinceS: 0, untilS: 2.5 }), 'WEBVTT\n');
    assert.deepEqual(asked.map(([, url]) => url), [
      '/v1/sessions/a/words',
      '/v1/sessions/a/words?format=vtt&since_s=0&until_s=2.5',
    ]);
  });

  it('teaches, lists and forgets', async () => {
    await client.teach('a', 'my cup', { sinceS: 1 });
    await client.things('a');
    answer = { status: 204, body: '' };
    await client.forget('a', 'salt / pepper?');
    await client.vocabulary();
    assert.deepEqual(asked, [
      ['POST', '/v1/sessions/a/things', { name: 'my cup', since_s: 1 }],
      ['GET', '/v1/sessions/a/things', null],
      ['DELETE', '/v1/sessions/a/things/salt%20%2F%20pepper%3F', null],
      ['GET', '/v1/vocabulary', null],
    ]);
    const detail = 'name: 16 things are taught already';
    answer = { status: 409, body: JSON.stringify({ code: 'cannot_teach', detail, field: 'name' }) };
    const refused = { code: 'cannot_teach', message: detail, status: 409, field: 'name' };
    await assert.rejects(client.teach('a', 'my cup'), refused);
  });

  it('a picture goes with its question, as bytes or as a file', async () => {
    await client.ask('a', 'When did you see this?', { picture: JPEG, conversation: 'c' });
    await client.ask('a', 'When did you see this?', { picture: new Blob([JPEG]) });
    await client.ask('a', 'And before?');
    const [bytes, file, none] = asked.map(([, , body]) => body);
    assert.deepEqual(new Uint8Array(Buffer.from(bytes.picture, 'base64')), JPEG);
    assert.equal(bytes.conversation, 'c');
    assert.equal(file.picture, bytes.picture);
    assert.deepEqual(none, { question: 'And before?' });
  });

  it('what is no picture, or too large a one, is not sent', async () => {
    const large = new Uint8Array(512 * 1024 + 1);
    const gif = new Blob(['GIF89a']);
    await assert.rejects(client.ask('a', '?', { picture: large }), { code: 'too_big', field: 'picture' });
    await assert.rejects(client.ask('a', '?', { picture: gif }), { code: 'bad_message', field: 'picture' });
    assert.deepEqual(asked, []);
  });
});
