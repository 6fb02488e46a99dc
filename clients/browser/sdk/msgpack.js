/**
 * @file Writes MessagePack: the few kinds of value that a chunk is made of. Reads nothing.
 *
 * Which number is an integer and which a float is the caller's word, since JavaScript has one type
 * for both. Integers are written as short as possible, floats always as 64 bits.
 */

const TWO_32 = 2 ** 32;
const text = new TextEncoder();

/** Collects values; `bytes()` is what was written so far. Grows by doubling. */
export class MsgpackWriter {
  /** @param {number} [expectedBytes] how much will probably be written */
  constructor(expectedBytes = 256) {
    this._bytes = new Uint8Array(Math.max(16, expectedBytes));
    this._view = new DataView(this._bytes.buffer);
    this._end = 0;
  }

  /** @returns {Uint8Array<ArrayBuffer>} what was written; a view, valid until the next write */
  bytes() {
    return this._bytes.subarray(0, this._end);
  }

  nil() {
    this._byte(0xc0);
    return this;
  }

  /** @param {number} entries how many keys and values follow, at most 15 */
  map(entries) {
    this._byte(0x80 | within(entries, 15));
    return this;
  }

  /** @param {number} items how many values follow, at most 15 */
  array(items) {
    this._byte(0x90 | within(items, 15));
    return this;
  }

  /** @param {number} value a whole number, 0 to 2**53 - 1 */
  uint(value) {
    within(value, Number.MAX_SAFE_INTEGER);
    if (value < 0x80) this._byte(value);
    else if (value < 0x100) this._sized(0xcc, 1, value);
    else if (value < 0x10000) this._sized(0xcd, 2, value);
    else if (value < TWO_32) this._sized(0xce, 4, value);
    else {
      this._sized(0xcf, 4, Math.floor(value / TWO_32));
      this._room(4);
      this._view.setUint32(this._end, value % TWO_32);
      this._end += 4;
    }
    return this;
  }

  /** @param {number} value */
  float(value) {
    this._room(9);
    this._view.setUint8(this._end, 0xcb);
    this._view.setFloat64(this._end + 1, value);
    this._end += 9;
    return this;
  }

  /** @param {string} value at most 65,535 bytes of UTF-8 */
  str(value) {
    const data = text.encode(value);
    if (data.length < 32) this._byte(0xa0 | data.length);
    else if (data.length < 0x100) this._sized(0xd9, 1, data.length);
    else this._sized(0xda, 2, within(data.length, 0xffff));
    return this._append(data);
  }

  /** @param {Uint8Array} data */
  bin(data) {
    if (data.length < 0x100) this._sized(0xc4, 1, data.length);
    else if (data.length < 0x10000) this._sized(0xc5, 2, data.length);
    else this._sized(0xc6, 4, within(data.length, TWO_32 - 1));
    return this._append(data);
  }

  /** @param {Uint8Array} data */
  _append(data) {
    this._room(data.length);
    this._bytes.set(data, this._end);
    this._end += data.length;
    return this;
  }

  /** @param {number} value */
  _byte(value) {
    this._room(1);
    this._bytes[this._end++] = value;
  }

  /**
   * A type byte and a big-endian number.
   * @param {number} type
   * @param {1 | 2 | 4} width in bytes
   * @param {number} value
   */
  _sized(type, width, value) {
    this._room(1 + width);
    this._bytes[this._end] = type;
    if (width === 1) this._view.setUint8(this._end + 1, value);
    else if (width === 2) this._view.setUint16(this._end + 1, value);
    else this._view.setUint32(this._end + 1, value);
    this._end += 1 + width;
  }

  /** @param {number} more */
  _room(more) {
    if (this._end + more <= this._bytes.length) return;
    const grown = new Uint8Array(Math.max(this._bytes.length * 2, this._end + more));
    grown.set(this._bytes.subarray(0, this._end));
    this._bytes = grown;
    this._view = new DataView(grown.buffer);
  }
}

/**
 * @param {number} value
 * @param {number} most
 * @returns {number} the value, when it is a whole number in 0..most
 */
function within(value, most) {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`MessagePack: ${value} is not a whole number in 0..${most}`);
  }
  return value;
}
