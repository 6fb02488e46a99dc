/**
 * @file Chunks on their way: waiting, sent, and durable but kept a while. Does no input or output.
 *
 * A chunk gets its number when it is sent, so that what waits can still be dropped. Whatever number
 * the server asks for next, the ring goes on from it: further back than what it keeps, it says which
 * stretch is lost. The same rules as in the Python client.
 *
 * @typedef {import('./protocol.js').Media} Media
 * @typedef {import('./protocol.js').Gap} Gap
 * @typedef {import('./protocol.js').Chunk} Chunk
 */

import { TTMError } from './errors.js';

export const KEEP_S = 10; // past `durable`, for a server that falls back a little
export const FULL_S = 10; // a live chunk that has waited for more than this loses its pictures
export const MOST_S = 20; // and one that has waited for more than this is dropped
const TIMES_KEPT = 65_536; // chunks whose end is remembered; nine hours of half seconds

/**
 * Numbers chunks, keeps what may have to be sent again, and counts credits.
 *
 * Holds at most KEEP_S of durable chunks, as many sent ones as the server gives credits, and of a
 * live source MOST_S of waiting ones; who fills it from another source looks at `waiting`.
 */
export class ChunkRing {
  /**
   * @param {{live?: boolean, onGap?: (gap: Gap) => void}} [options] `live`: the source cannot
   *   wait, so what waits for too long is dropped, pictures first; `onGap` hears of each loss
   */
  constructor({ live = false, onGap = () => {} } = {}) {
    this._live = live;
    this._onGap = onGap;
    /** @type {Map<number, Media>} in the order of their numbers */
    this._sent = new Map();
    /** @type {Media[]} */
    this._waiting = [];
    /** @type {number[]} ends of the chunks up to nextSeq - 1 */
    this._endsS = [];
    /** @type {number | null} to be told with the next chunk there is */
    this._lostFromS = null;
    this._begun = false;
    this.nextSeq = 1; // of the next chunk that is sent for the first time
    this.durable = 0;
    this.applied = 0;
    this.credits = 0;
    this.thinned = 0; // chunks that lost their pictures
    this.droppedPictures = 0; // the pictures they had, and those of dropped chunks
    this.dropped = 0; // chunks that were dropped as a whole
    this.lostS = 0; // media that the server lost and that was not kept here
  }

  /** Chunks that have been added and are to be sent. */
  get waiting() {
    return this._waiting.length;
  }

  /** Chunks that have been sent and are not durable. */
  get unacknowledged() {
    return this.nextSeq - 1 - this.durable;
  }

  /**
   * Let a new chunk wait for its turn.
   * @param {Media} media
   * @returns {number} the number it will have if none before it is dropped
   */
  add(media) {
    if (this._lostFromS !== null) {
      media = this._tellingLoss(media, this._lostFromS);
      this._lostFromS = null;
    }
    this._waiting.push(media);
    if (this._live) this._shrink();
    return this.nextSeq + this._waiting.length - 1;
  }

  /** @returns {Chunk | null} the next to send now, or null: nothing waits or credits do not allow */
  take() {
    if (this.nextSeq - this.durable > this.credits) return null;
    const media = this._waiting.shift();
    if (media === undefined) return null;
    this._sent.set(this.nextSeq, media);
    this._endsS.push(media.t + media.d);
    if (this._endsS.length > 2 * TIMES_KEPT) this._endsS.splice(0, TIMES_KEPT);
    this._begun = true;
    return { ...media, seq: this.nextSeq++ };
  }

  /**
   * Take an ack; forgets chunks that ended more than KEEP_S before the last durable one.
   * @param {number} durable
   * @param {number} applied
   * @returns {boolean} whether one of them moved on
   */
  acknowledge(durable, applied) {
    const moved = durable > this.durable || applied > this.applied;
    this.durable = Math.max(this.durable, durable);
    this.applied = Math.max(this.applied, applied);
    const last = this._sent.get(this.durable);
    if (last === undefined) return moved;
    for (const [seq, media] of this._sent) {
      if (seq >= this.durable || media.t + media.d > last.t + last.d - KEEP_S) break;
      this._sent.delete(seq);
    }
    return moved;
  }

