"""How the looks of events change: rows of fifteen bytes, as `ttm_model.looks` has them.

Knows no picture. A row is a box and the shares of eleven colours; of either part zeros say that it
is not known, and what is unknown of one row is the other's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_model.looks import merge_rows

BOX = slice(0, 4)
HALF = 0.5
NEWEST_AT_LEAST = 1 / 16  # of a colour's mean: less would be rounded away in a long event
FULL = 255  # a whole side of the picture


def gone_on(held: Tensor, new: Tensor, held_weight: Tensor, new_weight: Tensor) -> Tensor:
    """The looks (N, 15) of events that go on, of weights (N,): one more look at each.

    The box moves halfway to the new one: it follows a thing that moves within a second, so that
    it tells where the thing was last, and a jitter is evened out. Colours are a weighted mean.
    """
    share = _share(held_weight, new_weight).clamp_min(NEWEST_AT_LEAST)
    return _mixed(held, new, torch.full_like(share, HALF), share)


def joined(
    one: Tensor, other: Tensor, weight: Tensor, other_weight: Tensor, stronger: Tensor
) -> Tensor:
    """The looks (N, 15) of two occurrences each: the box of `other` where that was stronger (N,).

    Between two places at two times lies none where the thing was.
    """
    return _mixed(one, other, stronger.double(), _share(weight, other_weight))


def nearness(looks: Tensor, look: Tensor) -> Tensor:
    """How near the boxes of looks (N, 15) are to that of one (15,): 1 at the same place, 0 apart.

    One half where a box is not known.
    """
    away = (looks[:, BOX].long() - look[BOX].long()).abs().sum(dim=1)  # at most 4 * FULL
    known = (looks[:, BOX] > 0).any(dim=1) & (look[BOX] > 0).any()
    near = 1.0 - away.to(torch.float32) / (2 * FULL)
    return torch.where(known, near.clamp_min(0.0), HALF)


def _share(weight: Tensor, other_weight: Tensor) -> Tensor:
    return other_weight.double() / (weight + other_weight).double().clamp_min(1e-8)


def _mixed(one: Tensor, other: Tensor, box_share: Tensor, colour_share: Tensor) -> Tensor:
    if not bool(other.any()):  # all sounds: nothing is known that could change a row
        return one
    return merge_rows(one, other, torch.stack([box_share, colour_share], dim=1))
