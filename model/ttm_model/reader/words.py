"""What was said and written, as the reader looks it up: what, when, how sure, up to when known.

Knows no kinds of question and no wording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ttm_model.questions.question import Modality, Noun
from ttm_model.reader.found import Window
from ttm_model.reader.view import MemoryView
from ttm_model.words.entry import Entry, Kind
from ttm_model.words.search import How, Text, find
from ttm_protocol.answers import Evidence

SENSE_OF = {"speech": "speech", "text": "reading"}
EDGE_S = 1.0  # words that end no later before a moment are known up to it
EXACT_TIME_S = 0.5  # how far a word's time may be off


def words_kind(modality: Modality | None) -> Kind | None:
    """The kind of words that a sense gives; None where it sees or hears."""
    match modality:
        case "speech" | "text":
            return modality
    return None


@dataclass(frozen=True, slots=True)
class Said:
    """Words as an event: an utterance or a line, or the place in it where a phrase is.

    `how` a phrase was found in it and `p`, how probably that is what was meant; of a whole entry,
    how sure the sense was.
    """

    entry: Entry
    start_s: float
    end_s: float
    p: float
    how: How = "exact"

    @property
    def modality(self) -> Kind:
        """Said, or written."""
        return self.entry.kind

    @property
    def sure(self) -> float:
        """Probability that the words are there: the search's and the sense's."""
        return self.p * self.entry.p if self.how == "exact" else self.p * min(0.9, self.entry.p)

    @property
    def uncertainty_s(self) -> float:
        """How far the times may be off: lines that were joined span what lies between."""
        return EXACT_TIME_S if self.entry.count == 1 else max(0.5, (self.end_s - self.start_s) / 2)

    @property
    def evidence(self) -> Evidence:
        """The words as they are shown wherever an answer rests on them."""
        return Evidence(
            modality=self.entry.kind,
            label="",
            start_s=self.start_s,
            end_s=self.end_s,
            score=min(1.0, self.sure),
            count=self.entry.count,
            slot=-1,
            text=self.entry.text,
            box=self.entry.box,
        )


@dataclass(frozen=True)
class Words:
    """The words of one memory view; `text` encodes phrases, None where they cannot be searched."""

    memory: MemoryView
    text: Text | None

    def on(self, kind: Kind) -> bool:
        """Whether the sense was there at all."""
        return SENSE_OF[kind] in self.memory.senses or bool(self._all(kind))

    def _all(self, kind: Kind) -> Sequence[Entry]:
        return [entry for entry in self.memory.words if entry.kind == kind]

    def entries(self, kind: Kind, window: Window) -> list[Said]:
        """Everything that was said or written in a window, by start."""
        return [
            Said(entry, entry.start_s, entry.end_s, entry.p)
            for entry in self._all(kind)
            if entry.start_s <= window[1] and entry.end_s >= window[0]
        ]

    def mentions(self, noun: Noun, kind: Kind, window: Window) -> list[Said]:
        """Where a phrase was said or written in a window, by start."""
        if noun.at is not None:  # an entry that a conversation speaks of
            return [one for one in self.entries(kind, noun.at) if one.entry.text == noun.phrase]
        if self.text is None:
            return []
        return [
            Said(one.entry, one.start_s, one.end_s, one.p, one.how)
            for one in find(self._all(kind), noun.phrase, self.text)
            if one.start_s <= window[1] and one.end_s >= window[0]
        ]

    @cached_property
    def until_s(self) -> float:
        """Until when what was said is known; what was written is known at once."""
        return min(self.memory.words_until_s, self.memory.clock_s)

    def known_to(self, kind: Kind, window: Window) -> bool:
        """Whether words are known up to the end of a window."""
        return kind == "text" or self.until_s >= window[1] - EDGE_S

    def floor_s(self, kind: Kind) -> float:
        """Before this some words may have been given up."""
        return self.memory.words_floor_s.get(kind, 0.0)
