"""Which stretches of media reached each sense: what lets an answer say that nothing came then.

A value of fixed size, folded over chunks. Where its places run out it counts a hole as received,
never the other way round, so a stretch that it leaves out had nothing. Knows no memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Self

import torch
from torch import Tensor

from ttm_model.chunk import ChunkMedia
from ttm_model.declared import Declared, Kept
from ttm_model.step_result import ModalityName
from ttm_protocol.errors import StateIncompatible

SENSES: tuple[ModalityName, ...] = ("video", "audio")
PLACES = 32  # stretches kept of each sense
JOINED_S = 1.0  # a hole up to this long is no hole: a picture a second is unbroken sight

Stretch = tuple[float, float]  # [start, end) in media-clock seconds


@dataclass(frozen=True, slots=True)
class Received(Declared):
    """The stretches in which each sense got something, by start and with holes between them."""

    # Start and end of each; zeros beyond the sense's count.
    spans: Annotated[Tensor, Kept(torch.float64, (len(SENSES), PLACES, 2))]
    counts: Annotated[Tensor, Kept(torch.int32, (len(SENSES),))]

    @classmethod
    def initial(cls) -> Self:
        """Nothing has come yet."""
        return cls.blank({})

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A stored record of the right shapes; raises StateIncompatible where it cannot be one."""
        record = cls.of(tensors)
        for sense, count in zip(SENSES, record.counts.tolist(), strict=True):
            if not 0 <= count <= PLACES:
                raise StateIncompatible(f"received: {sense} counts {count}, must be 0 to {PLACES}")
        for sense, stretches in record.by_sense().items():
            edges = [edge for stretch in stretches for edge in stretch]
            if not all(map(isfinite, edges)) or edges != sorted(edges):
                raise StateIncompatible(f"received: {sense}'s stretches are not in order")
        return record

    def by_sense(self) -> dict[ModalityName, tuple[Stretch, ...]]:
        """Every sense's stretches, by start."""
        return {
            sense: tuple((start_s, end_s) for start_s, end_s in spans[:count])
            for sense, spans, count in zip(
                SENSES, self.spans.tolist(), self.counts.tolist(), strict=True
            )
        }

    def extended(self, media: ChunkMedia) -> Self:
        """After one more chunk: what it brought counts for its whole span."""
        came = {
            "video": bool(media.pictures),
            "audio": media.audio is not None and len(media.audio) > 0,
        }
        kept = {
            sense: _joined([*stretches, (media.start_s, media.end_s)]) if came[sense] else stretches
            for sense, stretches in self.by_sense().items()
        }
        after = type(self).initial()
        for row, sense in enumerate(SENSES):
            stretches = kept[sense]
            after.counts[row] = len(stretches)
            if stretches:
                after.spans[row, : len(stretches)] = torch.tensor(stretches, dtype=torch.float64)
        return after


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """At most PLACES stretches that cover these: over short holes, then over the shortest ones."""
    ordered = sorted(stretches)
    kept = ordered[:1]
    for start_s, end_s in ordered[1:]:
        if start_s - kept[-1][1] <= JOINED_S:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end_s))
        else:
            kept.append((start_s, end_s))
    while len(kept) > PLACES:
        holes_s = [after[0] - before[1] for before, after in itertools.pairwise(kept)]
        at = holes_s.index(min(holes_s))
        kept[at : at + 2] = [(kept[at][0], kept[at + 1][1])]
    return tuple(kept)
