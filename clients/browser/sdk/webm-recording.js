/**
 * @file The newest part of one live WebM recording, kept so that another connection can begin in
 * the middle of it: the header, then clusters from one that can be decoded by itself. Finds element
 * boundaries only; decodes nothing. Element names and IDs are those of RFC 8794 and RFC 9559.
 *
 * @typedef {object} Cluster
 * @property {number} atS seconds since the recording's time zero
 * @property {Map<number, boolean>} opensWithKey by track: whether its first block here is a key frame
 * @property {Uint8Array<ArrayBuffer>[]} pieces
 * @property {number} bytes
 */

const ID = {
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
};
const OPENED = new Set([ID.segment, ID.info, ID.cluster, ID.blockGroup]); // its children are read
const KEY_FRAME = 0x80; // of a SimpleBlock's flags
const READ_BYTES = 12; // of an element's content: a track number, a time code and flags, or a number
const MAX_HEADER_BYTES = 1024 * 1024;
const NANOSECONDS = 1e9;

export class WebmRecording {
  constructor() {
    this.bytes = 0; // kept
    /** Bytes that cannot be taken apart: kept no longer, and nothing can begin in the middle. */
    this.broken = false;
    this._scaleS = 1e-3; // of a cluster's timestamp
    /** @type {Uint8Array<ArrayBuffer>[]} */
    this._header = [];
    /** @type {Cluster[]} oldest first; the last one still grows */
    this._clusters = [];
    /** @type {Set<number>} */
    this._tracks = new Set();
    /** @type {number | null} */
    this.firstS = null; // the first cluster's timestamp
    this._skip = 0; // bytes of an element whose content is not read
    /** @type {Uint8Array<ArrayBuffer>} */
    this._cut = new Uint8Array(0); // the beginning of an element, not yet given to header or cluster
  }

  /**
   * The recording's next bytes, cut anywhere.
   * @param {Uint8Array<ArrayBuffer>} data
   */
  add(data) {
    if (this.broken) return;
    this.bytes += data.length;
    const all = this._cut.length > 0 ? joined(this._cut, data) : data;
    let at = 0; // read up to here
    let kept = 0; // given to header or cluster up to here
    for (;;) {
      const skipped = Math.min(this._skip, all.length - at);
      at += skipped;
      this._skip -= skipped;
      if (this._skip > 0 || at === all.length) break;
      const element = elementAt(all, at);
      if (element === null) break; // its beginning is cut off here
      const { id, size } = element;
      const isNone = Number.isNaN(id + size) || (size === Infinity && !OPENED.has(id));
      if (isNone || this._hasEndlessHeader) {
        this._break();
        return;
      }
      if (id === ID.cluster) {
        this._keep(all.subarray(kept, at));
        kept = at;
        this._clusters.push({ atS: 0, opensWithKey: new Map(), pieces: [], bytes: 0 });
      }
      at = element.contentAt;
      if (OPENED.has(id)) continue;
      this._read(id, all.subarray(at, at + Math.min(size, READ_BYTES)));
      this._skip = size;
    }
    this._keep(all.subarray(kept, at));
    this._cut = all.slice(at);
  }

  /**
   * Let go of what lies before a time, as far as nothing later needs it.
   * @param {number} timeS since the recording's time zero
   */
  forgetBefore(timeS) {
    this._drop(this._opening(timeS));
  }

  /**
   * Let go of the oldest clusters until at most so many bytes are kept.
   * @param {number} most
   */
  forgetBeyond(most) {
    while (this.bytes > most && this._clusters.length > 1) {
      const next = this._clusters.findIndex((cluster, n) => n > 0 && this._isOpening(cluster));
      if (next < 0) {
        this._break();
        return;
      }
      this._drop(next);
    }
  }

  /**
   * What a connection has to be sent to go on from a time: a whole stream, up to the newest byte.
   * @param {number} timeS since the recording's time zero
   * @returns {Uint8Array<ArrayBuffer>[]}
   */
  from(timeS) {
    const clusters = this._clusters.slice(this._opening(timeS));
    const pieces = [...this._header, ...clusters.flatMap((cluster) => cluster.pieces)];
    if (this._cut.length > 0) pieces.push(this._cut);
    return pieces;
  }

