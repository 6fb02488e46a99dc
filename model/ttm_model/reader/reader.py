"""Answer a parsed question from a memory view: one method a kind. Knows scores, no tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ttm_model.questions.parsed import Kind, ParsedQuestion
from ttm_model.reader import wording
from ttm_model.reader.answer import Alternative, Answer, Evidence, ModalityName, State, When
from ttm_model.reader.scoring import KNOWN, Hit, Scorer, Search, capped, confidence_of, in_window
from ttm_model.reader.view import KeySpace, MemoryView, Slot

LISTED = 6  # things named in one sentence
TOGETHER_S = 1.0  # events that begin within this of each other are told together
WINDOW_SLACK_S = 0.5  # a step: event edges are no finer than that


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with its window resolved against the memory's clock."""

    text: str
    parsed: ParsedQuestion
    window: tuple[float, float]
    limited: bool  # whether the asker limited the time


class Reader:
    """Answers from one memory view; the view is all it sees."""

    def __init__(self, memory: MemoryView, spaces: Mapping[ModalityName, KeySpace]) -> None:
        self._memory = memory
        self._spaces = spaces
        self._scorer = Scorer(memory, spaces)

    def answer(
        self,
        text: str,
        parsed: ParsedQuestion,
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> Answer:
        """The answer to a question, within `[since_s, until_s]` media seconds where given."""
        if parsed.kind is Kind.UNSUPPORTED:
            return self._tell(
                text, "cannot_tell", parsed.reason or "I cannot tell.", confidence=0.0
            )
        asked = self._resolve(text, parsed, since_s, until_s)
        if asked.window[0] > asked.window[1]:
            return self._tell(text, "not_seen", "That is after what I have seen so far.", 0.9)
        handlers = {
            Kind.PRESENCE: self._presence,
            Kind.WHEN: self._when,
            Kind.COUNT: self._count,
            Kind.HOW_LONG: self._how_long,
            Kind.WHAT: self._what,
            Kind.FIRST: self._extreme,
            Kind.LAST: self._extreme,
            Kind.BEFORE: self._beside,
            Kind.AFTER: self._beside,
            Kind.WITH: self._beside,
        }
        return handlers[parsed.kind](asked)

    def _resolve(
        self, text: str, parsed: ParsedQuestion, since_s: float | None, until_s: float | None
    ) -> _Asked:
        now_s = self._memory.clock_s
        start_s, end_s = 0.0, now_s
        if parsed.window is not None:
            start_s, end_s = parsed.window.resolve(now_s)
        if since_s is not None:
            start_s = max(start_s, since_s)
        if until_s is not None:
            end_s = min(end_s, until_s)
        limited = parsed.window is not None or since_s is not None or until_s is not None
        return _Asked(text, parsed, (start_s, end_s), limited)

    # --- about one thing --------------------------------------------------------------------------

    def _presence(self, asked: _Asked) -> Answer:
        parsed = asked.parsed
        if parsed.phrase is None:
            return self._what(asked)
        search = self._scorer.search(parsed.phrase, parsed.modality, asked.window)
        if not search.hits:
            return self._absent(asked, parsed.phrase, parsed.modality, search)
        best = max(search.hits, key=lambda hit: hit.p)
        thing = wording.with_article(parsed.phrase)
        saw = wording.VERBS[best.slot.modality][0]
        text = f"Yes, I {saw} {thing} {self._ago(best.slot)}, {self._span(best.slot)}"
        text += self._looked_like(best.slot, parsed.phrase)
        return self._from_hits(asked, text, search.hits, best)

    def _when(self, asked: _Asked) -> Answer:
        parsed = asked.parsed
        if parsed.phrase is None:
            return self._what(asked)
        search = self._scorer.search(parsed.phrase, parsed.modality, asked.window)
        if not search.hits:
            return self._absent(asked, parsed.phrase, parsed.modality, search)
        chosen = search.hits[0] if parsed.order == "first" else search.hits[-1]
        thing = wording.with_article(parsed.phrase)
        saw = wording.VERBS[chosen.slot.modality][0]
        text = f"I {saw} {thing} {self._ago(chosen.slot)}, {self._span(chosen.slot)}"
        others = [hit for hit in search.hits if hit is not chosen]
        if others:
            spans = wording.listed([self._span(hit.slot) for hit in others[-LISTED:]])
            text += f"; also {spans}"
        return self._from_hits(asked, text, search.hits, chosen)

    def _count(self, asked: _Asked) -> Answer:
        parsed = asked.parsed
        phrase = parsed.phrase or "anything"
        search = self._scorer.search(phrase, parsed.modality, asked.window)
        if not search.hits:
            return self._absent(asked, phrase, parsed.modality, search)
        total = sum(hit.slot.count for hit in search.hits)
        merged = any(hit.slot.merges for hit in search.hits)
        last = search.hits[-1]
        saw = wording.VERBS[last.slot.modality][0]
        about = "about " if merged else ""
        thing = wording.with_article(phrase)
        text = f"I {saw} {thing} {about}{wording.times(total)}"
        text += f", {'last ' if total > 1 else ''}{self._ago(last.slot)}"
        return self._from_hits(asked, text, search.hits, last)

    def _how_long(self, asked: _Asked) -> Answer:
        parsed = asked.parsed
        phrase = parsed.phrase or "anything"
        search = self._scorer.search(phrase, parsed.modality, asked.window)
        if not search.hits:
            return self._absent(asked, phrase, parsed.modality, search)
        total_s = sum(hit.slot.end_s - hit.slot.start_s for hit in search.hits)
        best = max(search.hits, key=lambda hit: hit.p)
        saw = wording.VERBS[best.slot.modality][0]
        thing = wording.with_article(phrase)
        text = f"I {saw} {thing} for about {wording.duration(total_s)}, {self._span(best.slot)}"
        return self._from_hits(asked, text, search.hits, best)

    def _absent(
        self, asked: _Asked, phrase: str, modality: ModalityName | None, search: Search
    ) -> Answer:
        """Not there: never seen, perhaps forgotten, or beyond what the encoders can name."""
        thing = wording.with_article(phrase)
        seen = wording.VERBS[modality][1]
        if search.knows < KNOWN:
            text = f"I cannot tell: {phrase} is nothing that I can recognise."
            return self._tell(asked.text, "cannot_tell", text, 0.0)
        floor_s = self._memory.coverage_since_s(modality)
        precedes = asked.limited and asked.window[1] <= floor_s
        if search.forgotten or precedes:
            text = (
                f"I do not remember {thing}, but what came before {wording.clock(floor_s)} "
                "is partly forgotten, so it may have been there."
            )
            return self._tell(asked.text, "may_have_forgotten", text, 0.5, modality)
        within = " then" if asked.limited else ""
        text = f"No, I have not {seen} {thing}{within}."
        confidence = (1.0 - search.best_p) * min(1.0, search.knows)
        return self._tell(asked.text, "not_seen", text, confidence, modality)

    # --- about what there was ---------------------------------------------------------------------

    def _what(self, asked: _Asked) -> Answer:
        slots = self._reportable(asked, asked.window)
        if not slots:
            return self._nothing(asked)
        if asked.limited:
            slots = sorted(slots, key=lambda slot: -_overlap_s(slot, asked.window))[:LISTED]
            slots = sorted(slots, key=lambda slot: slot.start_s)
        else:
            slots = slots[-LISTED:]
        named = _distinct(slots)
        verb = _verb(slots)
        text = f"I {verb} {wording.listed([wording.with_article(name) for name in named])}"
        if len(slots) == 1:
            text += f" {self._ago(slots[0])}, {self._span(slots[0])}"
        return self._from_slots(asked, text, slots)

    def _extreme(self, asked: _Asked) -> Answer:
        first = asked.parsed.kind is Kind.FIRST
        slots = self._reportable(asked, asked.window)
        if not slots:
            return self._nothing(asked)
        floor_s = self._memory.coverage_since_s(asked.parsed.modality)
        if first and floor_s > asked.window[0]:
            text = f"What came before {wording.clock(floor_s)} is partly forgotten"
            text += f"; the first that I remember is {wording.with_article(slots[0].label)}"
            answer = self._from_slots(asked, text, slots[:1])
            return replace(answer, state="may_have_forgotten", confidence=0.5)
        chosen = slots[0] if first else max(slots, key=lambda slot: (slot.end_s, slot.start_s))
        word = "first" if first else "last"
        verb = wording.VERBS[chosen.modality][0]
        text = f"The {word} thing I {verb} was {wording.with_article(chosen.label)}, "
        text += f"{self._ago(chosen)}, {self._span(chosen)}"
        return self._from_slots(asked, text, [chosen])

    def _beside(self, asked: _Asked) -> Answer:
        """What came before, after or together with the anchor thing."""
        parsed = asked.parsed
        if parsed.phrase is None:
            return self._what(asked)
        search = self._scorer.search(
            parsed.phrase, parsed.anchor_modality, (0.0, self._memory.clock_s)
        )
        if not search.hits:
            return self._absent(asked, parsed.phrase, parsed.anchor_modality, search)
        anchor = self._anchor(search, parsed)
        modality = parsed.modality or anchor.slot.modality
        others = [
            slot
            for slot in self._reportable(asked, asked.window, modality)
            if all(slot.index != hit.slot.index for hit in search.hits)
        ]
        if parsed.target is not None:
            found = self._scorer.search(parsed.target, parsed.modality, asked.window)
            others = [hit.slot for hit in found.hits]
        chosen = _neighbours(parsed.kind, anchor.slot, others)
        word = {Kind.BEFORE: "before", Kind.AFTER: "after", Kind.WITH: "together with"}[parsed.kind]
        thing = f"the {parsed.phrase}"
        if not chosen:
            return self._nothing_beside(asked, modality, word, thing, anchor.slot)
        named = wording.listed([wording.with_article(name) for name in _distinct(chosen)])
        what = "Together with" if parsed.kind is Kind.WITH else f"Just {word}"
        text = f"{what} {thing} I {wording.VERBS[modality][0]} {named}, {self._span(chosen[0])}"
        answer = self._from_slots(asked, text, chosen)
        evidence = (*answer.evidence, anchor.slot.evidence(anchor.score))
        return replace(answer, evidence=evidence, confidence=min(answer.confidence, capped(anchor)))

    def _anchor(self, search: Search, parsed: ParsedQuestion) -> Hit:
        """The occurrence that is meant: as told, else the surest, the latest among equals."""
        if parsed.order == "first":
            return search.hits[0]
        if parsed.order == "last":
            return search.hits[-1]
        best_p = max(hit.p for hit in search.hits)
        return [hit for hit in search.hits if hit.p >= best_p - 0.1][-1]

    def _nothing_beside(
        self, asked: _Asked, modality: ModalityName, word: str, thing: str, anchor: Slot
    ) -> Answer:
        floor_s = self._memory.coverage_since_s(modality)
        if asked.parsed.kind is Kind.BEFORE and floor_s > 0:
            text = f"I no longer remember what came before {thing}."
            return self._tell(asked.text, "may_have_forgotten", text, 0.5, modality)
        seen = wording.VERBS[modality][1]
        text = f"I have not {seen} anything that I recognised {word} {thing}."
        answer = self._tell(asked.text, "not_seen", text, 0.6, modality)
        return replace(answer, evidence=(anchor.evidence(anchor.strength),))

    def _nothing(self, asked: _Asked) -> Answer:
        modality = asked.parsed.modality
        floor_s = self._memory.coverage_since_s(modality)
        if asked.window[1] <= floor_s or (asked.window[0] < floor_s and not asked.limited):
            text = f"What came before {wording.clock(floor_s)} is partly forgotten."
            return self._tell(asked.text, "may_have_forgotten", text, 0.5, modality)
        seen = wording.VERBS[modality][1]
        within = " then" if asked.limited else ""
        text = f"I have not {seen} anything that I recognised{within}."
        return self._tell(asked.text, "not_seen", text, 0.7, modality)

    def _reportable(
        self,
        asked: _Asked,
        window: tuple[float, float],
        modality: ModalityName | None = None,
    ) -> list[Slot]:
        """Events sure enough to be named, of the asked modality and category, in a window."""
        wanted = modality or asked.parsed.modality
        slots = [
            slot
            for slot in in_window(self._memory.events, window)
            if (wanted is None or slot.modality == wanted)
            and self._spaces[slot.modality].probability(slot.label_p) >= 0.5
        ]
        category = asked.parsed.phrase
        if category is not None and asked.parsed.kind in {Kind.WHAT, Kind.FIRST, Kind.LAST}:
            search = self._scorer.search(category, wanted, window)
            held = {hit.slot.index for hit in search.hits}
            slots = [slot for slot in slots if slot.index in held]
        return slots

    # --- building answers -------------------------------------------------------------------------

    def _from_hits(self, asked: _Asked, text: str, hits: Sequence[Hit], chosen: Hit) -> Answer:
        ordered = [chosen, *(hit for hit in hits if hit is not chosen)]
        answer = self._tell(
            asked.text, "answered", _sentence(text), confidence_of(hits), asked.parsed.modality
        )
        return replace(
            answer,
            when=self._times(chosen.slot),
            evidence=tuple(hit.slot.evidence(hit.score) for hit in ordered[:LISTED]),
            alternatives=_alternatives([chosen.slot]),
        )

    def _from_slots(self, asked: _Asked, text: str, slots: Sequence[Slot]) -> Answer:
        probabilities = [self._spaces[slot.modality].probability(slot.label_p) for slot in slots]
        answer = self._tell(
            asked.text, "answered", _sentence(text), min(probabilities), asked.parsed.modality
        )
        return replace(
            answer,
            when=self._times(slots[0]),
            evidence=tuple(slot.evidence(slot.label_p) for slot in slots),
            alternatives=_alternatives(slots),
        )

    def _tell(
        self,
        question: str,
        state: State,
        text: str,
        confidence: float,
        modality: ModalityName | None = None,
        evidence: tuple[Evidence, ...] = (),
    ) -> Answer:
        return Answer(
            question=question,
            state=state,
            answer=text,
            confidence=min(1.0, max(0.0, confidence)),
            when=None,
            evidence=evidence,
            alternatives=(),
            as_of_s=self._memory.clock_s,
            coverage_since_s=self._memory.coverage_since_s(modality),
        )

    def _times(self, slot: Slot) -> When:
        ago_s = max(0.0, self._memory.clock_s - slot.end_s)
        return When(ago_s, slot.start_s, slot.end_s, slot.uncertainty_s)

    def _ago(self, slot: Slot) -> str:
        return wording.ago(max(0.0, self._memory.clock_s - slot.end_s))

    def _span(self, slot: Slot) -> str:
        return wording.span(slot.start_s, slot.end_s)

    def _looked_like(self, slot: Slot, phrase: str) -> str:
        if slot.label.lower() in phrase.lower() or phrase.lower() in slot.label.lower():
            return ""
        verb = "looked" if slot.modality == "video" else "sounded"
        return f" (it {verb} like {wording.with_article(slot.label)})"


def _neighbours(kind: Kind, anchor: Slot, others: Sequence[Slot]) -> list[Slot]:
    """The nearest events before or after the anchor's start, or those that share its time."""
    if kind is Kind.WITH:
        start_s, end_s = anchor.start_s + WINDOW_SLACK_S, anchor.end_s - WINDOW_SLACK_S
        return in_window(others, (min(start_s, end_s), max(start_s, end_s)))
    if kind is Kind.BEFORE:
        earlier = [slot for slot in others if slot.start_s < anchor.start_s - WINDOW_SLACK_S]
        latest_s = max((slot.start_s for slot in earlier), default=0.0)
        return [slot for slot in earlier if slot.start_s >= latest_s - TOGETHER_S]
    later = [slot for slot in others if slot.start_s > anchor.start_s + WINDOW_SLACK_S]
    first_s = min((slot.start_s for slot in later), default=0.0)
    return [slot for slot in later if slot.start_s <= first_s + TOGETHER_S]


def _overlap_s(slot: Slot, window: tuple[float, float]) -> float:
    return min(slot.end_s, window[1]) - max(slot.start_s, window[0])


def _distinct(slots: Sequence[Slot]) -> list[str]:
    """Labels in order, each once."""
    return list(dict.fromkeys(slot.label for slot in slots))[:LISTED]


def _verb(slots: Sequence[Slot]) -> str:
    kinds = {slot.modality for slot in slots}
    return wording.VERBS[kinds.pop() if len(kinds) == 1 else None][0]


def _alternatives(slots: Sequence[Slot]) -> tuple[Alternative, ...]:
    """Second-best labels that are worth telling."""
    worth = [slot for slot in slots if slot.second_p >= 0.05]
    return tuple(Alternative(slot.second, min(1.0, slot.second_p)) for slot in worth[:3])


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
