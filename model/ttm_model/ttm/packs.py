"""Packs of a memory: old events moved six to a slot, and a place given to another event.

Knows how a pack's numbers go together (`packed` knows the digits), not when one is made.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_model.ttm.layout import Layout
from ttm_model.ttm.packed import added, digits_in, digits_of
from ttm_model.ttm.slots import Slots, oldest


def with_room(slots: Slots, b: int, layout: Layout) -> Tensor:
    """(events,) True for packs that another event can still go into."""
    filled = slots.packed[b, layout.event_slots]
    return (filled > 0) & (filled < layout.pack_places)


def pack_oldest(slots: Slots, b: int, plain: Tensor, layout: Layout) -> int:
    """Put the oldest plain event into the open pack of its modality; -> the slot that is free.

    Where no pack is open, the oldest event becomes one, and the next oldest goes into it.
    """
    tier = layout.event_slots
    first = oldest(slots, b, plain, tier)
    kind = slots.modality[b, first]
    is_open = (slots.modality[b, tier] == kind) & with_room(slots, b, layout)
    if bool(is_open.any()):
        target = int(is_open.long().argmax()) + tier.start
        _add_item(slots, b, first, target)
        return first
    rest = plain & (slots.modality[b, tier] == kind)
    rest[first - tier.start] = False
    second = oldest(slots, b, rest, tier)
    _open_pack(slots, b, first)
    _add_item(slots, b, second, first)
    return second


def fill_place(slots: Slots, b: int, pack: int, place: int, source: int) -> None:
    """Put a plain event where another one was; the other places keep their digits."""
    held = digits_in(slots.tokens[b, pack], place + 1)[place]
    slots.tokens[b, pack] = added(slots.tokens[b, pack], place, -held)
    _put(slots, b, pack, place, source)


def _open_pack(slots: Slots, b: int, index: int) -> None:
    """Turn a plain event into a pack of one."""
    key = slots.tokens[b, index].clone()
    slots.tokens[b, index] = 0.0
    slots.packed[b, index] = 1
    _set_place(slots, b, index, 0, key, source=index)


def _add_item(slots: Slots, b: int, source: int, pack: int) -> None:
    """Put a plain event into a pack's next place."""
    place = int(slots.packed[b, pack])
    slots.packed[b, pack] = place + 1
    _put(slots, b, pack, place, source)


def _put(slots: Slots, b: int, pack: int, place: int, source: int) -> None:
    """Write another slot's event into a free place of a pack, and what the pack tells of it."""
    _set_place(slots, b, pack, place, slots.tokens[b, source], source=source)
    slots.merges[b, pack] = torch.maximum(slots.merges[b, pack], slots.merges[b, source])
    _summarise(slots, b, pack)


def _set_place(slots: Slots, b: int, pack: int, place: int, key: Tensor, *, source: int) -> None:
    """Write an event's key into a place that holds no digits, and what is known of it beside."""
    digits, scale = digits_of(key)
    slots.tokens[b, pack] = added(slots.tokens[b, pack], place, digits)
    slots.item_scale[b, pack, place] = scale
    slots.item_start[b, pack, place] = slots.t_first[b, source]
    slots.item_end[b, pack, place] = slots.t_last[b, source]
    slots.item_strength[b, pack, place] = slots.strength[b, source]
    slots.item_count[b, pack, place] = slots.count[b, source]


def _summarise(slots: Slots, b: int, pack: int) -> None:
    """Make the slot's own numbers those of its events together."""
    at, places = (b, pack), int(slots.packed[b, pack])
    slots.t_first[at] = slots.item_start[b, pack, :places].min()
    slots.t_last[at] = slots.item_end[b, pack, :places].max()
    slots.strength[at] = slots.item_strength[b, pack, :places].max()
    slots.support[at] = slots.item_strength[b, pack, :places].sum()
    slots.count[at] = slots.item_count[b, pack, :places].sum()
