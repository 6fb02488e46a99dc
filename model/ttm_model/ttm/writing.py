"""Write candidates into working slots, one slot of a row at a time. Knows no rule of what is kept.

Works on a state whose tensors belong to the step that writes: they are changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ttm_model.ttm import appearance
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens

EPS = 1e-8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One input place of B sessions."""

    key: Tensor  # (B, d)
    modality: Tensor  # (B,) int8
    salience: Tensor  # (B,)
    start_s: Tensor  # (B,) float64
    end_s: Tensor  # (B,) float64
    looks: Tensor  # (B, 15) uint8

    @classmethod
    def at(cls, inputs: InputTokens, place: int) -> Self:
        """What is in a place of each session."""
        return cls(
            inputs.keys[:, place],
            inputs.modality[:, place],
            inputs.salience[:, place],
            inputs.start_s[:, place],
            inputs.end_s[:, place],
            inputs.looks[:, place],
        )


def put_or_merge(
    state: MemoryState, c: Candidate, rows: Tensor, index: Tensor, *, merge: Tensor, novelty: Tensor
) -> None:
    """Write slot `index[b]` for each row b in `rows`: merged with what it holds, or anew.

    All but its looks, which only events have.
    """
    if rows.numel() == 0:
        return
    at = (rows, index[rows])
    key, weight = c.key[rows], c.salience[rows]
    joined = merge[rows]
    held, strongest = state.support[at], state.strength[at]
    total = held + weight
    mean = (state.tokens[at] * held[:, None] + key * weight[:, None]) / total.clamp_min(EPS)[
        :, None
    ]
    stronger = ~joined | (weight > strongest)
    middle_s = (c.start_s[rows] + c.end_s[rows]) / 2
    state.tokens[at] = torch.where(joined[:, None], mean, key)
    state.t_peak[at] = torch.where(stronger, middle_s, state.t_peak[at])
    state.t_first[at] = torch.where(joined, state.t_first[at], c.start_s[rows])
    state.t_last[at] = torch.where(
        joined, torch.maximum(state.t_last[at], c.end_s[rows]), c.end_s[rows]
    )
    state.count[at] = torch.where(joined, state.count[at], 1)
    state.strength[at] = torch.where(stronger, weight, strongest)
    state.support[at] = torch.where(joined, total, weight)
    state.novelty[at] = torch.where(joined, state.novelty[at], novelty[rows])
    state.modality[at] = c.modality[rows]
    state.merges[at] = torch.where(joined, state.merges[at], 0)


def put_looks(
    state: MemoryState, c: Candidate, rows: Tensor, index: Tensor, *, merge: Tensor
) -> None:
    """Write the looks of an event, before `put_or_merge` adds to the weight of what it held."""
    if rows.numel() == 0:
        return
    looks, joined = c.looks[rows], merge[rows, None]
    if not bool(looks.any()) and bool(joined.all()):  # a sound that goes on
        return
    at = (rows, index[rows])
    gone_on = appearance.gone_on(state.looks[at], looks, state.support[at], c.salience[rows])
    state.looks[at] = torch.where(joined, gone_on, looks)


def cosine(tokens: Tensor, key: Tensor) -> Tensor:
    """Cosine of each slot (B, s, d) with its row's key (B, d) -> (B, s)."""
    dot = (tokens * key[:, None, :]).sum(-1)
    norms = tokens.square().sum(-1).sqrt() * key.square().sum(-1).sqrt()[:, None]
    return dot / norms.clamp_min(EPS)
