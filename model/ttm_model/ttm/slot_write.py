"""Slot write by rule S0: candidate -> gate -> one slot; every other slot keeps its bits.

No training: a candidate that matches an event still going on is merged into it; otherwise, if it
is salient enough, it takes a free event slot. When none is free, two alike events are merged, or
the oldest event goes, is superposed onto the consolidated tier and counted in the eviction
histogram. Everything works on B sessions at once and each row's result is its own: a row's
arithmetic uses elementwise operations and reductions over its own values only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_model.ttm.layout import AGE_BUCKETS_S, Layout, Modality
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens

EPS = 1e-8


@dataclass(frozen=True, slots=True)
class S0Rule:
    """Thresholds of the untrained write policy."""

    match_cos: float = 0.6  # same thing, still going on
    merge_cos: float = 0.85  # alike enough to share a slot when room is needed
    min_salience: float = 0.2
    gap_s: tuple[float, float] = (2.0, 1.5)  # how long each modality may be away and be the same


@dataclass(slots=True)
class _Slots:
    """Working copy of the per-slot tensors; written in place, one slot a row at a time."""

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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One input place of B sessions."""

    key: Tensor  # (B, d)
    modality: Tensor  # (B,) int8
    salience: Tensor  # (B,)
    start_s: Tensor  # (B,) float64
    end_s: Tensor  # (B,) float64


def slot_write(
    state: MemoryState, inputs: InputTokens, valid: Tensor, layout: Layout, rule: S0Rule
) -> tuple[MemoryState, Tensor, Tensor]:
    """Write every valid input, place after place.

    `valid` (B, n) -> next state (gist tier and clock untouched), slot (B, n) and fresh (B, n).
    """
    names = tuple(_Slots.__dataclass_fields__)
    slots = _Slots(**{name: getattr(state, name).clone() for name in names})
    evictions, floor_s = state.evictions.clone(), state.floor_s.clone()
    places = inputs.keys.shape[1]
    slot = torch.full(valid.shape, -1, dtype=torch.int64, device=valid.device)
    fresh = torch.zeros_like(valid)
    for j in range(places):
        candidate = _Candidate(
            inputs.keys[:, j],
            inputs.modality[:, j],
            inputs.salience[:, j],
            inputs.start_s[:, j],
            inputs.end_s[:, j],
        )
        if not bool(valid[:, j].any()):
            continue
        _write_recent(slots, candidate, valid[:, j], layout)
        slot[:, j], fresh[:, j] = _write_event(
            slots, candidate, valid[:, j], layout, rule, (evictions, floor_s, inputs.clock_s)
        )
    changed = {name: getattr(slots, name) for name in names}
    return state.updated(**changed, evictions=evictions, floor_s=floor_s), slot, fresh


def cosine(tokens: Tensor, key: Tensor) -> Tensor:
    """Cosine of each slot (B, s, d) with its row's key (B, d) -> (B, s)."""
    dot = (tokens * key[:, None, :]).sum(-1)
    norms = tokens.square().sum(-1).sqrt() * key.square().sum(-1).sqrt()[:, None]
    return dot / norms.clamp_min(EPS)


def _write_recent(slots: _Slots, c: _Candidate, valid: Tensor, layout: Layout) -> None:
    """Fold the candidate into its modality's ring slot of the current time bin."""
    per = layout.recent_per_modality
    time_bin = torch.floor(c.start_s / layout.recent_bin_s)
    index = (time_bin.long() % per) + c.modality.long().clamp_min(0) * per
    held_bin = torch.floor(_at(slots.t_first, index) / layout.recent_bin_s)
    same = (_at(slots.modality, index) >= 0) & (held_bin == time_bin)
    # A late candidate (its bin has been overwritten by a newer one) has no place in the ring.
    late = (_at(slots.modality, index) >= 0) & (held_bin > time_bin)
    rows = torch.nonzero(valid & ~late)[:, 0]
    _put_or_merge(slots, c, rows, index, same, torch.ones_like(c.salience))


def _write_event(
    slots: _Slots,
    c: _Candidate,
    valid: Tensor,
    layout: Layout,
    rule: S0Rule,
    losses: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor]:
    """Merge into the event that goes on, or begin a new one; -> slot (B,), fresh (B,)."""
    tier = layout.event_slots
    same_kind = slots.modality[:, tier] == c.modality[:, None]
    cos = cosine(slots.tokens[:, tier], c.key).masked_fill(~same_kind, -1.0)
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
        free[b] = _make_room(slots, int(c.modality[b]), b, layout, rule, losses)

    index = torch.where(matched, best_at, free) + tier.start
    written = matched | begins
    rows = torch.nonzero(written)[:, 0]
    _put_or_merge(slots, c, rows, index, matched, novelty)
    return torch.where(written, index, -1), begins


