"""A memory state of one session laid out for reading: slots as rows. Knows no question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.packed import unpack
from ttm_model.ttm.state import MemoryState
from ttm_protocol.answers import Evidence, ModalityName

NAMES: dict[Modality, ModalityName] = {Modality.VIDEO: "video", Modality.AUDIO: "audio"}


@dataclass(frozen=True, slots=True)
class PhraseWeights:
    """A noun phrase in a label space.

    `weights` (C,) of the classes, `knows` 0 to 1: how well the space covers the phrase, `breadth`:
    over how many classes it spreads.
    """

    weights: Tensor
    knows: float
    breadth: float = 1.0


@dataclass(frozen=True, slots=True)
class Near:
    """What a phrase may have been taken for: its name, class weights (C,), likeness in (0, 1)."""

    name: str
    weights: Tensor
    likeness: float

    @property
    def breadth(self) -> float:
        """Over how many classes it spreads, for `KeySpace.presence`."""
        return float(self.weights.sum())


class KeySpace(Protocol):
    """One modality's semantic space, as the reader needs it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Readable class names, C of them."""
        ...

    def phrase(self, phrase: str) -> PhraseWeights:
        """The weights with which a slot's posterior gives the phrase's share of it."""
        ...

    def named(self, phrase: str) -> tuple[str, ...]:
        """The parts of a phrase that name something by their words, in order."""
        ...

    def near(self, phrase: str) -> tuple[Near, ...]:
        """Close neighbours that the phrase does not name itself, the likest first."""
        ...

    def everyday(self, cls: int) -> str:
        """The everyday word for a class."""
        ...

    def found_rate(self, phrase: str) -> float:
        """How often what a phrase names is found where it is, 0 to 1."""
        ...

    def decode(self, tokens: Tensor) -> Tensor:
        """Tokens (N, d) -> estimated posteriors (N, C)."""
        ...

    def presence(self, score: float, breadth: float) -> float:
        """The calibrated probability that a phrase with this score was really there."""
        ...

    def naming(self, share: float) -> float:
        """The calibrated probability that a slot is rightly named by its best class."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """One event of an occupied slot: what it holds, when, and how sure."""

    index: int
    modality: ModalityName
    best: int  # class of the label
    label: str
    name: str  # the everyday word for the label
    name_p: float  # calibrated: the slot is rightly called so
    second: str
    second_p: float  # its share beside the label's
    start_s: float
    end_s: float
    count: int
    strength: float
    merges: int
    posterior: Tensor  # (C,), decoded from the token

    def overlaps(self, start_s: float, end_s: float) -> bool:
        """Whether any of the slot's time lies in an interval."""
        return self.start_s <= end_s and self.end_s >= start_s

    @property
    def uncertainty_s(self) -> float:
        """How far `start_s` and `end_s` may be off: a step, or the whole span once merged."""
        return max(0.5, (self.end_s - self.start_s) / 2) if self.merges else 0.5

    @property
    def evidence(self) -> Evidence:
        """The slot as it is shown wherever an answer or the timeline rests on it."""
        return Evidence(
            modality=self.modality,
            label=self.label,
            name=self.name,
            start_s=self.start_s,
            end_s=self.end_s,
            score=self.name_p,
            count=self.count,
            slot=self.index,
        )


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A session's memory in rows, by tier, in order of start time.

    `received`: the stretches in which a sense got anything; a sense that is not there at all is
    not known about. `live`: the stream goes on, so that `clock_s` is now. `wall_zero`: Unix time
    of media second 0, where the stream came in as it was filmed.
    """

    events: tuple[Slot, ...]
    consolidated: tuple[Slot, ...]
    clock_s: float
    floor_s: Mapping[ModalityName, float]
    received: Mapping[ModalityName, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    live: bool = True
    wall_zero: float | None = None

    def coverage_since_s(self, modality: ModalityName | None) -> float:
        """Since when nothing of a modality (None: of any) has been evicted."""
        if modality is not None:
            return self.floor_s[modality]
        return max(self.floor_s.values())

    def got(self, modality: ModalityName, window: tuple[float, float]) -> bool:
        """Whether a sense got anything within a window; true where that is not known."""
        stretches = self.received.get(modality)
        if stretches is None:
            return True
        return any(start_s < window[1] and end_s > window[0] for start_s, end_s in stretches)


def view(
    state: MemoryState,
    layout: Layout,
    spaces: Mapping[ModalityName, KeySpace],
    received: Mapping[ModalityName, tuple[tuple[float, float], ...]] | None = None,
) -> MemoryView:
    """Lay out the memory of one session (a state with B = 1), with what its senses received."""
    assert state.batch == 1
    floors = {NAMES[m]: float(state.floor_s[0, int(m)]) for m in NAMES}
    return MemoryView(
        events=_tier(state, layout.event_slots, spaces),
        consolidated=_tier(state, layout.consolidated_slots, spaces),
        clock_s=float(state.clock_s[0]),
        floor_s=floors,
        received=received or {},
    )


def _tier(
    state: MemoryState, tier: slice, spaces: Mapping[ModalityName, KeySpace]
) -> tuple[Slot, ...]:
    rows: list[Slot] = []
    for modality, name in NAMES.items():
        held = torch.nonzero(state.modality[0, tier] == int(modality))[:, 0] + tier.start
        places = [place for index in held.tolist() for place in _places(state, index)]
        if not places:
            continue
        posteriors = spaces[name].decode(torch.stack([place.token for place in places])).cpu()
        top, classes = posteriors.topk(2, dim=-1)
        names = spaces[name].names
        for at, place in enumerate(places):
            rows.append(
                Slot(
                    index=place.index,
                    modality=name,
                    best=int(classes[at, 0]),
                    label=names[int(classes[at, 0])],
                    name=spaces[name].everyday(int(classes[at, 0])),
                    name_p=spaces[name].naming(float(top[at, 0])),
                    second=names[int(classes[at, 1])],
                    second_p=float(top[at, 1]),
                    start_s=place.start_s,
                    end_s=place.end_s,
                    count=place.count,
                    strength=place.strength,
                    merges=int(state.merges[0, place.index]),
                    posterior=posteriors[at],
                )
            )
    return tuple(sorted(rows, key=lambda slot: (slot.start_s, slot.index)))


@dataclass(frozen=True, slots=True)
class _Place:
    """One event of a slot: the slot's own, or one of those packed into it."""

    index: int
    token: Tensor  # (d,)
    start_s: float
    end_s: float
    count: int
    strength: float


def _places(state: MemoryState, index: int) -> list[_Place]:
    at = (0, index)
    packed = int(state.packed[at])
    if not packed:
        return [
            _Place(
                index,
                state.tokens[at],
                float(state.t_first[at]),
                float(state.t_last[at]),
                int(state.count[at]),
                float(state.strength[at]),
            )
        ]
    keys = unpack(state.tokens[at], state.item_scale[0, index, :packed])
    return [
        _Place(
            index,
            keys[place],
            float(state.item_start[0, index, place]),
            float(state.item_end[0, index, place]),
            int(state.item_count[0, index, place]),
            float(state.item_strength[0, index, place]),
        )
        for place in range(packed)
    ]
