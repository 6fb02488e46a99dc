"""Lay a memory state out for reading: working and archived events as slots. Knows no question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_model.looks import UNKNOWN, Looks
from ttm_model.nibbles import unpack
from ttm_model.reader.view import NO_CLASS, PERSON, KeySpace, MemoryView, Slot
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.state import MemoryState
from ttm_protocol.answers import ModalityName

NAMES: dict[Modality, ModalityName] = {
    Modality.VIDEO: "video",
    Modality.AUDIO: "audio",
    Modality.PERSON: "video",
}


def view(
    state: MemoryState,
    layout: Layout,
    spaces: Mapping[ModalityName, KeySpace],
    received: Mapping[ModalityName, tuple[tuple[float, float], ...]] | None = None,
) -> MemoryView:
    """Lay out the memory of one session (a state with B = 1), with what its senses received."""
    assert state.batch == 1
    floors_s = state.floor_s[0].tolist()
    return MemoryView(
        events=_slots(_working(state, layout.event_slots) + _archived(state, layout), spaces),
        consolidated=_slots(_working(state, layout.consolidated_slots), spaces),
        clock_s=float(state.clock_s[0]),
        floor_s={NAMES[m]: floors_s[m] for m in NAMES if m != Modality.PERSON},
        received=received or {},
        people_floor_s=floors_s[Modality.PERSON],
    )


@dataclass(frozen=True, slots=True)
class _Event:
    """One event as it is stored, in whichever tier."""

    index: int
    modality: Modality
    key: Tensor  # (d,)
    start_s: float
    end_s: float
    count: int
    strength: float
    merges: int
    looks: Looks | None


def _working(state: MemoryState, tier: slice) -> list[_Event]:
    held = torch.nonzero(state.modality[0, tier] >= 0)[:, 0] + tier.start
    return [
        _Event(
            index,
            Modality(int(state.modality[0, index])),
            state.tokens[0, index],
            float(state.t_first[0, index]),
            float(state.t_last[0, index]),
            int(state.count[0, index]),
            float(state.strength[0, index]),
            int(state.merges[0, index]),
            _looks(state.looks[0, index]),
        )
        for index in held.tolist()
    ]


def _archived(state: MemoryState, layout: Layout) -> list[_Event]:
    archive = state.archive
    held = torch.nonzero(archive.modality[0] >= 0)[:, 0]
    keys = unpack(archive.key[0, held], archive.scale[0, held])
    return [
        _Event(
            layout.tokens + place,
            Modality(int(archive.modality[0, place])),
            key,
            float(archive.start_s[0, place]),
            float(archive.end_s[0, place]),
            int(archive.count[0, place]),
            float(archive.strength[0, place]),
            int(archive.count[0, place]) - 1,
            _looks(archive.looks[0, place]),
        )
        for key, place in zip(keys, held.tolist(), strict=True)
    ]


def _looks(row: Tensor) -> Looks | None:
    """A row of bytes (15,) as what it tells; None where that is nothing."""
    looks = Looks.from_bytes(bytes(row.tolist()))
    return None if looks == UNKNOWN else looks


def _slots(events: list[_Event], spaces: Mapping[ModalityName, KeySpace]) -> tuple[Slot, ...]:
    """The events by start, named in their modality's space."""
    rows: list[Slot] = []
    for modality, name in NAMES.items():
        own = [event for event in events if event.modality == modality]
        if not own:
            continue
        if modality == Modality.PERSON:
            rows += [_person(event, len(spaces[name].names)) for event in own]
            continue
        posteriors = spaces[name].decode(torch.stack([event.key for event in own])).cpu()
        rows += [
            _named(event, name, spaces[name], posterior)
            for event, posterior in zip(own, posteriors, strict=True)
        ]
    return tuple(sorted(rows, key=lambda slot: (slot.start_s, slot.index)))


def _named(event: _Event, modality: ModalityName, space: KeySpace, posterior: Tensor) -> Slot:
    top, classes = posterior.topk(2)
    best, second = classes.tolist()
    return Slot(
        index=event.index,
        modality=modality,
        best=best,
        label=space.names[best],
        name=space.everyday(best),
        name_p=space.naming(float(top[0])),
        second=space.names[second],
        second_p=float(top[1]),
        start_s=event.start_s,
        end_s=event.end_s,
        count=event.count,
        strength=event.strength,
        merges=event.merges,
        posterior=posterior,
        key=event.key,
        looks=event.looks,
    )


def _person(event: _Event, classes: int) -> Slot:
    """A person has no class: how sure it is that there was one, its strength tells."""
    return Slot(
        index=event.index,
        modality=NAMES[Modality.PERSON],
        best=NO_CLASS,
        label=PERSON,
        name=PERSON,
        name_p=event.strength,
        second="",
        second_p=0.0,
        start_s=event.start_s,
        end_s=event.end_s,
        count=event.count,
        strength=event.strength,
        merges=event.merges,
        posterior=torch.zeros(classes),
        key=event.key,
        looks=event.looks,
        person=True,
    )
