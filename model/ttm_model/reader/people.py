"""Persons among a memory's events: which words name one, who came and who left, how many at once.

Memory knows that there was a person, not who, nor of which sex or age. Knows no kinds of question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ttm_model.questions.data import words
from ttm_model.questions.question import Edge
from ttm_model.reader.view import MemoryView, Slot

PERSON = "person"
# Words for a person, in the singular; all but the first say more than memory knows.
UNTOLD = words("man woman child boy girl baby kid lady guy gentleman adult teenager toddler")
NAMING = UNTOLD | words(
    "person human somebody someone anybody anyone people visitor guest stranger"
)
FOUND_RATE = 0.85  # of persons that are in view, how many are found
STEP_S = 0.5  # the least time that anybody is there
EDGE_S = 2.5  # who is there this near to an end of the pictures did not come, or has not left


def known(memory: MemoryView) -> bool:
    """Whether persons are looked for at all."""
    return "people" in memory.senses or bool(memory.persons)


def edges(memory: MemoryView, persons: Iterable[Slot], edge: Edge) -> list[Slot]:
    """The comings, or the leavings, as events of a moment; none at the edge of the pictures."""
    stretches = memory.received.get("video") or ((0.0, memory.clock_s),)
    begin_s, end_s = stretches[0][0], stretches[-1][1]
    if edge == "came":
        return [
            replace(slot, end_s=slot.start_s, merges=0)
            for slot in persons
            if slot.start_s > begin_s + EDGE_S
        ]
    gone = [slot for slot in persons if slot.end_s < end_s - EDGE_S]
    moments = [replace(slot, start_s=slot.end_s, merges=0) for slot in gone]
    return sorted(moments, key=lambda slot: slot.start_s)


def at_once(persons: Sequence[Slot], window: tuple[float, float]) -> list[Slot]:
    """The most persons that were there at one moment of a window; the earliest such moment."""
    best: list[Slot] = []
    for moment_s in sorted({max(slot.start_s, window[0]) for slot in persons}):
        there = [
            one for one in persons if one.start_s <= moment_s < max(one.end_s, one.start_s + STEP_S)
        ]
        if len(there) > len(best):
            best = there
    return best
