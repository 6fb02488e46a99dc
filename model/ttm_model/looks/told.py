"""Which colour words to say of shares, and how likely a person says one; knows no picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from ttm_model.looks.colours import COLOURS

_FIRST, _SECOND = 0.25, 0.3  # shares below which a colour is not told, as the first, as the second
_STEEP, _MIDDLE, _MOST = 11.0, 0.34, 0.95  # of the curve from a share to a chance


def told(colours: Sequence[int]) -> tuple[str, ...]:
    """The colour words to say, the largest share first: one or two, none where none stands out."""
    total = sum(colours)
    if total == 0:
        return ()
    order = sorted(range(len(COLOURS)), key=lambda i: (-colours[i], i))
    limits = (_FIRST, _SECOND)
    return tuple(
        COLOURS[i] for i, limit in zip(order, limits, strict=False) if colours[i] >= limit * total
    )


def chance(colours: Sequence[int], word: str) -> float:
    """How likely a person calls it this colour, 0 to 1; `word` must be one of COLOURS."""
    total = sum(colours)
    if total == 0:
        return 0.0
    share = colours[COLOURS.index(word)] / total
    return _MOST / (1.0 + exp(-_STEEP * (share - _MIDDLE)))
