"""Slot write by rule S0: candidate -> gate -> one slot; every other slot keeps its bits.

No training: a candidate that matches an event still going on is merged into it; otherwise, if it
is salient enough, it takes a free event slot, for which `room` makes place when none is free.
Everything works on B sessions at once and each row's result is its own: a row's arithmetic uses
elementwise operations and reductions over its own values only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_model.ttm.layout import STREAMED, Layout, Modality
from ttm_model.ttm.persons import by_picture, continued
from ttm_model.ttm.room import make_room
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.state import EMPTY, MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.writing import Candidate, cosine, put_looks, put_or_merge


def slot_write(
    before: MemoryState, inputs: InputTokens, valid: Tensor, layout: Layout, rule: S0Rule
) -> tuple[MemoryState, Tensor, Tensor]:
    """Write every valid input, place after place, the persons last.

    `valid` (B, n) -> next state (gist tier and clock untouched), slot (B, n) and fresh (B, n).
    """
    state = before.copy()
    slot = torch.full(valid.shape, -1, dtype=torch.int64, device=valid.device)
    fresh = torch.zeros_like(valid)
    person = valid & (inputs.modality == int(Modality.PERSON))
    streamed = valid & ~person
    gaps_s = torch.tensor(rule.gap_s, dtype=torch.float64, device=valid.device)
    for j in torch.nonzero(streamed.any(dim=0))[:, 0].tolist():
        candidate = Candidate.at(inputs, j)
        _write_recent(state, candidate, streamed[:, j], layout)
        likeness = _likeness(state, candidate, layout)
        since_s = candidate.start_s - gaps_s[candidate.modality.long().clamp_min(0)]
        goes_on = _going_on(state, likeness, since_s, streamed[:, j], layout, rule)
        slot[:, j], fresh[:, j] = _write_event(
            state, candidate, streamed[:, j], goes_on, likeness, layout, rule, inputs.clock_s
        )
    for b in torch.nonzero(person.any(dim=1))[:, 0].tolist():
        places = torch.nonzero(person[b])[:, 0].tolist()
        _write_persons(state, b, inputs, places, layout, rule, slot, fresh)
    return state, slot, fresh


def _write_recent(state: MemoryState, c: Candidate, valid: Tensor, layout: Layout) -> None:
    """Fold the candidate into its modality's ring slot of the current time bin."""
    per = layout.recent_per_modality
    time_bin = torch.floor(c.start_s / layout.recent_bin_s)
    index = (time_bin.long() % per) + c.modality.long().clamp(0, len(STREAMED) - 1) * per
    held_bin = torch.floor(_at(state.t_first, index) / layout.recent_bin_s)
    held = _at(state.modality, index) >= 0
    same = held & (held_bin == time_bin)
    # A late candidate (its bin has been overwritten by a newer one) has no place in the ring.
    late = held & (held_bin > time_bin)
    rows = torch.nonzero(valid & ~late)[:, 0]
    put_or_merge(state, c, rows, index, merge=same, novelty=torch.ones_like(c.salience))


def _likeness(state: MemoryState, c: Candidate, layout: Layout) -> Tensor:
    """(B, events) cosine of each event of the candidate's modality with it; -1 of the others."""
    tier = layout.event_slots
    alike = state.modality[:, tier] == c.modality[:, None]
    return cosine(state.tokens[:, tier], c.key).masked_fill(~alike, -1.0)


def _going_on(
    state: MemoryState,
    likeness: Tensor,
    since_s: Tensor,
    valid: Tensor,
    layout: Layout,
    rule: S0Rule,
) -> Tensor:
    """(B,) the likest of the events that went on until `since_s` (B,); -1 where none is alike."""
    tier = layout.event_slots
    over = state.t_last[:, tier] < since_s[:, None]
    best, at = likeness.masked_fill(over, -1.0).max(dim=1)
    return torch.where(valid & (best >= rule.match_cos), at + tier.start, -1)


def _write_event(
    state: MemoryState,
    c: Candidate,
    valid: Tensor,
    goes_on: Tensor,
    likeness: Tensor,
    layout: Layout,
    rule: S0Rule,
    clock_s: Tensor,
) -> tuple[Tensor, Tensor]:
    """Merge into the event that goes on (B,), or begin a new one; -> slot (B,), fresh (B,)."""
    tier = layout.event_slots
    novelty = 1.0 - likeness.max(dim=1).values.clamp_min(0.0)
    matched = goes_on >= 0
    begins = valid & ~matched & (c.salience >= rule.min_salience)
    empty = state.modality[:, tier] == EMPTY
    free = torch.where(empty.any(dim=1), empty.long().argmax(dim=1) + tier.start, -1)
    for b in torch.nonzero(begins & (free < 0))[:, 0].tolist():
        free[b] = make_room(state, b, int(c.modality[b]), layout, rule, clock_s)
    index = torch.where(matched, goes_on, free)
    written = matched | begins
    rows = torch.nonzero(written)[:, 0]
    put_looks(state, c, rows, index, merge=matched)
    put_or_merge(state, c, rows, index, merge=matched, novelty=novelty)
    return torch.where(written, index, -1), begins


def _write_persons(
    state: MemoryState,
    b: int,
    inputs: InputTokens,
    places: list[int],
    layout: Layout,
    rule: S0Rule,
    slot: Tensor,
    fresh: Tensor,
) -> None:
    """Write one session's persons, picture after picture; sets their `slot` and `fresh` (B, n)."""
    only = torch.zeros_like(fresh[:, 0])
    only[b] = True
    for picture in by_picture(inputs, b, places):
        pairs = continued(state, b, inputs, picture, layout, rule.gap_s[Modality.PERSON])
        # Who goes on is written first: making room for the others must not take their slots.
        for j in sorted(picture, key=lambda place: place not in pairs):
            goes_on = torch.full_like(slot[:, j], -1)
            goes_on[b] = pairs.get(j, -1)
            candidate = Candidate.at(inputs, j)
            likeness = _likeness(state, candidate, layout)
            at, begins = _write_event(
                state, candidate, only, goes_on, likeness, layout, rule, inputs.clock_s
            )
            slot[b, j], fresh[b, j] = at[b], begins[b]


def _at(tensor: Tensor, index: Tensor) -> Tensor:
    """tensor (B, m), index (B,) -> tensor[b, index[b]] (B,)."""
    return tensor.gather(1, index[:, None])[:, 0]
