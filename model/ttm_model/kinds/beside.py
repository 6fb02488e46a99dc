"""What there was before, after or together with something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from ttm_model.kinds.kind import Kind
from ttm_model.kinds.listing import named
from ttm_model.questions.question import Modality
from ttm_model.reader.absence import MAYBE, absent
from ttm_model.reader.events import again_and_again, called, grouped, reportable
from ttm_model.reader.occurrences import Occurrence, Occurrences, occurrences
from ttm_model.reader.telling import Asked, Tools
from ttm_model.reader.view import Event
from ttm_model.reader.words import Said
from ttm_protocol.answers import Answer, State

E = TypeVar("E", bound=Event)

TOGETHER_S = 1.0  # events that begin within this of each other are told together
WINDOW_SLACK_S = 0.5  # a step: event edges are no finer than that
NONE_P = 0.6  # that nothing stood beside, where nothing was recognised


def answer(asked: Asked, tools: Tools) -> Answer:
    """The nearest events beside the anchor; a named one is looked for among all beside it."""
    found = occurrences(tools, asked, asked.question.anchors[0])
    if isinstance(found, Answer):
        return found
    anchor = found.meant(asked.question.anchors[0])
    modality = asked.modality
    if modality is None and asked.question.kind != "with" and not isinstance(anchor.event, Said):
        modality = anchor.event.modality
    if asked.question.thing is not None:
        return _named(asked, tools, found, anchor)
    others = [
        slot
        for slot in reportable(tools.scorer, asked.window, modality)
        if called(slot) not in tools.background and all(slot is not one.event for one in found.each)
    ]
    chosen = neighbours(asked.question.kind, anchor.event, others)
    if not chosen:
        return _nothing(asked, tools, found, anchor, modality)
    text = tools.speech.say(
        asked.question.kind,
        "answer",
        thing=found.phrase,
        modality=modality,
        things=named(tools, grouped(chosen)),
        span=tools.span(chosen[0]),
    )
    if any(again_and_again(tools.memory, slot) for slot in chosen):
        text += tools.speech.say("parts", "again_and_again")
    return _resting(tools, tools.of_slots(asked, text, chosen), found, anchor)


def _resting(tools: Tools, answer: Answer, found: Occurrences, anchor: Occurrence) -> Answer:
    """The answer, resting on its anchor too."""
    answer = replace(
        answer,
        evidence=(*answer.evidence, anchor.event.evidence),
        confidence=min(answer.confidence, anchor.sure),
    )
    return tools.with_unread(answer, found.unread)


def _named(asked: Asked, tools: Tools, found: Occurrences, anchor: Occurrence) -> Answer:
    """Whether a named thing was beside the anchor."""
    target = tools.scorer.find(
        replace(asked.thing, modality=asked.modality or asked.thing.modality)
    )
    if not target.first.hits:
        return absent(tools, replace(asked, limited=False), target.first)
    kind = asked.question.kind
    slots = [hit.slot for hit in target.first.hits]
    beside = neighbours(kind, anchor.event, slots)
    chosen = beside[-1] if beside else slots[-1]
    text = tools.speech.say(
        kind,
        "yes" if beside else "no",
        thing=target.first.phrase,
        modality=chosen.modality,
        anchor=tools.speech.named(found.phrase, "to"),
        span=tools.span(chosen),
        anchor_span=tools.span(anchor.event),
    )
    unread = (*target.unread, *found.unread)
    hit = next(hit for hit in target.first.hits if hit.slot is chosen)
    answer = replace(tools.of_slots(asked, text, [chosen]), confidence=hit.sure)
    return _resting(tools, answer, replace(found, unread=unread), anchor)


def _nothing(
    asked: Asked,
    tools: Tools,
    found: Occurrences,
    anchor: Occurrence,
    modality: Modality | None,
) -> Answer:
    forgotten = tools.coverage_since_s(modality) > 0 and asked.question.kind == "before"
    name = "forgotten" if forgotten else "nothing"
    text = tools.speech.say(asked.question.kind, name, thing=found.phrase, modality=modality)
    state: State = "may_have_forgotten" if forgotten else "not_seen"
    sure = MAYBE if forgotten else NONE_P
    return tools.tell(asked, state, text, sure, [anchor.event.evidence])


def neighbours(kind: str, anchor: Event, others: Sequence[E]) -> list[E]:
    """The nearest events before or after the anchor's start, or those that share its time."""
    if kind == "with":
        start_s, end_s = anchor.start_s + WINDOW_SLACK_S, anchor.end_s - WINDOW_SLACK_S
        low_s, high_s = min(start_s, end_s), max(start_s, end_s)
        return [one for one in others if one.start_s <= high_s and one.end_s >= low_s]
    if kind == "before":
        earlier = [slot for slot in others if slot.start_s < anchor.start_s - WINDOW_SLACK_S]
        latest_s = max((slot.start_s for slot in earlier), default=0.0)
        return [slot for slot in earlier if slot.start_s >= latest_s - TOGETHER_S]
    later = [slot for slot in others if slot.start_s > anchor.start_s + WINDOW_SLACK_S]
    first_s = min((slot.start_s for slot in later), default=0.0)
    return [slot for slot in later if slot.start_s <= first_s + TOGETHER_S]


KINDS = tuple(Kind(name, answer, needs=("anchors",)) for name in ("before", "after", "with"))
