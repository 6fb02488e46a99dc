"""Memory's events as a person would list them: named, grouped, without what stands all the time.

Knows no kinds of question and no wording.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ttm_model.questions.question import Modality
from ttm_model.reader.found import PRESENT_P, Window
from ttm_model.reader.scoring import Scorer
from ttm_model.reader.view import MemoryView, Slot
from ttm_protocol.answers import ModalityName

BACKGROUND_SHARE = 0.5  # of the time so far, from which a thing is a standing background
BACKGROUND_FROM_S = 20.0  # in less time nothing can be told to stand
AGAIN_FROM = 4  # occurrences from which a thing comes again and again

Called = tuple[ModalityName, str]


class Timed(Protocol):
    """What has a beginning and an end."""

    @property
    def start_s(self) -> float:
        """Where it begins, in media-clock seconds."""
        ...

    @property
    def end_s(self) -> float:
        """Where it ends."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    """Everything of one sense that has one everyday name, by start."""

    modality: ModalityName
    name: str
    slots: tuple[Slot, ...]

    @property
    def count(self) -> int:
        """How many separate times."""
        return sum(slot.count for slot in self.slots)

    @property
    def p(self) -> float:
        """Probability of the name where it is surest."""
        return max(slot.name_p for slot in self.slots)


def called(slot: Slot) -> Called:
    """The sense and everyday name by which slots are the same to a person."""
    return slot.modality, slot.name


def reportable(
    scorer: Scorer, window: Window, modality: Modality | None, category: str | None = None
) -> list[Slot]:
    """Events sure enough to be named, of a sense and a category (None: any), in a window."""
    return [
        slot
        for slot in scorer.memory.events
        if slot.overlaps(*window)
        and (modality is None or slot.modality == modality)
        and slot.name_p >= PRESENT_P
        and (category is None or scorer.is_kind(slot, category))
    ]


def grouped(slots: Iterable[Slot]) -> list[Group]:
    """Slots by sense and everyday name, in order of first appearance."""
    groups: dict[Called, list[Slot]] = {}
    for slot in slots:
        groups.setdefault(called(slot), []).append(slot)
    return [Group(modality, name, tuple(of)) for (modality, name), of in groups.items()]


def background(memory: MemoryView) -> frozenset[Called]:
    """What was there for most of the time so far."""
    if memory.clock_s < BACKGROUND_FROM_S:
        return frozenset()
    return frozenset(
        (group.modality, group.name)
        for group in grouped(slot for slot in memory.events if slot.name_p >= PRESENT_P)
        if covered_s(group.slots) >= BACKGROUND_SHARE * memory.clock_s
    )


def covered_s(slots: Sequence[Timed]) -> float:
    """Seconds that slots (by start) cover together."""
    total_s, until_s = 0.0, 0.0
    for slot in slots:
        total_s += max(0.0, slot.end_s - max(until_s, slot.start_s))
        until_s = max(until_s, slot.end_s)
    return total_s


def again_and_again(memory: MemoryView, slot: Slot) -> bool:
    """Whether what a slot holds comes so often that one occurrence of it says little."""
    same = [other for other in memory.events if called(other) == called(slot)]
    return sum(other.count for other in same) >= AGAIN_FROM