  /**
   * The server said from where it wants chunks; what it does not have waits again.
   * @param {number} nextSeq
   * @throws {TTMError} `superseded` where it has chunks that this ring has not sent
   */
  startAt(nextSeq) {
    if (this._begun && nextSeq > this.nextSeq) {
      const text =
        `next_seq: the server asks for chunk ${nextSeq}, but ${this.nextSeq - 1} is the newest ` +
        'sent from here: another client has streamed into this session';
      throw new TTMError('superseded', text, { closeCode: 4409, field: 'next_seq' });
    }
    if (this._begun) this._goBack(nextSeq);
    this.nextSeq = nextSeq;
    this.durable = nextSeq - 1;
    this.applied = Math.min(this.applied, this.durable);
  }

  /** @param {number} nextSeq */
  _goBack(nextSeq) {
    const oldest = this._sent.keys().next().value ?? this.nextSeq;
    /** @type {Media[]} */
    const again = [];
    for (const [seq, media] of this._sent) {
      if (seq < nextSeq) continue;
      again.push(media);
      this._sent.delete(seq);
    }
    this._endsS.length = Math.max(0, this._endsS.length - (this.nextSeq - nextSeq));
    this._waiting.unshift(...again);
    if (nextSeq < oldest) {
      // Where the end of the last chunk it has is unknown, the loss is told as too long.
      this._lostFromS = this._endsS.at(-1) ?? 0;
      if (this._waiting.length > 0) {
        this._waiting[0] = this._tellingLoss(this._waiting[0], this._lostFromS);
        this._lostFromS = null;
      }
    }
    if (this._live) this._shrink();
  }

  /**
   * @param {Media} media
   * @param {number} fromS
   * @returns {Media}
   */
  _tellingLoss(media, fromS) {
    if (fromS >= media.t) return media;
    this.lostS += media.t - fromS;
    return this._missing(media, { t0: fromS, t1: media.t, reason: 'lost' });
  }

  /** Drop what has waited for too long: pictures first, then whole chunks. */
  _shrink() {
    const newest = this._waiting.at(-1);
    if (newest === undefined) return;
    const newestS = newest.t + newest.d;
    while (this._waiting.length > 1 && newestS - this._waiting[0].t > MOST_S) {
      const gone = /** @type {Media} */ (this._waiting.shift());
      this.dropped += 1;
      this.droppedPictures += gone.video?.length ?? 0;
      const first = this._missing(this._waiting[0], span(gone));
      this._waiting[0] = gone.gap ? withGap(first, gone.gap) : first;
    }
    for (const [place, media] of this._waiting.entries()) {
      if (newestS - media.t <= FULL_S) return;
      if (!media.video?.length) continue;
      this.thinned += 1;
      this.droppedPictures += media.video.length;
      this._waiting[place] = this._missing({ ...media, video: [] }, span(media));
    }
  }

  /**
   * @param {Media} media
   * @param {Gap} gap
   * @returns {Media}
   */
  _missing(media, gap) {
    this._onGap(gap);
    return withGap(media, gap);
  }
}

/**
 * @param {Media} media
 * @returns {Gap}
 */
function span(media) {
  return { t0: media.t, t1: media.t + media.d, reason: 'backpressure' };
}

/**
 * The chunk with this gap as well; a chunk tells one, which then spans both.
 * @param {Media} media
 * @param {Gap} gap
 * @returns {Media}
 */
export function withGap(media, gap) {
  const old = media.gap;
  if (!old) return { ...media, gap };
  const reason = gap.reason === old.reason ? gap.reason : 'several';
  return {
    ...media,
    gap: { t0: Math.min(old.t0, gap.t0), t1: Math.max(old.t1, gap.t1), reason },
  };
}
