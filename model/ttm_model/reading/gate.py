"""Which pictures are read, as part of the fold; knows no reader and nothing of what is written.

A picture is read when it is unlike the one that was read last, when the scene has come to rest
after it moved, and in any case every few seconds, since a line of text changes a picture little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final, Self

import torch
from torch import Tensor

from ttm_model.serial import Spec
from ttm_protocol.errors import StateIncompatible

EVERY_S = 2.0  # between two readings at least, in media seconds
ALWAYS_S = 6.0  # between two readings at most, while pictures come
NOVEL = 0.10  # cosine distance from the picture read last from which on a picture is another
STILL = 0.03  # cosine distance from the picture before up to which nothing moves
STILL_S = 1.0  # for so long nothing must move before a scene is read once more
NEVER_S = -1.0
SKETCH = 128  # numbers that are kept of a picture's feature

SPEC: Final[Spec] = {
    "sketches": ((2, SKETCH), torch.float32),
    "times_s": ((2,), torch.float64),
    "moved": ((), torch.bool),
}


@dataclass(frozen=True, slots=True)
class GateState:
    """What the choice of pictures depends on; zeros and NEVER_S before the first picture."""

    sketches: Tensor  # (2, SKETCH) float32 of length 1: the picture read last, the picture before
    times_s: Tensor  # (2,) float64: when one was read last, since when nothing moved; NEVER_S
    moved: Tensor  # () bool: something moved since one was read

    @classmethod
    def initial(cls) -> Self:
        """No picture has come yet."""
        return cls(
            torch.zeros(2, SKETCH),
            torch.full((2,), NEVER_S, dtype=torch.float64),
            torch.tensor(False),
        )

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A stored state of the right shapes; raises StateIncompatible where it cannot be one."""
        state = cls(**tensors)
        read_s, still_s = state.times_s.tolist()
        if not all(isfinite(t) and (t >= 0.0 or t == NEVER_S) for t in (read_s, still_s)):
            raise StateIncompatible(f"reading: times_s is {(read_s, still_s)}")
        lengths = state.sketches.norm(dim=1).tolist()
        if not all(length == 0.0 or abs(length - 1.0) < 1e-3 for length in lengths):
            raise StateIncompatible(f"reading: sketches have lengths {lengths}, must have 0 or 1")
        return state

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name."""
        return {name: getattr(self, name) for name in SPEC}


class ReadingGate:
    """Pure: pictures in the order of their times, one after another."""

    def extended(self, state: GateState, key: Tensor, at_s: float) -> tuple[GateState, bool]:
        """The state after a picture, and whether that picture is to be read.

        `key` (d,) float: the picture's whole feature or its scores, d always the same; `at_s`: when
        it was taken, in media-clock seconds.
        """
        now = sketch(key)
        read_s, still_s = state.times_s.tolist()
        last_read, before = state.sketches
        if not bool(_distance(now, before) <= STILL):
            still_s = at_s
        moved = bool(state.moved) or still_s == at_s
        wanted = read_s == NEVER_S or (
            at_s - read_s >= EVERY_S
            and (
                at_s - read_s >= ALWAYS_S
                or bool(_distance(now, last_read) > NOVEL)
                or (moved and at_s - still_s >= STILL_S)
            )
        )
        return (
            GateState(
                torch.stack([now if wanted else last_read, now]),
                torch.tensor([at_s if wanted else read_s, still_s], dtype=torch.float64),
                torch.tensor(moved and not wanted),
            ),
            wanted,
        )


def sketch(key: Tensor) -> Tensor:
    """(SKETCH,) of length 1 of a feature (d,) of any length, its mean taken off; zeros of nothing.

    Each number is added to or taken from one place (a count sketch: Charikar et al. 2002), so the
    cosine of two sketches is about that of the features.
    """
    values = torch.nan_to_num(key.detach().float().cpu())
    values = values - values.mean()
    mixed = torch.arange(len(values), dtype=torch.int64) * 2654435761 % 2**32
    places, signs = (mixed >> 8) % SKETCH, 1 - 2 * ((mixed >> 20) & 1)
    summed: Tensor = torch.zeros(SKETCH).index_add_(0, places, values * signs)
    length: Tensor = summed.norm().clamp_min(1e-6)
    return summed / length


def _distance(a: Tensor, b: Tensor) -> Tensor:
    return 1.0 - (a * b).sum()
