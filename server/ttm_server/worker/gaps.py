"""A session's gaps: merged where they touch, bounded in number. Knows no store."""

from __future__ import annotations

from collections.abc import Iterable

from ttm_protocol.messages import Gap

MAX_GAPS = 64
TOUCHING_S = 0.05


def add_gaps(gaps: list[Gap], new: Iterable[Gap]) -> list[Gap]:
    """`gaps` with `new` added; touching ones of one reason become one.

    Beyond MAX_GAPS the two oldest become one that spans both: a gap is widened, never dropped.
    """
    merged = list(gaps)
    for gap in new:
        if merged and merged[-1].reason == gap.reason and gap.t0 <= merged[-1].t1 + TOUCHING_S:
            last = merged.pop()
            gap = Gap(min(last.t0, gap.t0), max(last.t1, gap.t1), gap.reason)  # noqa: PLW2901
        merged.append(gap)
    while len(merged) > MAX_GAPS:
        first, second = merged[:2]
        reason = first.reason if first.reason == second.reason else "several"
        merged[:2] = [Gap(min(first.t0, second.t0), max(first.t1, second.t1), reason)]
    return merged
