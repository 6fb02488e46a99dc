"""Bind a name to what a memory holds of some time; knows no wording and no wire.

What is bound is an event of the memory, never a picture: the one that began last among those that
stood out then, because who names a thing has just brought it.
"""

from __future__ import annotations

from torch import Tensor

from ttm_model.reader.view import MemoryView, Slot
from ttm_model.taught.example import Example

JUST_S = 3.0  # how far back "this" reaches where no time is told
LEAST_STRENGTH = 0.2


def shown(memory: MemoryView, since_s: float, until_s: float) -> Slot | None:
    """The event that a name said between two media times is for; None where nothing was there.

    Sights come before sounds, and persons are none: who somebody is, is not learnt.
    """
    there = [
        slot
        for slot in memory.events
        if slot.overlaps(since_s, until_s)
        and not slot.person
        and slot.strength >= LEAST_STRENGTH
        and not slot.merges
    ]
    for modality in ("video", "audio"):
        own = [slot for slot in there if slot.modality == modality]
        if own:
            return max(own, key=lambda slot: (slot.start_s, slot.strength))
    return None


def example_of(slot: Slot) -> Example:
    """What is learnt of an event."""
    key: Tensor = slot.key
    return Example(key=key, modality=slot.modality, at_s=slot.start_s)
