"""Make room in a full event tier: pack an old event, merge two alike ones, or evict.

Works on one session at a time, because it is rare: once for each event that begins while every slot
is taken. Nothing is given up before it must be: old events are packed several to a slot first
(their times are kept), then alike events share a slot (their times span both), and only when few
plain slots are left is something evicted.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ttm_model.ttm.evicting import evict
from ttm_model.ttm.layout import Layout
from ttm_model.ttm.packs import pack_oldest, with_room
from ttm_model.ttm.slots import EPS, Losses, Slots


@dataclass(frozen=True, slots=True)
class RoomRule:
    """When slots are merged, packed and evicted."""

    merge_cos: float = 0.85  # alike enough to share a slot
    pack: bool = True
    min_plain: int = 8  # plain events of a modality that packing leaves, the new one included


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
        # One goes where a pack has room; else two go, of which one is the new pack.
        spared = 1 if bool((among & with_room(slots, b, layout)).any()) else 2
        if int(plain.sum()) - spared >= rule.min_plain - 1:
            return pack_oldest(slots, b, plain, layout) - int(tier.start)
    pair = _most_alike(slots, b, tier)
    if pair is not None and pair[2] >= rule.merge_cos:
        into, gone, _ = pair
        _join(slots, b, into + tier.start, gone + tier.start)
        return gone
    return evict(slots, b, pool, layout, losses) - int(tier.start)


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
