"""Build answers: sentences, times, evidence, alternatives. Knows no kinds of question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ttm_model.questions.parsed import ParsedQuestion
from ttm_model.reader import wording
from ttm_model.reader.answer import Alternative, Answer, ModalityName, State, When
from ttm_model.reader.scoring import Hit, confidence_of
from ttm_model.reader.view import KeySpace, MemoryView, Slot

LISTED = 6  # things named in one sentence
WORTH_TELLING_P = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its window resolved against the memory's clock."""

    text: str
    parsed: ParsedQuestion
    window: tuple[float, float]
    limited: bool  # whether the asker limited the time

    @property
    def named(self) -> str:
        """The phrase of a kind that has one."""
        assert self.parsed.phrase is not None
        return self.parsed.phrase


@dataclass(frozen=True, slots=True)
class Composer:
    """Puts answers together from one memory view."""

    memory: MemoryView
    spaces: Mapping[ModalityName, KeySpace]

    def from_hits(self, asked: Asked, text: str, hits: Sequence[Hit], chosen: Hit) -> Answer:
        """An answer about a named thing, resting on the slots it was found in."""
        ordered = [chosen, *(hit for hit in hits if hit is not chosen)]
        answer = self.tell(
            asked.text, "answered", _sentence(text), confidence_of(hits), asked.parsed.modality
        )
        return replace(
            answer,
            when=self.times(chosen.slot),
            evidence=tuple(hit.slot.evidence(hit.score) for hit in ordered[:LISTED]),
            alternatives=alternatives_of([chosen.slot]),
        )

    def from_slots(self, asked: Asked, text: str, slots: Sequence[Slot]) -> Answer:
        """An answer that names what slots hold."""
        probabilities = [self.spaces[slot.modality].naming(slot.label_p) for slot in slots]
        answer = self.tell(
            asked.text, "answered", _sentence(text), min(probabilities), asked.parsed.modality
        )
        return replace(
            answer,
            when=self.times(slots[0]),
            evidence=tuple(slot.evidence(slot.label_p) for slot in slots),
            alternatives=alternatives_of(slots),
        )

    def tell(
        self,
        question: str,
        state: State,
        text: str,
        confidence: float,
        modality: ModalityName | None = None,
    ) -> Answer:
        """An answer with its text and state; evidence and times are added by the others."""
        return Answer(
            question=question,
            state=state,
            answer=text,
            confidence=min(1.0, max(0.0, confidence)),
            when=None,
            evidence=(),
            alternatives=(),
            as_of_s=self.memory.clock_s,
            coverage_since_s=self.memory.coverage_since_s(modality),
        )

    def times(self, slot: Slot) -> When:
        """A slot's times, and how far they may be off."""
        ago_s = max(0.0, self.memory.clock_s - slot.end_s)
        return When(ago_s, slot.start_s, slot.end_s, slot.uncertainty_s)

    def ago(self, slot: Slot) -> str:
        """How long ago a slot's thing ended, in words."""
        return wording.ago(max(0.0, self.memory.clock_s - slot.end_s))

    def placed(self, slot: Slot) -> str:
        """When a slot's thing was, in words: relative and on the media clock."""
        return f"{self.ago(slot)}, {self.span(slot)}"

    def span(self, slot: Slot) -> str:
        """A slot's interval on the media clock, in words."""
        return wording.span(slot.start_s, slot.end_s)

    def looked_like(self, slot: Slot, phrase: str) -> str:
        """A remark where the slot's own label differs from the phrase asked for."""
        if slot.label.lower() in phrase.lower() or phrase.lower() in slot.label.lower():
            return ""
        verb = "looked" if slot.modality == "video" else "sounded"
        return f" (it {verb} like {wording.with_article(slot.label)})"


def alternatives_of(slots: Sequence[Slot]) -> tuple[Alternative, ...]:
    """Second-best labels that are worth telling."""
    worth = [slot for slot in slots if slot.second_p >= WORTH_TELLING_P]
    return tuple(Alternative(slot.second, min(1.0, slot.second_p)) for slot in worth[:3])


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
