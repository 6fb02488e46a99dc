/**
 * @file The conformance client of the JavaScript SDK: `node client.mjs BASE_URL SCENARIO` plays one
 * scenario and prints one line of JSON. The Python client beside it prints the same.
 *
 * Scenarios: `basic` streams 20 chunks of silence and one picture and waits until all is applied;
 * `resume` cuts its connection after the eighth chunk is durable and goes on to 20; `supersede`
 * opens a second connection and reports what the first one sees; `bad` sends what is no MessagePack;
 * `ask` asks a session that has ended; `names` teaches a name, lists, asks by picture, reads the
 * words, forgets, and forgets again.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { TTMSession } from '../../clients/browser/sdk/index.js';

const CHUNKS = 20;
const CHUNK_S = 0.5;
const CHUNK_SAMPLES = 8000;
const CUT_AFTER = 8;
const QUESTION = 'Did a dog bark?';

const require = createRequire(new URL('../browser/package.json', import.meta.url));
const Socket = globalThis.WebSocket ?? webSocketOfPackage();
const picture = new Uint8Array(readFileSync(new URL('picture.jpg', import.meta.url)));

/** Every WebSocket that was opened, so that a scenario can misuse the newest. */
const sockets = [];
class SeenSocket extends Socket {
  constructor(...options) {
    super(...options);
    sockets.push(this);
  }
}

/** Node has a WebSocket of its own from version 22 on. */
function webSocketOfPackage() {
  try {
    return require('ws').WebSocket;
  } catch {
    console.error('this node has no WebSocket: run `npm ci` in tests/browser first');
    process.exit(2);
  }
}

function connect(baseUrl, options = {}) {
  return TTMSession.connect({ baseUrl, WebSocket: SeenSocket, live: false, ...options });
}

function chunk(number) {
  const t = (number - 1) * CHUNK_S;
  const video = number === 1 ? [{ t, data: picture }] : [];
  return { t, d: CHUNK_S, video, audio: new Int16Array(CHUNK_SAMPLES) };
}

async function durable(session, seq) {
  while (session.durable < seq) await once(session, 'ack');
}

function positions({ durable, applied }) {
  return { ok: durable === CHUNKS && applied === CHUNKS, durable, applied };
}

/** Streams everything; `cut` is called once, after CUT_AFTER chunks are durable. */
async function streamed(baseUrl, cut = () => {}) {
  const session = await connect(baseUrl);
  for (let number = 1; number <= CHUNKS; number++) {
    session.sendChunk(chunk(number));
    await session.drain(1);
    if (number !== CUT_AFTER) continue;
    await durable(session, CUT_AFTER);
    cut();
  }
  await session.end();
  return session;
}

/** The close code that ended a session for good. */
async function closeCode(session) {
  while (session.state !== 'failed') await once(session, 'state');
  return session.end().then(() => null, (error) => error.closeCode);
}

const scenarios = {
  basic: async (baseUrl) => positions(await streamed(baseUrl)),
  resume: async (baseUrl) => {
    const session = await streamed(baseUrl, () => {
      const socket = sockets.at(-1);
      if (socket.terminate) socket.terminate();
      else socket.close();
    });
    const { ok, ...rest } = positions(session);
    return { ok: ok && session.reconnects === 1, ...rest };
  },
  supersede: async (baseUrl) => {
    const first = await connect(baseUrl);
    const second = await connect(baseUrl, { sessionId: first.sessionId });
    const code = await closeCode(first);
    second.close();
    return { ok: code === 4409, code };
  },
  bad: async (baseUrl) => {
    const session = await connect(baseUrl);
    sockets.at(-1).send(new TextEncoder().encode('this is no MessagePack'));
    const code = await closeCode(session);
    return { ok: code === 4400, code };
  },
  ask: async (baseUrl) => {
    const session = await streamed(baseUrl);
    const { state } = await session.ask(QUESTION);
    return { ok: true, state };
  },
  names: async (baseUrl) => {
    const session = await connect(baseUrl);
    for (let number = 1; number <= 4; number++) session.sendChunk(chunk(number));
    await session.end();
    const taught = await session.teach('my cup', { sinceS: 0.5 });
    const { things } = await session.things();
    const { answer } = await session.ask('When did you see this?', { picture });
    const words = await session.words({ sinceS: 0.5 });
    await session.forget('my cup');
    const again = await session.forget('my cup').then(() => null, ({ code }) => code);
    return {
      ok: true,
      taught: [taught.name, taught.start_s, taught.end_s],
      held: things.map(({ name }) => name),
      answer,
      words_until_s: words.words_until_s,
      again,
    };
  },
};

const [baseUrl, name] = process.argv.slice(2);
if (!baseUrl || !Object.hasOwn(scenarios, name ?? '')) {
  console.error(`usage: node client.mjs BASE_URL ${Object.keys(scenarios).join('|')}`);
  process.exit(2);
}
let result;
try {
  result = await scenarios[name](baseUrl);
} catch (error) {
  result = { ok: false, code: error.code ?? null, message: String(error.message ?? error) };
}
console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
