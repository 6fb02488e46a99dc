/**
 * @file Wire protocol version 1 as a client speaks it: types, limits, encode, decode, validate.
 * Knows no socket and no clock.
 *
 * @typedef {{t: number, data: Uint8Array}} Picture a JPEG, PNG or WebP file, taken at `t` s
 * @typedef {{t0: number, t1: number, reason: string}} Gap media that is missing, and why
 * @typedef {object} Media a chunk's content before it has a number
 * @property {number} t media-clock seconds of its start
 * @property {number} d its length in seconds, normally 0.5
 * @property {Picture[]} [video] 0 to 4 still pictures
 * @property {Int16Array | Uint8Array | null} [audio] PCM, 16 bit, mono, 16 kHz, for `[t, t + d)`;
 *   bytes are little-endian
 * @property {Gap | null} [gap]
 * @typedef {Media & {seq: number}} Chunk
 *
 * @typedef {typeof LIMITS} Limits
 * @typedef {{type: 'ready', session_id: string, next_seq: number, credits: number,
 *   limits: Limits, t?: number}} Ready `t`, media `webm`: media time up to which there are chunks
 * @typedef {{type: 'ack', durable: number, applied: number}} Ack
 * @typedef {{type: 'flow', credits: number}} Flow
 * @typedef {{type: 'event', seq: number, label: string,
 *   modality: 'video' | 'audio' | 'speech' | 'text' | 'gap', start_s: number, end_s: number,
 *   score: number}} Notice what the worker noticed; of speech and text the label is the words
 * @typedef {{type: 'goaway', time_left_s: number}} GoAway
 * @typedef {{type: 'error', code: string, message: string, retryable: boolean}} ServerError
 * @typedef {Ready | Ack | Flow | Notice | GoAway | ServerError} ServerText
 */

import { badMessage } from './errors.js';
import { MsgpackWriter } from './msgpack.js';

export const SUBPROTOCOL = 'ttm.v1';
export const SAMPLE_RATE_HZ = 16_000;
export const MAX_SEQ = Number.MAX_SAFE_INTEGER;

/** What a client may send, unless `ready` says otherwise. */
export const LIMITS = {
  max_message_bytes: 4 * 1024 * 1024,
  max_start_bytes: 8 * 1024,
  max_pictures: 4,
  max_picture_bytes: 512 * 1024,
  max_picture_side_px: 4096,
  min_chunk_s: 0.1,
  max_chunk_s: 2.0,
  max_audio_slack_s: 0.1,
  max_time_s: 1e8,
  sample_rate_hz: SAMPLE_RATE_HZ,
  max_reason_chars: 64,
  start_timeout_s: 5.0,
};
const FLOAT_LIMITS = new Set([
  'min_chunk_s', 'max_chunk_s', 'max_audio_slack_s', 'max_time_s', 'start_timeout_s',
]);

/** @typedef {'int' | 'float' | 'float?' | 'str' | 'bool' | 'limits' | readonly string[]} Kind */
/** @type {Record<string, Record<string, Kind>>} */
const SERVER_TEXTS = {
  ready: { session_id: 'str', next_seq: 'int', credits: 'int', limits: 'limits', t: 'float?' },
  ack: { durable: 'int', applied: 'int' },
  flow: { credits: 'int' },
  event: {
    seq: 'int', label: 'str', modality: ['video', 'audio', 'speech', 'text', 'gap'],
    start_s: 'float', end_s: 'float', score: 'float',
  },
  goaway: { time_left_s: 'float' },
  error: { code: 'str', message: 'str', retryable: 'bool' },
};

// --- encode ---------------------------------------------------------------------------------------

/**
 * The first message of a connection.
 * @param {string | null} ticket
 * @param {'chunks' | 'webm'} media
 * @param {number} [t] media `webm`: where the stream's time zero lies on the media clock, in seconds
 * @returns {string}
 */
export function encodeStart(ticket, media, t) {
  return JSON.stringify({ type: 'start', ticket, media, t });
}

/** @returns {string} no more media */
export function encodeEnd() {
  return JSON.stringify({ type: 'end' });
}

/**
 * A chunk as MessagePack: five fields, and `gap` where there is one.
 * @param {Chunk} chunk
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeChunk(chunk) {
  const video = chunk.video ?? [];
  const audio = chunk.audio == null ? null : pcmBytes(chunk.audio);
  const media = video.reduce((sum, picture) => sum + picture.data.length + 32, audio?.length ?? 0);
  const out = new MsgpackWriter(media + 256);
  out.map(chunk.gap ? 6 : 5).str('seq').uint(chunk.seq);
  out.str('t').float(chunk.t).str('d').float(chunk.d).str('video').array(video.length);
  for (const picture of video) out.map(2).str('t').float(picture.t).str('data').bin(picture.data);
  out.str('audio');
  if (audio === null) out.nil();
  else out.bin(audio);
  if (chunk.gap) {
    out.str('gap').map(3).str('t0').float(chunk.gap.t0).str('t1').float(chunk.gap.t1);
    out.str('reason').str(chunk.gap.reason);
  }
  return out.bytes();
}

/**
 * Samples as they go over the wire; no copy on little-endian machines.
 * @param {Int16Array | Uint8Array} audio
 * @returns {Uint8Array}
 */
export function pcmBytes(audio) {
  if (audio instanceof Uint8Array) return audio;
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) {
    return new Uint8Array(audio.buffer, audio.byteOffset, audio.byteLength);
  }
  const bytes = new Uint8Array(audio.byteLength);
  const view = new DataView(bytes.buffer);
  audio.forEach((sample, index) => view.setInt16(2 * index, sample, true));
  return bytes;
}

// --- decode ---------------------------------------------------------------------------------------

/**
 * Decode a server's text message; fields it does not know are left out.
 * @param {string} data
 * @returns {ServerText}
 * @throws {import('./errors.js').TTMError} `bad_message`, with the field
 */
export function decodeServerText(data) {
  /** @type {any} */
  let body;
  try {
    body = JSON.parse(data);
  } catch (error) {
    throw badMessage('message', `text message: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badMessage('message', 'text message: not a JSON object');
  }
  if (typeof body.type !== 'string' || !Object.hasOwn(SERVER_TEXTS, body.type)) {
    throw badMessage('type', `type: ${JSON.stringify(body.type)} is no message of the server`);
  }
  /** @type {any} */
  const message = { type: body.type };
  for (const [name, kind] of Object.entries(SERVER_TEXTS[body.type])) {
    if (kind === 'float?' && body[name] === undefined) continue;
    message[name] = kind === 'limits' ? limitsOf(body.limits) : checked(name, body[name], kind);
  }
  return message;
}

/**
 * @param {unknown} given
 * @returns {Limits}
 */
function limitsOf(given) {
  /** @type {any} */
  const limits = { ...LIMITS };
  if (given === undefined) return limits;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw badMessage('limits', 'limits: not an object');
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(LIMITS, name)) continue;
    limits[name] = checked(`limits.${name}`, value, FLOAT_LIMITS.has(name) ? 'float' : 'int');
  }
  return limits;
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {Kind} kind
 * @returns {unknown} the value, when it is of that kind
 */
function checked(name, value, kind) {
  const good =
    kind === 'int' ? Number.isSafeInteger(value)
    : kind === 'float' || kind === 'float?' ? Number.isFinite(value)
    : kind === 'str' ? typeof value === 'string'
    : kind === 'bool' ? typeof value === 'boolean'
    : kind.includes(/** @type {string} */ (value));
  if (good) return value;
  throw badMessage(name, `${name}: ${JSON.stringify(value)} where ${String(kind)} is expected`);
}
