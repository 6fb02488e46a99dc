"""A working copy of the slots while a step writes: tensors changed in place, one slot at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from ttm_model.ttm.state import MemoryState

EPS = 1e-8


@dataclass(slots=True)
class Slots:
    """The per-slot tensors of a MemoryState, cloned; the state itself is never touched."""

    tokens: Tensor
    t_first: Tensor
    t_last: Tensor
    t_peak: Tensor
    count: Tensor
    strength: Tensor
    support: Tensor
    novelty: Tensor
    modality: Tensor
    merges: Tensor
    packed: Tensor
    item_start: Tensor
    item_end: Tensor
    item_strength: Tensor
    item_count: Tensor
    item_scale: Tensor

    @classmethod
    def of(cls, state: MemoryState) -> Self:
        """A copy of a state's slots."""
        return cls(**{field.name: getattr(state, field.name).clone() for field in fields(cls)})

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by the state's name for it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One input place of B sessions."""

    key: Tensor  # (B, d)
    modality: Tensor  # (B,) int8
    salience: Tensor  # (B,)
    start_s: Tensor  # (B,) float64
    end_s: Tensor  # (B,) float64


@dataclass(frozen=True, slots=True)
class Losses:
    """What a step has to tell about evictions; tensors changed in place."""

    evictions: Tensor  # (B, modalities, age buckets)
    floor_s: Tensor  # (B, modalities)
    clock_s: Tensor  # (B,)


def put_or_merge(
    slots: Slots, c: Candidate, rows: Tensor, index: Tensor, *, merge: Tensor, novelty: Tensor
) -> None:
    """Write slot `index[b]` for each row b in `rows`: merged with what it holds, or anew."""
    if rows.numel() == 0:
        return
    at = (rows, index[rows])
    key, weight = c.key[rows], c.salience[rows]
    joined = merge[rows]
    held = slots.support[at]
    total = held + weight
    mean = (slots.tokens[at] * held[:, None] + key * weight[:, None]) / total.clamp_min(EPS)[
        :, None
    ]
    stronger = ~joined | (weight > slots.strength[at])
    middle_s = (c.start_s[rows] + c.end_s[rows]) / 2
    slots.tokens[at] = torch.where(joined[:, None], mean, key)
    slots.t_peak[at] = torch.where(stronger, middle_s, slots.t_peak[at])
    slots.t_first[at] = torch.where(joined, slots.t_first[at], c.start_s[rows])
    slots.t_last[at] = torch.where(
        joined, torch.maximum(slots.t_last[at], c.end_s[rows]), c.end_s[rows]
    )
    slots.count[at] = torch.where(joined, slots.count[at], 1)
    slots.strength[at] = torch.where(stronger, weight, slots.strength[at])
    slots.support[at] = torch.where(joined, total, weight)
    slots.novelty[at] = torch.where(joined, slots.novelty[at], novelty[rows])
    slots.modality[at] = c.modality[rows]
    slots.merges[at] = torch.where(joined, slots.merges[at], 0)
    slots.packed[at] = 0  # only plain slots are merged into or written anew


def oldest(slots: Slots, b: int, among: Tensor, tier: slice) -> int:
    """Index in the memory of the slot that ended first among those marked in a tier."""
    ends = slots.t_last[b, tier].masked_fill(~among, float("inf"))
    return int(ends.argmin()) + int(tier.start)


def cosine(tokens: Tensor, key: Tensor) -> Tensor:
    """Cosine of each slot (B, s, d) with its row's key (B, d) -> (B, s)."""
    dot = (tokens * key[:, None, :]).sum(-1)
    norms = tokens.square().sum(-1).sqrt() * key.square().sum(-1).sqrt()[:, None]
    return dot / norms.clamp_min(EPS)
