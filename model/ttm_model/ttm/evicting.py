"""Give up what has to go, one event at a time: the weakest of the oldest packed ones.

What goes is counted by age, moves the coverage floor, and is superposed onto the consolidated
tier, where a question can still find that something like it was there. Its place goes to the
oldest plain event, whose slot is then free. Every other event of the pack keeps its digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_model.ttm.layout import AGE_BUCKETS_S, Layout, Modality
from ttm_model.ttm.packed import unpack
from ttm_model.ttm.packs import fill_place
from ttm_model.ttm.slots import Losses, Slots, cosine, oldest

CONSIDERED = 12  # oldest packed events of which the weakest goes


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


def evict(slots: Slots, b: int, pool: Tensor, layout: Layout, losses: Losses) -> int:
    """Free one event slot of those marked in `pool` (events,); -> its index in the memory."""
    tier = layout.event_slots
    plain = pool & (slots.packed[b, tier] == 0)
    packs = pool & ~plain
    if not bool(plain.any()):  # the other modality has taken them for its reserve
        pack = oldest(slots, b, packs, tier)
        for place in range(int(slots.packed[b, pack])):
            _give_up(slots, b, _packed_event(slots, b, pack, place), layout, losses)
        return pack
    source = oldest(slots, b, plain, tier)
    if not bool(packs.any()):
        _give_up(slots, b, _plain_event(slots, b, source), layout, losses)
        return source
    pack, place = _weakest_of_the_oldest(slots, b, packs, layout)
    _give_up(slots, b, _packed_event(slots, b, pack, place), layout, losses)
    fill_place(slots, b, pack, place, source)
    return source


def _weakest_of_the_oldest(slots: Slots, b: int, packs: Tensor, layout: Layout) -> tuple[int, int]:
    tier, places = layout.event_slots, layout.pack_places
    filled = torch.arange(places, device=packs.device) < slots.packed[b, tier][:, None]
    held = (filled & packs[:, None]).flatten()
    ends = slots.item_end[b, tier].flatten().masked_fill(~held, float("inf"))
    first = ends.argsort(stable=True)[: min(CONSIDERED, int(held.sum()))]
    # Of equal strength the oldest goes: argmin takes the first.
    at = int(first[slots.item_strength[b, tier].flatten()[first].argmin()])
    return at // places + tier.start, at % places


def _plain_event(slots: Slots, b: int, index: int) -> _Event:
    at = (b, index)
    return _Event(
        slots.tokens[at].clone(),
        int(slots.modality[at]),
        slots.t_first[at].clone(),
        slots.t_last[at].clone(),
        slots.t_peak[at].clone(),
        slots.strength[at].clone(),
        slots.support[at].clone(),
        slots.count[at].clone(),
    )


def _packed_event(slots: Slots, b: int, pack: int, place: int) -> _Event:
    at = (b, pack, place)
    return _Event(
        unpack(slots.tokens[b, pack], slots.item_scale[b, pack, : place + 1])[place],
        int(slots.modality[b, pack]),
        slots.item_start[at].clone(),
        slots.item_end[at].clone(),
        slots.item_start[at].clone(),
        slots.item_strength[at].clone(),
        slots.item_strength[at].clone(),
        slots.item_count[at].clone(),
    )


def _give_up(slots: Slots, b: int, event: _Event, layout: Layout, losses: Losses) -> None:
    """Count the event as evicted and superpose it onto the most alike consolidated slot."""
    age_s = float(losses.clock_s[b] - event.peak_s)
    losses.evictions[b, event.kind, sum(age_s > edge for edge in AGE_BUCKETS_S)] += 1
    losses.floor_s[b, event.kind] = torch.maximum(losses.floor_s[b, event.kind], event.end_s)
    per = layout.consolidated_per_modality
    first = layout.consolidated_slots.start + event.kind * per
    tier = slice(first, first + per)
    empty = slots.modality[b, tier] == int(Modality.EMPTY)
    if bool(empty.any()):
        at = (b, first + int(empty.long().argmax()))
        slots.tokens[at] = event.key
        slots.modality[at] = event.kind
        slots.t_first[at] = event.start_s
        slots.t_last[at] = event.end_s
        slots.t_peak[at] = event.peak_s
        slots.strength[at] = event.strength
        slots.support[at] = event.support
        slots.count[at] = event.count
        return
    at = (b, first + int(cosine(slots.tokens[b : b + 1, tier], event.key[None])[0].argmax()))
    # A sum, not a mean: keys are near orthogonal, so a superposed one can still be found.
    slots.tokens[at] += event.key
    slots.t_first[at] = torch.minimum(slots.t_first[at], event.start_s)
    slots.t_last[at] = torch.maximum(slots.t_last[at], event.end_s)
    slots.count[at] += event.count
    slots.support[at] += event.support
    slots.merges[at] += 1
