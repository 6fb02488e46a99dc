/**
 * @file Checks a chunk against the protocol before it is sent, as the server will. Knows no socket.
 *
 * What needs the pixels (can it be decoded, how many are there) stays with the server.
 */

import { badMessage, tooBig } from './errors.js';
import { LIMITS, MAX_SEQ } from './protocol.js';

/** @typedef {import('./protocol.js').Limits} Limits */

/**
 * @param {import('./protocol.js').Chunk} chunk
 * @param {Limits} [limits]
 * @throws {import('./errors.js').TTMError} `bad_message` or `too_big`, with the field
 */
export function checkChunk(chunk, limits = LIMITS) {
  if (!Number.isInteger(chunk.seq) || chunk.seq < 1 || chunk.seq > MAX_SEQ) {
    throw badMessage('seq', `seq: ${chunk.seq} is not in 1..${MAX_SEQ}`);
  }
  checkMedia(chunk, limits);
}

/**
 * @param {import('./protocol.js').Media} media
 * @param {Limits} [limits]
 * @throws {import('./errors.js').TTMError} `bad_message` or `too_big`, with the field
 */
export function checkMedia(media, limits = LIMITS) {
  checkTime('t', media.t, limits);
  const { min_chunk_s, max_chunk_s } = limits;
  if (!(typeof media.d === 'number' && media.d >= min_chunk_s && media.d <= max_chunk_s)) {
    throw badMessage('d', `d: ${media.d} is not in ${min_chunk_s}..${max_chunk_s} seconds`);
  }
  if (media.video !== undefined) checkVideo(media.video, limits);
  if (media.audio != null) checkAudio(media.audio, media.d, limits);
  if (media.gap != null) checkGap(media.gap, limits);
}

/**
 * The format that a picture's first bytes announce, or null.
 * @param {Uint8Array} data
 * @returns {'jpeg' | 'png' | 'webp' | null}
 */
export function pictureFormat(data) {
  if (starts(data, 0, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (starts(data, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png';
  if (starts(data, 0, [0x52, 0x49, 0x46, 0x46]) && starts(data, 8, [0x57, 0x45, 0x42, 0x50])) {
    return 'webp';
  }
  return null;
}

/**
 * @param {Uint8Array} data
 * @param {number} offset
 * @param {number[]} magic
 */
function starts(data, offset, magic) {
  return magic.every((byte, index) => data[offset + index] === byte);
}

/**
 * @param {string} field
 * @param {unknown} value
 * @param {Limits} limits
 */
function checkTime(field, value, limits) {
  if (!(typeof value === 'number' && value >= 0 && value <= limits.max_time_s)) {
    throw badMessage(field, `${field}: ${value} is not in 0..${limits.max_time_s} seconds`);
  }
}

/**
 * @param {unknown} video
 * @param {Limits} limits
 */
function checkVideo(video, limits) {
  if (!Array.isArray(video)) throw badMessage('video', 'video: not a list of pictures');
  if (video.length > limits.max_pictures) {
    throw badMessage('video', `video: ${video.length} pictures, at most ${limits.max_pictures}`);
  }
  video.forEach((picture, index) => {
    const field = `video[${index}]`;
    if (typeof picture !== 'object' || picture === null || picture instanceof Uint8Array) {
      throw badMessage(field, `${field}: not a picture {t, data}`);
    }
    if (!(picture.data instanceof Uint8Array)) {
      throw badMessage(`${field}.data`, `${field}.data: not a Uint8Array`);
    }
    checkTime(`${field}.t`, picture.t, limits);
    const bytes = picture.data.length;
    if (bytes > limits.max_picture_bytes) {
      const text = `${field}.data: ${bytes} bytes, at most ${limits.max_picture_bytes}`;
      throw tooBig(`${field}.data`, text);
    }
    if (pictureFormat(picture.data) === null) {
      throw badMessage(`${field}.data`, `${field}.data: not a JPEG, PNG or WebP file`);
    }
  });
}

/**
 * @param {unknown} audio
 * @param {number} d
 * @param {Limits} limits
 */
function checkAudio(audio, d, limits) {
  if (!(audio instanceof Int16Array || audio instanceof Uint8Array)) {
    throw badMessage('audio', 'audio: not an Int16Array, bytes or null');
  }
  if (audio.byteLength % 2) {
    const text = `audio: ${audio.byteLength} bytes is not a whole number of 16-bit samples`;
    throw badMessage('audio', text);
  }
  const audio_s = audio.byteLength / 2 / limits.sample_rate_hz;
  const most_s = d + limits.max_audio_slack_s;
  if (audio_s > most_s) {
    const text = `audio: ${audio_s.toFixed(3)} s of sound in a chunk of ${d} s, at most `;
    throw tooBig('audio', text + `${most_s.toFixed(3)} s`);
  }
}

/**
 * @param {any} gap
 * @param {Limits} limits
 */
function checkGap(gap, limits) {
  if (typeof gap !== 'object') throw badMessage('gap', 'gap: not {t0, t1, reason}');
  checkTime('gap.t0', gap.t0, limits);
  checkTime('gap.t1', gap.t1, limits);
  const characters = typeof gap.reason === 'string' ? [...gap.reason].length : 0;
  if (characters < 1 || characters > limits.max_reason_chars) {
    const text = `gap.reason: ${characters} characters, 1 to ${limits.max_reason_chars}`;
    throw badMessage('gap.reason', text);
  }
  if (gap.t1 < gap.t0) throw badMessage('gap', `gap: t1 ${gap.t1} lies before t0 ${gap.t0}`);
}
