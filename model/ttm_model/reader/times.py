"""Questions about what there was: at a time, first, last, before, after or with something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ttm_model.questions.parsed import Kind, ParsedQuestion
from ttm_model.reader import wording
from ttm_model.reader.answer import Answer, ModalityName
from ttm_model.reader.composing import LISTED, Asked, Composer
from ttm_model.reader.scoring import PRESENT_P, Hit, Scorer, Search, capped, in_window
from ttm_model.reader.things import AboutThings
from ttm_model.reader.view import Slot

TOGETHER_S = 1.0  # events that begin within this of each other are told together
WINDOW_SLACK_S = 0.5  # a step: event edges are no finer than that


class AboutTimes:
    """Answers for kinds that ask what there was."""

    def __init__(self, compose: Composer, scorer: Scorer, things: AboutThings) -> None:
        self._compose = compose
        self._scorer = scorer
        self._things = things

    def what(self, asked: Asked) -> Answer:
        """What was seen or heard in the window (all of it: the latest few)."""
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
            text += f" {self._compose.placed(slots[0])}"
        return self._compose.from_slots(asked, text, slots)

    def extreme(self, asked: Asked) -> Answer:
        """The first or the last thing."""
        first = asked.parsed.kind is Kind.FIRST
        slots = self._reportable(asked, asked.window)
        if not slots:
            return self._nothing(asked)
        floor_s = self._compose.memory.coverage_since_s(asked.parsed.modality)
        if first and floor_s > asked.window[0]:
            text = f"What came before {wording.clock(floor_s)} is partly forgotten"
            text += f"; the first that I remember is {wording.with_article(slots[0].label)}"
            answer = self._compose.from_slots(asked, text, slots[:1])
            return replace(answer, state="may_have_forgotten", confidence=0.5)
        chosen = slots[0] if first else max(slots, key=lambda slot: (slot.end_s, slot.start_s))
        word = "first" if first else "last"
        verb = wording.VERBS[chosen.modality][0]
        text = f"The {word} thing I {verb} was {wording.with_article(chosen.label)}, "
        text += self._compose.placed(chosen)
        return self._compose.from_slots(asked, text, [chosen])

    def beside(self, asked: Asked) -> Answer:
        """What came before, after or together with the anchor thing."""
        parsed = asked.parsed
        phrase = asked.named
        search = self._scorer.search(
            phrase, parsed.anchor_modality, (0.0, self._compose.memory.clock_s)
        )
        if not search.hits:
            return self._things.absent(asked, phrase, parsed.anchor_modality, search)
        anchor = self._anchor(search, parsed)
        modality = parsed.modality or anchor.slot.modality
        others = [
            slot
            for slot in self._reportable(asked, asked.window, modality)
            if all(slot is not hit.slot for hit in search.hits)
        ]
        if parsed.target is not None:
            found = self._scorer.search(parsed.target, parsed.modality, asked.window)
            others = [hit.slot for hit in found.hits]
        chosen = _neighbours(parsed.kind, anchor.slot, others)
        word = {Kind.BEFORE: "before", Kind.AFTER: "after", Kind.WITH: "together with"}[parsed.kind]
        thing = f"the {phrase}"
        if not chosen:
            return self._nothing_beside(asked, modality, word, thing, anchor.slot)
        named = wording.listed([wording.with_article(name) for name in _distinct(chosen)])
        what = "Together with" if parsed.kind is Kind.WITH else f"Just {word}"
        saw = wording.VERBS[modality][0]
        text = f"{what} {thing} I {saw} {named}, {self._compose.span(chosen[0])}"
        answer = self._compose.from_slots(asked, text, chosen)
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
        self, asked: Asked, modality: ModalityName, word: str, thing: str, anchor: Slot
    ) -> Answer:
        floor_s = self._compose.memory.coverage_since_s(modality)
        if asked.parsed.kind is Kind.BEFORE and floor_s > 0:
            text = f"I no longer remember what came before {thing}."
            return self._compose.tell(asked.text, "may_have_forgotten", text, 0.5, modality)
        seen = wording.VERBS[modality][1]
        text = f"I have not {seen} anything that I recognised {word} {thing}."
        answer = self._compose.tell(asked.text, "not_seen", text, 0.6, modality)
        return replace(answer, evidence=(anchor.evidence(anchor.strength),))

    def _nothing(self, asked: Asked) -> Answer:
        modality = asked.parsed.modality
        floor_s = self._compose.memory.coverage_since_s(modality)
        if asked.window[1] <= floor_s or (asked.window[0] < floor_s and not asked.limited):
            text = f"What came before {wording.clock(floor_s)} is partly forgotten."
            return self._compose.tell(asked.text, "may_have_forgotten", text, 0.5, modality)
        seen = wording.VERBS[modality][1]
        within = " then" if asked.limited else ""
        text = f"I have not {seen} anything that I recognised{within}."
        return self._compose.tell(asked.text, "not_seen", text, 0.7, modality)

    def _reportable(
        self,
        asked: Asked,
        window: tuple[float, float],
        modality: ModalityName | None = None,
    ) -> list[Slot]:
        """Events sure enough to be named, of the asked modality and category, in a window."""
        wanted = modality or asked.parsed.modality
        slots = [
            slot
            for slot in in_window(self._compose.memory.events, window)
            if (wanted is None or slot.modality == wanted)
            and self._compose.spaces[slot.modality].naming(slot.label_p) >= PRESENT_P
        ]
        category = asked.parsed.phrase
        if category is not None and asked.parsed.kind in {Kind.WHAT, Kind.FIRST, Kind.LAST}:
            slots = [slot for slot in slots if self._scorer.is_kind(slot, category)]
        return slots


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
