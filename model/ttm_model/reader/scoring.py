"""Score memory slots by a noun phrase. Knows no kinds of question and no wording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from ttm_model.reader.answer import ModalityName
from ttm_model.reader.view import KeySpace, MemoryView, PhraseWeights, Slot

PRESENT_P = 0.5
KNOWN = 0.35  # below this the space does not cover the phrase, so silence means nothing
OF_KIND = 0.5  # weight from which a class belongs to what a phrase names
GUESSED = 0.1  # below this even a high score means nothing
SUPERPOSED_NOISE = 0.05  # what one more superposed key may add to an unrelated key's score


@dataclass(frozen=True, slots=True)
class Hit:
    """A slot with a phrase's score and the calibrated probability that the phrase is right."""

    slot: Slot
    score: float
    p: float


@dataclass(frozen=True, slots=True)
class Search:
    """What looking for one phrase brought: hits by time, the best miss, and what is forgotten."""

    hits: tuple[Hit, ...]
    best_p: float
    knows: float
    forgotten: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Looks phrases up in a memory view."""

    memory: MemoryView
    spaces: Mapping[ModalityName, KeySpace]

    def search(
        self, phrase: str, modality: ModalityName | None, window: tuple[float, float]
    ) -> Search:
        """Find a phrase among the events of a modality (None: any) that overlap a window."""
        wanted = [modality] if modality is not None else list(self.spaces)
        keys = {name: self.spaces[name].phrase(phrase) for name in wanted}
        knows = max(key.knows for key in keys.values())
        keys = {name: key for name, key in keys.items() if key.knows >= GUESSED}
        found = [
            self._hit(slot, keys[slot.modality])
            for slot in self.memory.events
            if slot.modality in keys and slot.overlaps(*window)
        ]
        return Search(
            hits=tuple(hit for hit in found if hit.p >= PRESENT_P),
            best_p=max((hit.p for hit in found), default=0.0),
            knows=knows,
            forgotten=self._forgotten(keys, window),
        )

    def is_kind(self, slot: Slot, kind: str) -> bool:
        """Whether what a slot is named by is of a kind ("animal"), in words."""
        weights = self.spaces[slot.modality].phrase(kind).weights
        return bool(weights[slot.best] >= OF_KIND)

    def _hit(self, slot: Slot, key: PhraseWeights) -> Hit:
        score = float((slot.posterior * key.weights).sum())
        p = self.spaces[slot.modality].presence(score, key.breadth)
        return Hit(slot, score, p * trust(key.knows))

    def _forgotten(
        self, keys: Mapping[ModalityName, PhraseWeights], window: tuple[float, float]
    ) -> tuple[Slot, ...]:
        """Consolidated slots in which the phrase may be one of the superposed keys."""
        matching = []
        for slot in self.memory.consolidated:
            if slot.modality not in keys or not slot.overlaps(*window):
                continue
            noise = SUPERPOSED_NOISE * sqrt(slot.merges)
            score = float((slot.posterior * keys[slot.modality].weights).sum()) - noise
            breadth = keys[slot.modality].breadth
            if self.spaces[slot.modality].presence(score, breadth) >= PRESENT_P:
                matching.append(slot)
        return tuple(matching)


def trust(knows: float) -> float:
    """How far a score counts: less for a phrase that is only near a class."""
    return min(1.0, 0.7 + knows)


def confidence_of(hits: Sequence[Hit]) -> float:
    """Probability that at least the best hit is right, capped by what its slot can support."""
    return max((capped(hit) for hit in hits), default=0.0)


def capped(hit: Hit) -> float:
    """A hit's probability, lowered for slots that were merged: they hold more than one thing."""
    return hit.p * 0.97 ** min(hit.slot.merges, 10)


def in_window(slots: Iterable[Slot], window: tuple[float, float]) -> list[Slot]:
    """The slots that overlap a window, by start."""
    return [slot for slot in slots if slot.overlaps(*window)]
