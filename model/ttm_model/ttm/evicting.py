"""Give an event up: count it by its age, move the coverage floor, superpose it onto what was.

In the consolidated tier a question can still find that something like it was there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_model.nibbles import unpack
from ttm_model.ttm.layout import AGE_BUCKETS_S, Layout
from ttm_model.ttm.state import EMPTY, MemoryState
from ttm_model.ttm.writing import cosine

CONSIDERED = 12  # oldest archived events of which the weakest goes


@dataclass(frozen=True, slots=True)
class _Event:
    """What is known of one event that goes; scalars are tensors ()."""

    key: Tensor  # (d,)
    kind: int
    start_s: Tensor
    end_s: Tensor
    peak_s: Tensor
    strength: Tensor
    support: Tensor
    count: Tensor
    looks: Tensor  # (15,)


def weakest_of_the_oldest(state: MemoryState, b: int, pool: Tensor) -> int:
    """The place of the archived event that goes, of those marked in `pool` (places,)."""
    ends = state.archive.end_s[b].masked_fill(~pool, float("inf"))
    first = ends.argsort(stable=True)[: min(CONSIDERED, int(pool.sum()))]
    # Of equal strength the oldest goes: argmin takes the first.
    return int(first[state.archive.strength[b][first].argmin()])


def give_up_archived(
    state: MemoryState, b: int, place: int, layout: Layout, clock_s: Tensor
) -> None:
    """Give up the event of a place, which is written to next; `clock_s` (B,)."""
    at, archive = (b, place), state.archive
    event = _Event(
        unpack(archive.key[b, [place]], archive.scale[b, [place]])[0],
        int(archive.modality[at]),
        archive.start_s[at],
        archive.end_s[at],
        archive.start_s[at],
        archive.strength[at],
        archive.strength[at],
        archive.count[at],
        archive.looks[at],
    )
    _give_up(state, b, event, layout, clock_s)


def give_up_working(state: MemoryState, b: int, slot: int, layout: Layout, clock_s: Tensor) -> None:
    """Give up the event of a slot, which is written to next; `clock_s` (B,)."""
    at = (b, slot)
    event = _Event(
        state.tokens[at],
        int(state.modality[at]),
        state.t_first[at],
        state.t_last[at],
        state.t_peak[at],
        state.strength[at],
        state.support[at],
        state.count[at],
        state.looks[at],
    )
    _give_up(state, b, event, layout, clock_s)


def _give_up(state: MemoryState, b: int, event: _Event, layout: Layout, clock_s: Tensor) -> None:
    age_s = float(clock_s[b] - event.peak_s)
    state.evictions[b, event.kind, sum(age_s > edge for edge in AGE_BUCKETS_S)] += 1
    state.floor_s[b, event.kind] = torch.maximum(state.floor_s[b, event.kind], event.end_s)
    per = layout.consolidated_per_modality
    first = layout.consolidated_slots.start + event.kind * per
    tier = slice(first, first + per)
    empty = state.modality[b, tier] == EMPTY
    if bool(empty.any()):
        at = (b, first + int(empty.long().argmax()))
        state.tokens[at] = event.key
        state.modality[at] = event.kind
        state.t_first[at] = event.start_s
        state.t_last[at] = event.end_s
        state.t_peak[at] = event.peak_s
        state.strength[at] = event.strength
        state.support[at] = event.support
        state.count[at] = event.count
        state.looks[at] = event.looks
        return
    at = (b, first + int(cosine(state.tokens[b : b + 1, tier], event.key[None])[0].argmax()))
    # A sum, not a mean: keys are near orthogonal, so a superposed one can still be found.
    state.tokens[at] += event.key
    state.t_first[at] = torch.minimum(state.t_first[at], event.start_s)
    state.t_last[at] = torch.maximum(state.t_last[at], event.end_s)
    state.count[at] += event.count
    state.support[at] += event.support
    state.merges[at] += 1
    if bool(event.strength > state.strength[at]):  # what is told of it is told of the strongest
        state.t_peak[at] = event.peak_s
        state.strength[at] = event.strength
        state.looks[at] = event.looks
