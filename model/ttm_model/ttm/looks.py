"""What events look like as rows of bytes: how two looks become one. Knows no picture.

A row is a box (left, top, right, bottom) and eleven colours' shares, each 0 to 255; a part that is
all zeros is not known. Arithmetic is of whole numbers, so it is the same wherever it is done.
"""

from __future__ import annotations

import torch
from torch import Tensor

BOX = slice(0, 4)
COLOURS = slice(4, 15)
LOOKS = 15
HELD_AT_MOST = 15  # times the newest look's weight: the sixteenth look still changes a colour
STEPS = 256  # of a weight of 1


def gone_on(held: Tensor, new: Tensor, held_weight: Tensor, new_weight: Tensor) -> Tensor:
    """The looks (N, 15) of events that go on, of weights (N,): one more look at each.

    The box moves halfway to the new one: it follows a thing that moves within a second, so that
    it tells where the thing was last, and a jitter is evened out. Colours are a weighted mean.
    """
    a, b = held[:, BOX].long(), new[:, BOX].long()
    box = _known(a, b, (a + b + 1) // 2)
    return torch.cat([box, _mean(held, new, held_weight, new_weight)], dim=1).to(torch.uint8)


def joined(
    one: Tensor, other: Tensor, weight: Tensor, other_weight: Tensor, stronger: Tensor
) -> Tensor:
    """The looks (N, 15) of two occurrences each: the box of `other` where that was stronger (N,).

    Between two places at two times lies none where the thing was.
    """
    a, b = one[:, BOX].long(), other[:, BOX].long()
    box = _known(a, b, torch.where(stronger[:, None], b, a))
    return torch.cat([box, _mean(one, other, weight, other_weight)], dim=1).to(torch.uint8)


def nearness(looks: Tensor, look: Tensor) -> Tensor:
    """How near the boxes of looks (N, 15) are to that of one (15,): 1 at the same place, 0 apart.

    One half where a box is not known.
    """
    away = (looks[:, BOX].long() - look[BOX].long()).abs().sum(dim=1)  # at most 4 * 255
    known = looks[:, BOX].any(dim=1) & look[BOX].any()
    near = 1.0 - away.to(torch.float32) / (2 * 255)
    return torch.where(known, near.clamp_min(0.0), 0.5)


def _mean(one: Tensor, other: Tensor, weight: Tensor, other_weight: Tensor) -> Tensor:
    """Colours (N, 11) by weight, the first one's held down so that the other always counts."""
    a, b = one[:, COLOURS].long(), other[:, COLOURS].long()
    w = (other_weight * STEPS).round().long().clamp_min(1)[:, None]
    v = torch.minimum((weight * STEPS).round().long()[:, None], HELD_AT_MOST * w)
    return _known(a, b, (a * v + b * w + (v + w) // 2) // (v + w))


def _known(one: Tensor, other: Tensor, both: Tensor) -> Tensor:
    """`both` where both rows are known, else the one that is."""
    has, had = one.any(dim=1, keepdim=True), other.any(dim=1, keepdim=True)
    return torch.where(has & had, both, torch.where(had, other, one))
