"""Build answers: sentences, times, evidence, alternatives. Knows no kinds of question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from torch import Tensor

from ttm_model.looks import COLOURS
from ttm_model.questions.literal import PICTURE
from ttm_model.questions.question import Modality, Noun, Question
from ttm_model.reader.events import Called, background
from ttm_model.reader.found import Found, Hit, Window
from ttm_model.reader.people import NAMING
from ttm_model.reader.scoring import Scorer
from ttm_model.reader.speech import Speech, clock, speech
from ttm_model.reader.view import Event, KeySpace, MemoryView, Slot
from ttm_model.reader.words import Said, Words
from ttm_model.words.search import Text
from ttm_protocol.answers import Alternative, Answer, Evidence, ModalityName, State, When

WHO = "who"  # left unread of a question about somebody in particular
LIKE_P = 0.75  # below this what is found by likeness only looked like it
SHOWN = 24  # entries of memory shown as evidence
WORTH_TELLING_P = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its window resolved against the memory's clock."""

    text: str
    question: Question
    window: Window
    limited: bool  # whether the asker limited the time

    @property
    def thing(self) -> Noun:
        """The thing of a kind that needs one."""
        assert self.question.thing is not None
        return self.question.thing

    @property
    def modality(self) -> Modality | None:
        """The sense of what is asked for."""
        return self.question.modality


