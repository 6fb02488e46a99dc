"""Things that were taught, found among a memory's events by likeness of keys. Knows no wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ttm_model.reader.view import KeySpace, MemoryView, Slot
from ttm_model.taught.example import Thing
from ttm_protocol.answers import ModalityName

NAMED_P = 0.6  # from which an event is called by the name that was taught

Spaces = Mapping[ModalityName, KeySpace]


def like(
    spaces: Spaces, slots: Sequence[Slot], modality: ModalityName, examples: Tensor
) -> list[float]:
    """The probability that each slot is the thing of examples (M, d); 0 for another sense."""
    same = [at for at, slot in enumerate(slots) if slot.modality == modality and not slot.person]
    told = [0.0] * len(slots)
    if same and len(examples):
        keys = torch.stack([slots[at].key for at in same])
        for at, p in zip(same, spaces[modality].likeness(keys, examples).tolist(), strict=True):
            told[at] = p
    return told


def named(things: Sequence[Thing], name: str) -> list[Thing]:
    """The thing of a name, of every sense; "wrench" is "my wrench" where nothing else is one."""
    wanted = name.casefold()
    exact = [thing for thing in things if thing.name.casefold() == wanted]
    return exact or [thing for thing in things if thing.name.casefold().endswith(f" {wanted}")]


def called(
    things: Sequence[Thing], space: KeySpace, modality: ModalityName, key: Tensor
) -> tuple[str, float] | None:
    """The taught thing that a key (d,) is likest, and its probability; None where it is none."""
    own = [thing for thing in things if thing.modality == modality]
    likes = [float(space.likeness(key[None], thing.examples)[0]) for thing in own]
    if not likes or max(likes) < NAMED_P:
        return None
    return own[likes.index(max(likes))].name, min(1.0, max(likes))


def with_names(memory: MemoryView, spaces: Spaces) -> MemoryView:
    """The memory with its events called by the names that were taught, also those from before."""
    events = list(memory.events)
    best = [NAMED_P] * len(events)
    for thing in memory.things:
        likes = like(spaces, memory.events, thing.modality, thing.examples)
        for at, p in enumerate(likes):
            if p > best[at] or (p == best[at] and not events[at].taught):
                best[at] = p
                events[at] = replace(
                    events[at], taught=thing.name, name=thing.name, name_p=min(1.0, p)
                )
    return replace(memory, events=tuple(events))
