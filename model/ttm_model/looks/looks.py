"""What an event keeps of its looks: a box and colour shares in bytes; knows no picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ttm_model.looks.colours import COLOURS
from ttm_model.slow import Box

FULL = 255  # a whole picture's side, and what the shares of all colours add up to, nearly
BYTES = 4 + len(COLOURS)


@dataclass(frozen=True, slots=True)
class Looks:
    """Where something was and what colours it had.

    `box`: left, top, right, bottom in 255ths of the picture. `colours`: the share of each of
    COLOURS in 255ths, which add up to 255 give or take a rounding each. A box without area and
    colours of 0 say that nothing is known.
    """

    box: tuple[int, int, int, int]
    colours: tuple[int, ...]

    @classmethod
    def of(cls, box: Box, shares: list[float]) -> Self:
        """From shares of the picture and shares of the colours, both 0 to 1."""
        return cls(_bytes(box), _bytes(shares))  # type: ignore[arg-type]

    @property
    def place(self) -> Box:
        """The box as shares of the picture, 0 to 1."""
        left, top, right, bottom = (edge / FULL for edge in self.box)
        return left, top, right, bottom

    @property
    def placed(self) -> bool:
        """Whether it is known where it was."""
        return self.box[2] > self.box[0] and self.box[3] > self.box[1]

    def to_bytes(self) -> bytes:
        """Fifteen bytes: the box, then the colours."""
        return bytes((*self.box, *self.colours))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From `to_bytes`, or from a row of `merge_rows`. Raises ValueError for another length."""
        if len(data) != BYTES:
            raise ValueError(f"looks: {len(data)} bytes, must be {BYTES}")
        left, top, right, bottom, *colours = data
        return cls((left, top, right, bottom), tuple(colours))


UNKNOWN = Looks((0, 0, 0, 0), (0,) * len(COLOURS))


def merge(a: Looks, b: Looks, weight: float) -> Looks:
    """Of two sights of one thing, `weight` (0 to 1) being b's; what one lacks is the other's."""
    rows = torch.tensor([list(a.to_bytes()), list(b.to_bytes())], dtype=torch.uint8)
    merged = merge_rows(rows[:1], rows[1:], torch.tensor([[weight, weight]]))
    return Looks.from_bytes(bytes(merged[0].tolist()))


def merge_rows(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """`merge` of N pairs of rows (N, 15) uint8; the same bits everywhere.

    `weight` (N, 2) is b's share of the box and of the colours.
    """
    parts, shares = [], weight.double().clamp(0.0, 1.0)
    for part, (first, last) in enumerate(((0, 4), (4, BYTES))):
        x, y = a[:, first:last].double(), b[:, first:last].double()
        share = torch.where(x.any(dim=1), shares[:, part], 1.0)
        share = torch.where(y.any(dim=1), share, 0.0)[:, None]
        parts.append(torch.floor(x + (y - x) * share + 0.5))
    return torch.cat(parts, dim=1).to(torch.uint8)


def _bytes(shares: Box | list[float]) -> tuple[int, ...]:
    return tuple(min(FULL, max(0, int(share * FULL + 0.5))) for share in shares)