@dataclass(frozen=True)
class Tools:
    """What the kinds answer with: one memory view, the search in it, and a language's sentences.

    `text` encodes phrases, for the search in words; `picture` (M, d) are keys of what the
    question's picture shows.
    """

    memory: MemoryView
    spaces: Mapping[ModalityName, KeySpace]
    language: str
    text: Text | None = None
    picture: Tensor | None = None

    @cached_property
    def scorer(self) -> Scorer:
        """The search in this memory."""
        return Scorer(self.memory, self.spaces, self.picture)

    @cached_property
    def words(self) -> Words:
        """The search in this memory's words."""
        return Words(self.memory, self.text)

    @cached_property
    def speech(self) -> Speech:
        """The sentences, in which what was taught has the name that it was given."""
        return speech(self.language).calling(thing.name for thing in self.memory.things)

    @cached_property
    def background(self) -> frozenset[Called]:
        """What stands all the time."""
        return background(self.memory)

    # --- answers ----------------------------------------------------------------------------------

    def tell(
        self,
        asked: Asked,
        state: State,
        text: str,
        confidence: float,
        evidence: Sequence[Evidence] = (),
    ) -> Answer:
        """An answer with its sentence, state and evidence."""
        return Answer(
            question=asked.text,
            state=state,
            answer=sentence(text),
            confidence=min(1.0, max(0.0, confidence)),
            evidence=tuple(evidence[:SHOWN]),
            as_of_s=self.memory.clock_s,
            coverage_since_s=self.coverage_since_s(asked.modality),
        )

    def coverage_since_s(self, modality: Modality | None) -> float:
        """Since when nothing of a sense (None: of any that sees or hears) has been forgotten."""
        match modality:
            case "speech" | "text":
                return self.words.floor_s(modality)
        return self.memory.coverage_since_s(modality)

    def about(self, asked: Asked, text: str, found: Found, chosen: Hit) -> Answer:
        """An answer about a named thing, resting on the slots it was found in, the chosen first.

        Where the question holds words that memory knows nothing about, the answer says so and is
        only as sure as a guess about them.
        """
        hits = [chosen, *(hit for hit in found.first.hits if hit is not chosen)]
        answer = self.tell(
            asked,
            "answered",
            text,
            max(chosen.sure, found.first.confidence),
            [hit.slot.evidence for hit in hits],
        )
        answer = replace(
            answer,
            when=self.times(chosen.slot),
            alternatives=alternatives_of([chosen.slot]),
        )
        return self.with_unread(answer, found.unread)

    def with_unread(self, answer: Answer, unread: Sequence[str]) -> Answer:
        """The answer, with what of the question memory cannot know."""
        if not unread:
            return answer
        sorts = [word for word in unread if word in NAMING]
        colours = [word for word in unread if word in COLOURS]
        others = [w for w in unread if w not in NAMING and w not in colours and w != WHO]
        told = [self.speech.say("parts", "sort", thing=word) for word in sorts]
        told += [self.speech.say("parts", "who")] if WHO in unread else []
        if colours:
            told.append(self.speech.say("parts", "colour", colours=self.colours(colours)))
        told += [self.speech.say("parts", "unread", words=" ".join(others))] if others else []
        text = " ".join(map(sentence, [answer.answer, *told]))
        return replace(answer, state="cannot_tell", answer=text, confidence=0.0)

    def of_slots(self, asked: Asked, text: str, slots: Sequence[Slot]) -> Answer:
        """An answer that names what slots hold; as sure as the least sure of them."""
        return self.of_events(asked, text, slots, min(slot.name_p for slot in slots))

    def of_events(self, asked: Asked, text: str, events: Sequence[Event], sure: float) -> Answer:
        """An answer that rests on events of any sense."""
        answer = self.tell(asked, "answered", text, sure, [event.evidence for event in events])
        slots = [event for event in events if isinstance(event, Slot)]
        return replace(answer, when=self.times(events[0]), alternatives=alternatives_of(slots))

    # --- times in words ---------------------------------------------------------------------------

    def times(self, slot: Event) -> When:
        """A slot's times, and how far they may be off."""
        return When(
            ago_s=max(0.0, self.memory.clock_s - slot.end_s),
            start_s=slot.start_s,
            end_s=slot.end_s,
            uncertainty_s=slot.uncertainty_s,
            wall_clock=self._wall_clock(slot.start_s),
        )

    def _wall_clock(self, media_s: float) -> str | None:
        if self.memory.wall_zero is None:
            return None
        moment = datetime.fromtimestamp(self.memory.wall_zero + media_s, UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

    def placed(self, slot: Event) -> str:
        """When a slot's thing was: "ago" only while the stream goes on, else in the recording."""
        span = self.span(slot)
        if self.memory.live:
            ago = self.speech.ago(max(0.0, self.memory.clock_s - slot.end_s))
            return self.speech.say("parts", "placed_live", ago=ago, span=span)
        wall = self._wall_clock(slot.start_s)
        if wall is None:
            return self.speech.say("parts", "placed_recorded", span=span)
        return self.speech.say("parts", "placed_at_the_clock", span=span, clock=wall[11:16])

    def span(self, slot: Event) -> str:
        """A slot's interval on the media clock, in words."""
        return self.speech.span(slot.start_s, slot.end_s)

    def hit(self, noun: Noun, phrase: str, hit: Hit, name: str = "seen") -> str:
        """'I saw a cat, then': a noun by where it was found; a likeness that is low is told."""
        if noun.edge is not None and hit.slot.person:
            name = noun.edge if name == "yes" else f"{noun.edge}_when"
        elif name == "yes_negated" and hit.slot.person:
            name = "yes_negated_person"
        elif (noun.taught or noun.pictured) and hit.p < LIKE_P:
            name = "like"
        return self.seen(phrase, hit.slot, name)

    def seen(self, phrase: str, slot: Slot, name: str = "seen") -> str:
        """'I saw a cat, then': a phrase by the slot in which it was found."""
        placed = self.placed(slot)
        return self.speech.say(
            "presence", name, thing=phrase, modality=slot.modality, placed=placed
        )

    def colours(self, names: Sequence[str]) -> str:
        """'red and white'."""
        words = self.speech.words("colours")
        return self.speech.listed([words.get(name, name) for name in names])

    def quoted(self, said: Said, first: bool = True) -> str:
        """'at 0:35 somebody said: "the dog is outside"'; after another one only when, and what."""
        name = f"{said.modality}_quote" if first else "quote"
        at = self.speech.span(said.start_s, said.start_s)
        return self.speech.say("said", name, at=at, text=said.entry.text)

    # --- remarks ----------------------------------------------------------------------------------

    def seemed(self, slot: Slot, phrase: str) -> str:
        """A remark where the slot's own name differs from the phrase asked for."""
        if slot.taught or phrase == PICTURE:
            return ""
        names = (slot.label.lower(), slot.name.lower())
        asked = phrase.lower()
        if any(name in asked or asked in name for name in names):
            return ""
        return self.speech.say("parts", "seemed", thing=slot.name, modality=slot.modality)

    def forgotten_before(self, modality: Modality | None) -> str:
        """'0:31': before this moment something was evicted."""
        return clock(self.coverage_since_s(modality))


def alternatives_of(slots: Sequence[Slot]) -> tuple[Alternative, ...]:
    """Second-best labels that are worth telling."""
    worth = [slot for slot in slots if slot.second_p >= WORTH_TELLING_P]
    return tuple(Alternative(text=slot.second, p=min(1.0, slot.second_p)) for slot in worth[:3])


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
