"""What a search in memory brings: hits, and what is known of the rest. Searches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ttm_model.questions.question import Noun
from ttm_model.reader.view import Slot
from ttm_protocol.answers import ModalityName

PRESENT_P = 0.5
SAME_S = 0.5  # edges of one occurrence, told twice, differ by no more

Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A slot with the calibrated probability that a phrase names what it holds."""

    slot: Slot
    p: float

    @property
    def sure(self) -> float:
        """The probability, lowered for slots that were merged: they hold more than one thing."""
        return self.p * 0.97 ** min(self.slot.merges, 10)


@dataclass(frozen=True, slots=True)
class Search:
    """What looking for one phrase brought.

    `hits` by time, `best_p` of the best miss or hit, how well the best space `knows` the phrase,
    the senses that do not know it and so are `blind` to it, the consolidated slots in which it may
    be `forgotten`, and by which senses it was looked for. `otherwise`: found, but of another colour
    than asked.
    """

    phrase: str
    modalities: tuple[ModalityName, ...]
    hits: tuple[Hit, ...]
    best_p: float
    knows: float
    blind: tuple[ModalityName, ...]
    forgotten: tuple[Slot, ...]
    otherwise: tuple[Hit, ...] = ()
    person: bool = False

    @property
    def confidence(self) -> float:
        """Probability that at least the best hit is right."""
        return max((hit.sure for hit in self.hits), default=0.0)

    @property
    def best(self) -> Hit:
        """The surest hit, the latest among equals."""
        most = max(hit.p for hit in self.hits)
        return [hit for hit in self.hits if hit.p >= most - 0.1][-1]

    @classmethod
    def of(
        cls, phrase: str, modalities: tuple[ModalityName, ...], candidates: Sequence[Hit]
    ) -> Self:
        """The search for what needs no class to be known."""
        return cls(
            phrase=phrase,
            modalities=modalities,
            hits=tuple(hit for hit in candidates if hit.p >= PRESENT_P),
            best_p=max((hit.p for hit in candidates), default=0.0),
            knows=1.0,
            blind=(),
            forgotten=(),
        )

    def at(self, noun: Noun) -> Self:
        """Only the occurrence that a conversation speaks of, where it is still there."""
        if noun.at is None:
            return self
        start_s, end_s = noun.at
        hits = tuple(
            hit
            for hit in self.hits
            if min(hit.slot.end_s, end_s) - max(hit.slot.start_s, start_s) >= -SAME_S
        )
        return replace(self, hits=hits) if hits else self


@dataclass(frozen=True, slots=True)
class Found:
    """Searches for the things that a noun names, the one asked about first.

    `unread`: its other words, about which memory knows nothing.
    """

    searches: tuple[Search, ...]
    unread: tuple[str, ...] = ()

    @property
    def first(self) -> Search:
        """The search for the thing itself."""
        return self.searches[0]