  /**
   * The newest cluster at or before a time that a decoder can begin with; 0 where none is left.
   * @param {number} timeS
   */
  _opening(timeS) {
    for (let n = this._clusters.length - 1; n > 0; n--) {
      if (this._clusters[n].atS <= timeS && this._isOpening(this._clusters[n])) return n;
    }
    return 0;
  }

  get _hasEndlessHeader() {
    return this._clusters.length === 0 && this.bytes > MAX_HEADER_BYTES;
  }

  /** @param {Cluster} cluster */
  _isOpening({ opensWithKey }) {
    return opensWithKey.size === this._tracks.size && [...opensWithKey.values()].every(Boolean);
  }

  /** @param {number} count of the oldest clusters */
  _drop(count) {
    for (const { bytes } of this._clusters.splice(0, count)) this.bytes -= bytes;
  }

  /** @param {Uint8Array<ArrayBuffer>} piece */
  _keep(piece) {
    if (piece.length === 0) return;
    const cluster = this._clusters.at(-1);
    if (cluster) {
      cluster.pieces.push(piece);
      cluster.bytes += piece.length;
    } else {
      this._header.push(piece);
    }
  }

  /**
   * @param {number} id
   * @param {Uint8Array} content its first bytes
   */
  _read(id, content) {
    const cluster = this._clusters.at(-1);
    if (id === ID.timestampScale) this._scaleS = unsigned(content) / NANOSECONDS;
    if (!cluster) return;
    if (id === ID.timestamp) {
      cluster.atS = unsigned(content) * this._scaleS;
      this.firstS ??= cluster.atS;
    } else if (id === ID.simpleBlock || id === ID.block) {
      const track = vintAt(content, 0, false);
      if (track === null) return;
      this._tracks.add(track.value);
      if (cluster.opensWithKey.has(track.value)) return;
      // A block in a group is a key frame where no ReferenceBlock follows it: not known here.
      const isKey = id === ID.simpleBlock && (content[track.length + 2] & KEY_FRAME) !== 0;
      cluster.opensWithKey.set(track.value, isKey);
    }
  }

  _break() {
    this.broken = true;
    this.bytes = this._skip = 0;
    this._header = [];
    this._clusters = [];
    this._cut = new Uint8Array(0);
  }
}

/**
 * An element's ID, the place of its content and its size (Infinity: not known yet; NaN: there is no
 * element here); null where more bytes are needed to tell, and to read what this file reads of it.
 * @param {Uint8Array} data
 * @param {number} at
 */
function elementAt(data, at) {
  const id = vintAt(data, at, true);
  if (id === null) return null;
  const size = vintAt(data, at + id.length, false);
  if (size === null) return null;
  const contentAt = at + id.length + size.length;
  const toReadTo = OPENED.has(id.value) ? contentAt : contentAt + Math.min(size.value, READ_BYTES);
  if (toReadTo > data.length) return null;
  return { id: id.value, size: size.value, contentAt };
}

/**
 * A number of variable length; null where its end is not there yet, NaN where there is none.
 * @param {Uint8Array} data
 * @param {number} at
 * @param {boolean} isId written with its length marker; else all ones mean "not known": Infinity
 */
function vintAt(data, at, isId) {
  if (at >= data.length) return null;
  const length = Math.clz32(data[at]) - 23;
  if (length > (isId ? 4 : 8)) return { value: NaN, length: 1 };
  if (at + length > data.length) return null;
  const mask = (0x80 >> (length - 1)) - 1;
  let value = isId ? data[at] : data[at] & mask;
  let isUnknown = !isId && (data[at] & mask) === mask;
  for (let n = 1; n < length; n++) {
    value = value * 256 + data[at + n];
    isUnknown &&= data[at + n] === 0xff;
  }
  return { value: isUnknown ? Infinity : value, length };
}

/** @param {Uint8Array} content big-endian */
function unsigned(content) {
  return content.reduce((value, byte) => value * 256 + byte, 0);
}

/**
 * @param {Uint8Array} first
 * @param {Uint8Array} second
 */
function joined(first, second) {
  const out = new Uint8Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
