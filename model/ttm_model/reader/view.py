"""A memory of one session as the reader sees it: slots as rows. Knows no state and no question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from ttm_model.looks import Looks, told
from ttm_model.questions.question import Modality
from ttm_model.slow import SenseName
from ttm_model.taught.example import Thing
from ttm_model.words.entry import Entry, Kind
from ttm_protocol.answers import Evidence, ModalityName

PERSON = "person"  # label and name of every person
NO_CLASS = -1


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

    def likeness(self, keys: Tensor, examples: Tensor) -> Tensor:
        """The calibrated probability (N,) that keys (N, d) are the thing of examples (M, d)."""
        ...


class Event(Protocol):
    """Something that was noticed at a time, by whichever sense: a slot, or words."""

    @property
    def modality(self) -> Modality:
        """The sense."""
        ...

    @property
    def start_s(self) -> float:
        """Where it begins."""
        ...

    @property
    def end_s(self) -> float:
        """Where it ends."""
        ...

    @property
    def uncertainty_s(self) -> float:
        """How far these may be off."""
        ...

    @property
    def evidence(self) -> Evidence:
        """As it is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """One event of an occupied slot: what it holds, when, and how sure."""

    index: int  # of the working slot, or m and more for the archive's places
    modality: ModalityName
    best: int  # class of the label; NO_CLASS of a person
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
    posterior: Tensor  # (C,), decoded from the key; zeros of a person
    key: Tensor = field(default_factory=lambda: torch.zeros(0), compare=False, repr=False)  # (d,)
    looks: Looks | None = None
    person: bool = False
    taught: str = ""  # the name that it was taught by

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
            box=self.looks.place if self.looks and self.looks.placed else None,
            colours=told(self.looks.colours) if self.looks else (),
        )


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A session's memory in rows, by tier, in order of start time.

    `received`: the stretches in which a sense got anything; a sense that is not there at all is
    not known about. `live`: the stream goes on, so that `clock_s` is now. `wall_zero`: Unix time
    of media second 0, where the stream came in as it was filmed. `people_floor_s`: until when a
    person may have been forgotten. `words`: by start, known until `words_until_s`, all of a kind
    that ended after `words_floor_s`. `things`: those that were taught. `senses`: the slow senses
    that were on.
    """

    events: tuple[Slot, ...]
    consolidated: tuple[Slot, ...]
    clock_s: float
    floor_s: Mapping[ModalityName, float]
    received: Mapping[ModalityName, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    live: bool = True
    wall_zero: float | None = None
    people_floor_s: float = 0.0
    words: tuple[Entry, ...] = ()
    words_until_s: float = 0.0
    words_floor_s: Mapping[Kind, float] = field(default_factory=dict)
    things: tuple[Thing, ...] = ()
    senses: frozenset[SenseName] = frozenset()

    @property
    def persons(self) -> tuple[Slot, ...]:
        """The events that are persons, each somebody who was there all that time."""
        return tuple(slot for slot in self.events if slot.person)

    def coverage_since_s(self, modality: ModalityName | None) -> float:
        """Since when nothing of a modality (None: of any, persons too) has been evicted."""
        if modality is not None:
            return self.floor_s[modality]
        return max(*self.floor_s.values(), self.people_floor_s)

    def got(self, modality: ModalityName, window: tuple[float, float]) -> bool:
        """Whether a sense got anything within a window; true where that is not known."""
        stretches = self.received.get(modality)
        if stretches is None:
            return True
        return any(start_s < window[1] and end_s > window[0] for start_s, end_s in stretches)
