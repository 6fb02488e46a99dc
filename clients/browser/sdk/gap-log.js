/**
 * @file The gaps a session has had, told once each and kept in a bounded list. Knows no chunk.
 *
 * @typedef {import('./protocol.js').Gap} Gap
 */

const MOST = 500;
const TOUCHING_S = 0.01;

export class GapLog {
  /** @param {(gap: Gap) => void} onGap */
  constructor(onGap) {
    this._onGap = onGap;
    /** @type {Gap[]} */
    this._gaps = [];
  }

  /**
   * Gaps that touch and have the same reason become one.
   * @param {Gap} gap
   */
  add(gap) {
    const last = this._gaps.at(-1);
    const touching = last && gap.t0 <= last.t1 + TOUCHING_S && gap.t1 >= last.t0 - TOUCHING_S;
    if (last && touching && last.reason === gap.reason) {
      last.t0 = Math.min(last.t0, gap.t0);
      last.t1 = Math.max(last.t1, gap.t1);
    } else {
      this._gaps.push({ ...gap });
      if (this._gaps.length > MOST) this._gaps.shift();
    }
    this._onGap({ ...gap });
  }

  /** @returns {Gap[]} oldest first, the newest 500 */
  list() {
    return this._gaps.map((gap) => ({ ...gap }));
  }
}
