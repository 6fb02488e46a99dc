"""Make room in a full event tier: pack an old event, merge two alike ones, or evict.

Works on one session at a time, because it is rare: once for each event that begins while every slot
is taken. Nothing is given up before it must be: old events are packed several to a slot first
(their times are kept), then alike events share a slot (their times span both), and only when few
plain slots are left does the oldest pack go, superposed onto the consolidated tier and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_model.ttm.layout import AGE_BUCKETS_S, Layout, Modality
from ttm_model.ttm.packed import added, digits_of, unpack
from ttm_model.ttm.slots import EPS, Losses, Slots, cosine


@dataclass(frozen=True, slots=True)
class RoomRule:
    """When slots are merged, packed and evicted."""

    merge_cos: float = 0.85  # alike enough to share a slot
    pack: bool = True
    min_plain: int = 8  # plain event slots of a modality that packing leaves


def make_room(
    slots: Slots, b: int, modality: int, layout: Layout, rule: RoomRule, losses: Losses
) -> int:
    """Free one event slot of session `b` for an event of `modality`; -> its index in the tier."""
    tier = layout.event_slots
    own = slots.modality[b, tier] == modality
    pool = own if int(own.sum()) >= layout.reserved_events else ~own
    # Packing keeps every event apart, so it comes first, in whichever modality has slots to spare.
    spare = ~own if int((~own).sum()) > layout.reserved_events else pool
    for among in (pool, spare) if rule.pack else ():
        plain = among & (slots.packed[b, tier] == 0)
        if int(plain.sum()) > rule.min_plain:
            return _pack_oldest(slots, b, plain, layout) - int(tier.start)
    pair = _most_alike(slots, b, tier)
    if pair is not None and pair[2] >= rule.merge_cos:
        into, gone, _ = pair
        _join(slots, b, into + tier.start, gone + tier.start)
        return gone
    packs = pool & (slots.packed[b, tier] > 0)
    victim = _oldest(slots, b, packs if bool(packs.any()) else pool, tier)
    _evict(slots, b, victim, layout, losses)
    return victim - int(tier.start)


def _oldest(slots: Slots, b: int, among: Tensor, tier: slice) -> int:
    """Index in the memory of the slot that ended first among those marked in the tier."""
    ends = slots.t_last[b, tier].masked_fill(~among, float("inf"))
    return int(ends.argmin()) + int(tier.start)


# --- merging --------------------------------------------------------------------------------------


def _most_alike(slots: Slots, b: int, tier: slice) -> tuple[int, int, float] | None:
    """The two most similar plain events of one modality, older first, and their cosine."""
    tokens = slots.tokens[b, tier]
    unit = tokens / tokens.square().sum(-1).sqrt().clamp_min(EPS)[:, None]
    cos = (unit[:, None, :] * unit[None, :, :]).sum(-1)
    modality = slots.modality[b, tier]
    plain = slots.packed[b, tier] == 0
    apart = (modality[:, None] != modality[None, :]) | ~(plain[:, None] & plain[None, :])
    apart = apart | torch.ones_like(apart).tril()
    flat = cos.masked_fill(apart, -1.0).flatten()
    best = int(flat.argmax())
    if float(flat[best]) <= -1.0:
        return None
    i, j = divmod(best, tokens.shape[0])
    if float(slots.t_first[b, tier][j]) < float(slots.t_first[b, tier][i]):
        i, j = j, i
    return i, j, float(flat[best])


def _join(slots: Slots, b: int, into: int, gone: int) -> None:
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


# --- packing --------------------------------------------------------------------------------------


def _pack_oldest(slots: Slots, b: int, plain: Tensor, layout: Layout) -> int:
    """Put the oldest plain event into the open pack of its modality; -> the slot that is free.

    Where no pack is open, the oldest event becomes one, and the next oldest goes into it.
    """
    tier = layout.event_slots
    first = _oldest(slots, b, plain, tier)
    kind = slots.modality[b, first]
    filled = slots.packed[b, tier]
    is_open = (slots.modality[b, tier] == kind) & (filled > 0) & (filled < layout.pack_places)
    if bool(is_open.any()):
        target = int(is_open.long().argmax()) + tier.start
        _add_item(slots, b, first, target)
        return first
    rest = plain & (slots.modality[b, tier] == kind)
    rest[first - tier.start] = False
    second = _oldest(slots, b, rest, tier)
    _open_pack(slots, b, first)
    _add_item(slots, b, second, first)
    return second


def _open_pack(slots: Slots, b: int, index: int) -> None:
    """Turn a plain event into a pack of one."""
    key = slots.tokens[b, index].clone()
    slots.tokens[b, index] = 0.0
    slots.packed[b, index] = 1
    _set_item(slots, b, index, key, source=index, place=0)


def _add_item(slots: Slots, b: int, source: int, pack: int) -> None:
    """Put a plain event into a pack's next place."""
    at, place = (b, pack), int(slots.packed[b, pack])
    slots.packed[at] = place + 1
    _set_item(slots, b, pack, slots.tokens[b, source], source=source, place=place)
    slots.t_first[at] = torch.minimum(slots.t_first[at], slots.t_first[b, source])
    slots.t_last[at] = torch.maximum(slots.t_last[at], slots.t_last[b, source])
    slots.strength[at] = torch.maximum(slots.strength[at], slots.strength[b, source])
    slots.support[at] += slots.support[b, source]
    slots.count[at] += slots.count[b, source]
    slots.merges[at] = torch.maximum(slots.merges[at], slots.merges[b, source])


def _set_item(slots: Slots, b: int, pack: int, key: Tensor, *, source: int, place: int) -> None:
    digits, scale = digits_of(key)
    slots.tokens[b, pack] = added(slots.tokens[b, pack], place, digits)
    slots.item_scale[b, pack, place] = scale
    slots.item_start[b, pack, place] = slots.t_first[b, source]
    slots.item_end[b, pack, place] = slots.t_last[b, source]
    slots.item_strength[b, pack, place] = slots.strength[b, source]
    slots.item_count[b, pack, place] = slots.count[b, source]


# --- evicting -------------------------------------------------------------------------------------


def _evict(slots: Slots, b: int, index: int, layout: Layout, losses: Losses) -> None:
    """Count what a slot held as evicted, by age, and superpose it onto the consolidated tier."""
    kind = int(slots.modality[b, index])
    places = int(slots.packed[b, index])
    peaks = slots.item_start[b, index, :places] if places else slots.t_peak[b, index][None]
    for peak_s in peaks:
        age_s = float(losses.clock_s[b] - peak_s)
        losses.evictions[b, kind, sum(age_s > edge for edge in AGE_BUCKETS_S)] += 1
    losses.floor_s[b, kind] = torch.maximum(losses.floor_s[b, kind], slots.t_last[b, index])
    if places:
        keys = unpack(slots.tokens[b, index], slots.item_scale[b, index, :places])
        slots.tokens[b, index] = keys.sum(dim=0)
        slots.merges[b, index] = torch.maximum(slots.merges[b, index], slots.packed[b, index] - 1)
        slots.packed[b, index] = 0
    _consolidate(slots, b, index, kind, layout)


def _consolidate(slots: Slots, b: int, index: int, kind: int, layout: Layout) -> None:
    per = layout.consolidated_per_modality
    first = layout.consolidated_slots.start + kind * per
    tier = slice(first, first + per)
    empty = slots.modality[b, tier] == int(Modality.EMPTY)
    if bool(empty.any()):
        slots.copy_slot(b, index, first + int(empty.long().argmax()))
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
