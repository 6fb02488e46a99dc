"""Make room in a full event tier: archive an old event, merge two alike ones, or evict.

Works on one session at a time, because it is rare: once for each event that begins while every slot
is taken. Nothing is given up before it must be: an old event is archived first (its times are
kept), then alike events share a slot (their times span both), and only when the archive is full and
no two are alike is something evicted.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_model.ttm import appearance
from ttm_model.ttm.archive import free_place, put_away
from ttm_model.ttm.evicting import give_up_archived, give_up_working, weakest_of_the_oldest
from ttm_model.ttm.layout import MODALITIES, STREAMED, Layout
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.writing import EPS


def make_room(
    state: MemoryState, b: int, modality: int, layout: Layout, rule: S0Rule, clock_s: Tensor
) -> int:
    """Free one event slot of session `b` for an event of `modality`; -> its index in the memory."""
    tier = layout.event_slots
    kinds = state.modality[b, tier]
    place = free_place(state, b)
    if place is None:
        pool = _that_may_lose(state, b, modality, layout)
        pair = _most_alike(state, b, tier, pool[kinds.long()])
        if pair is not None and pair[2] >= rule.merge_cos:
            into, gone, _ = pair
            _join(state, b, into, gone)
            return gone
        archived = _among(state.archive.modality[b], pool)
        if not bool(archived.any()):
            slot = _first_over(state, b, layout, rule, pool[kinds.long()])
            give_up_working(state, b, slot, layout, clock_s)
            return slot
        place = weakest_of_the_oldest(state, b, archived)
        give_up_archived(state, b, place, layout, clock_s)
    slot = _first_over(state, b, layout, rule, torch.ones_like(kinds, dtype=torch.bool))
    put_away(state, b, place, slot)
    return slot


def _that_may_lose(state: MemoryState, b: int, modality: int, layout: Layout) -> Tensor:
    """(modalities,) True for the one that begins an event, where it has its reserve; else others.

    Those others that hold more than theirs.
    """
    kinds = torch.cat([state.modality[b, layout.event_slots], state.archive.modality[b]])
    every = torch.arange(len(MODALITIES), device=kinds.device)
    held = (kinds[:, None] == every).sum(dim=0)
    if int(held[modality]) >= layout.reserved_events:
        return every == modality
    return held > layout.reserved_events


def _among(kinds: Tensor, pool: Tensor) -> Tensor:
    """Where `kinds` (N,) are of the modalities marked in `pool`."""
    return pool[kinds.long().clamp_min(0)] & (kinds >= 0)


def _first_over(state: MemoryState, b: int, layout: Layout, rule: S0Rule, among: Tensor) -> int:
    """Index in the memory of the event that cannot go on any more, for the longest time."""
    tier = layout.event_slots
    open_s = torch.tensor(rule.open_s, dtype=torch.float64, device=among.device)
    until_s = state.t_last[b, tier] + open_s[state.modality[b, tier].long()]
    return int(until_s.masked_fill(~among, float("inf")).argmin()) + int(tier.start)


# --- merging --------------------------------------------------------------------------------------


def _most_alike(
    state: MemoryState, b: int, tier: slice, among: Tensor
) -> tuple[int, int, float] | None:
    """The two most similar events of one modality of those marked, older first, and their cosine.

    Persons are never merged: each stands for one who was there all that time, and is counted.
    """
    tokens = state.tokens[b, tier]
    unit = tokens / tokens.square().sum(-1).sqrt().clamp_min(EPS)[:, None]
    cos = (unit[:, None, :] * unit[None, :, :]).sum(-1)
    modality = state.modality[b, tier]
    among = among & (modality < len(STREAMED))
    apart = (modality[:, None] != modality[None, :]) | ~(among[:, None] & among[None, :])
    apart = apart | torch.ones_like(apart).tril()
    flat = cos.masked_fill(apart, -1.0).flatten()
    best = int(flat.argmax())
    if float(flat[best]) <= -1.0:
        return None
    i, j = divmod(best, tokens.shape[0])
    if float(state.t_first[b, tier][j]) < float(state.t_first[b, tier][i]):
        i, j = j, i
    return i + int(tier.start), j + int(tier.start), float(flat[best])


def _join(state: MemoryState, b: int, into: int, gone: int) -> None:
    """Merge slot `gone` into slot `into`: both occurrences stay counted, times span both."""
    a, z = (b, into), (b, gone)
    total = state.support[a] + state.support[z]
    stronger = state.strength[z] > state.strength[a]
    weights = state.support[b, [into]], state.support[b, [gone]]
    state.looks[a] = appearance.joined(
        state.looks[b, [into]], state.looks[b, [gone]], *weights, stronger[None]
    )[0]
    state.tokens[a] = (
        state.tokens[a] * state.support[a] + state.tokens[z] * state.support[z]
    ) / total.clamp_min(EPS)
    if bool(stronger):
        state.t_peak[a] = state.t_peak[z]
        state.strength[a] = state.strength[z]
    state.t_first[a] = torch.minimum(state.t_first[a], state.t_first[z])
    state.t_last[a] = torch.maximum(state.t_last[a], state.t_last[z])
    state.support[a] = total
    state.count[a] += state.count[z]
    state.merges[a] += state.merges[z] + 1
