/** @file The picture of a question, as base64. Knows no server and decodes nothing. */

import { badMessage, tooBig } from './errors.js';
import { LIMITS } from './protocol.js';
import { pictureFormat } from './validate.js';

const STEP = 0x8000; // arguments of one call

/**
 * Base64 of a JPEG, PNG or WebP file.
 * @param {Uint8Array | Blob} picture
 * @returns {Promise<string>}
 * @throws {import('./errors.js').TTMError} `bad_message` or `too_big`, with the field `picture`
 */
export async function encodedPicture(picture) {
  const size = picture instanceof Blob ? picture.size : picture.length;
  const most = LIMITS.max_picture_bytes;
  if (size > most) throw tooBig('picture', `picture: ${size} bytes, at most ${most}`);
  const data = picture instanceof Blob ? new Uint8Array(await picture.arrayBuffer()) : picture;
  if (pictureFormat(data) === null) {
    throw badMessage('picture', 'picture: not a JPEG, PNG or WebP file');
  }
  let text = '';
  for (let at = 0; at < data.length; at += STEP) {
    text += String.fromCharCode(...data.subarray(at, at + STEP));
  }
  return btoa(text);
}