def _put_or_merge(
    slots: _Slots, c: _Candidate, rows: Tensor, index: Tensor, merge: Tensor, novelty: Tensor
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


def _make_room(
    slots: _Slots,
    modality: int,
    b: int,
    layout: Layout,
    rule: S0Rule,
    losses: tuple[Tensor, Tensor, Tensor],
) -> int:
    """Free one event slot of session `b`: merge two alike events, or evict; -> its tier index."""
    tier = layout.event_slots
    pair = _most_alike(slots, b, tier)
    if pair is not None and pair[2] >= rule.merge_cos:
        into, gone, _ = pair
        _join(slots, b, into + tier.start, gone + tier.start)
        return gone
    victim = _oldest(slots, b, modality, layout)
    _lose(slots, b, victim + tier.start, layout, losses)
    return victim


def _most_alike(slots: _Slots, b: int, tier: slice) -> tuple[int, int, float] | None:
    """The two most similar events of one modality, older first, and their cosine."""
    tokens = slots.tokens[b, tier]
    unit = tokens / tokens.square().sum(-1).sqrt().clamp_min(EPS)[:, None]
    cos = (unit[:, None, :] * unit[None, :, :]).sum(-1)
    modality = slots.modality[b, tier]
    apart = modality[:, None] != modality[None, :]
    apart = apart | torch.ones_like(apart).tril()
    flat = cos.masked_fill(apart, -1.0).flatten()
    best = int(flat.argmax())
    if float(flat[best]) <= -1.0:
        return None
    i, j = divmod(best, tokens.shape[0])
    if float(slots.t_first[b, tier][j]) < float(slots.t_first[b, tier][i]):
        i, j = j, i
    return i, j, float(flat[best])


def _join(slots: _Slots, b: int, into: int, gone: int) -> None:
    """Merge slot `gone` into slot `into`: both occurrences stay counted, times span both."""
    a, z = (b, into), (b, gone)
    total = slots.support[a] + slots.support[z]
    slots.tokens[a] = (
        slots.tokens[a] * slots.support[a] + slots.tokens[z] * slots.support[z]
    ) / total.clamp_min(EPS)
    if bool(slots.strength[z] > slots.strength[a]):
        slots.t_peak[a] = slots.t_peak[z]
        slots.strength[a] = slots.strength[z]
    slots.t_first[a] = torch.minimum(slots.t_first[a], slots.t_first[z])
    slots.t_last[a] = torch.maximum(slots.t_last[a], slots.t_last[z])
    slots.support[a] = total
    slots.count[a] += slots.count[z]
    slots.merges[a] += slots.merges[z] + 1


def _oldest(slots: _Slots, b: int, modality: int, layout: Layout) -> int:
    """The event that ended first, of the candidate's modality once that has its reserve."""
    tier = layout.event_slots
    kinds = slots.modality[b, tier]
    own = kinds == modality
    pool = own if int(own.sum()) >= layout.reserved_events else ~own
    ends = slots.t_last[b, tier].masked_fill(~pool, float("inf"))
    return int(ends.argmin())


def _lose(
    slots: _Slots, b: int, index: int, layout: Layout, losses: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Count an eviction and superpose its token onto the consolidated tier."""
    evictions, floor_s, clock_s = losses
    kind = int(slots.modality[b, index])
    age_s = float(clock_s[b] - slots.t_peak[b, index])
    bucket = sum(age_s > edge for edge in AGE_BUCKETS_S)
    evictions[b, kind, bucket] += 1
    floor_s[b, kind] = torch.maximum(floor_s[b, kind], slots.t_last[b, index])

    per = layout.consolidated_per_modality
    first = layout.consolidated_slots.start + kind * per
    tier = slice(first, first + per)
    empty = slots.modality[b, tier] == int(Modality.EMPTY)
    if bool(empty.any()):
        at = (b, first + int(empty.long().argmax()))
        for name in _Slots.__dataclass_fields__:
            tensor: Tensor = getattr(slots, name)
            tensor[at] = tensor[b, index]
        return
    cos = cosine(slots.tokens[b : b + 1, tier], slots.tokens[b : b + 1, index])[0]
    at = (b, first + int(cos.argmax()))
    # A sum, not a mean: keys are near orthogonal, so a superposed one can still be found.
    slots.tokens[at] += slots.tokens[b, index]
    slots.t_first[at] = torch.minimum(slots.t_first[at], slots.t_first[b, index])
    slots.t_last[at] = torch.maximum(slots.t_last[at], slots.t_last[b, index])
    slots.count[at] += slots.count[b, index]
    slots.support[at] += slots.support[b, index]
    slots.merges[at] += slots.merges[b, index] + 1


def _at(tensor: Tensor, index: Tensor) -> Tensor:
    """tensor (B, m), index (B,) -> tensor[b, index[b]] (B,)."""
    return tensor.gather(1, index[:, None])[:, 0]
