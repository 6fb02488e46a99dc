"""Slot write by rule S0: candidate -> gate -> one slot; every other slot keeps its bits.

No training: a candidate that matches an event still going on is merged into it; otherwise, if it
is salient enough, it takes a free event slot, for which `room` makes place when none is free.
Everything works on B sessions at once and each row's result is its own: a row's arithmetic uses
elementwise operations and reductions over its own values only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.room import RoomRule, make_room
from ttm_model.ttm.slots import Candidate, Losses, Slots, cosine, put_or_merge
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens


@dataclass(frozen=True, slots=True)
class S0Rule:
    """Thresholds of the untrained write policy."""

    match_cos: float = 0.6  # same thing, still going on
    min_salience: float = 0.2
    gap_s: tuple[float, float] = (2.0, 1.5)  # how long each modality may be away and be the same
    room: RoomRule = field(default_factory=RoomRule)


def slot_write(
    state: MemoryState, inputs: InputTokens, valid: Tensor, layout: Layout, rule: S0Rule
) -> tuple[MemoryState, Tensor, Tensor]:
    """Write every valid input, place after place.

    `valid` (B, n) -> next state (gist tier and clock untouched), slot (B, n) and fresh (B, n).
    """
    slots = Slots.of(state)
    losses = Losses(state.evictions.clone(), state.floor_s.clone(), inputs.clock_s)
    slot = torch.full(valid.shape, -1, dtype=torch.int64, device=valid.device)
    fresh = torch.zeros_like(valid)
    for j in torch.nonzero(valid.any(dim=0))[:, 0].tolist():
        candidate = Candidate(
            inputs.keys[:, j],
            inputs.modality[:, j],
            inputs.salience[:, j],
            inputs.start_s[:, j],
            inputs.end_s[:, j],
        )
        _write_recent(slots, candidate, valid[:, j], layout)
        slot[:, j], fresh[:, j] = _write_event(slots, candidate, valid[:, j], layout, rule, losses)
    after = state.updated(**slots.tensors(), evictions=losses.evictions, floor_s=losses.floor_s)
    return after, slot, fresh


def _write_recent(slots: Slots, c: Candidate, valid: Tensor, layout: Layout) -> None:
    """Fold the candidate into its modality's ring slot of the current time bin."""
    per = layout.recent_per_modality
    time_bin = torch.floor(c.start_s / layout.recent_bin_s)
    index = (time_bin.long() % per) + c.modality.long().clamp_min(0) * per
    held_bin = torch.floor(_at(slots.t_first, index) / layout.recent_bin_s)
    same = (_at(slots.modality, index) >= 0) & (held_bin == time_bin)
    # A late candidate (its bin has been overwritten by a newer one) has no place in the ring.
    late = (_at(slots.modality, index) >= 0) & (held_bin > time_bin)
    rows = torch.nonzero(valid & ~late)[:, 0]
    put_or_merge(slots, c, rows, index, merge=same, novelty=torch.ones_like(c.salience))


def _write_event(
    slots: Slots, c: Candidate, valid: Tensor, layout: Layout, rule: S0Rule, losses: Losses
) -> tuple[Tensor, Tensor]:
    """Merge into the event that goes on, or begin a new one; -> slot (B,), fresh (B,)."""
    tier = layout.event_slots
    alike = (slots.modality[:, tier] == c.modality[:, None]) & (slots.packed[:, tier] == 0)
    cos = cosine(slots.tokens[:, tier], c.key).masked_fill(~alike, -1.0)
    gaps = torch.tensor(rule.gap_s, dtype=torch.float64, device=cos.device)
    gap_s = gaps[c.modality.long().clamp_min(0)]
    going_on = slots.t_last[:, tier] >= (c.start_s - gap_s)[:, None]
    best, best_at = cos.masked_fill(~going_on, -1.0).max(dim=1)
    matched = valid & (best >= rule.match_cos)
    begins = valid & ~matched & (c.salience >= rule.min_salience)
    novelty = 1.0 - cos.max(dim=1).values.clamp_min(0.0)

    empty = slots.modality[:, tier] == int(Modality.EMPTY)
    free = torch.where(empty.any(dim=1), empty.long().argmax(dim=1), -1)
    for b in torch.nonzero(begins & (free < 0))[:, 0].tolist():
        free[b] = make_room(slots, b, int(c.modality[b]), layout, rule.room, losses)

    index = torch.where(matched, best_at, free) + tier.start
    written = matched | begins
    rows = torch.nonzero(written)[:, 0]
    put_or_merge(slots, c, rows, index, merge=matched, novelty=novelty)
    return torch.where(written, index, -1), begins


def _at(tensor: Tensor, index: Tensor) -> Tensor:
    """tensor (B, m), index (B,) -> tensor[b, index[b]] (B,)."""
    return tensor.gather(1, index[:, None])[:, 0]
