"""Which of two things came first or last."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import MAYBE
from ttm_model.reader.occurrences import Occurrences, occurrences
from ttm_model.reader.telling import Asked, Tools, sentence
from ttm_model.reader.words import Said
from ttm_protocol.answers import Answer

SAME_TIME_S = 1.0  # beginnings nearer than this cannot be told apart


def answer(asked: Asked, tools: Tools) -> Answer:
    """The one whose first (or last) occurrence begins earlier (or later)."""
    first = asked.question.order != "last"
    nouns = [replace(noun, order=None) for noun in (asked.thing, asked.question.anchors[0])]
    both = [occurrences(tools, asked, noun, asked.window) for noun in nouns]
    found = [one for one in both if isinstance(one, Occurrences)]
    if len(found) < len(both):
        return _only_one(tools, next(one for one in both if isinstance(one, Answer)), found)
    chosen = [one.each[0 if first else -1] for one in found]
    events = [one.event for one in chosen]
    at_s = [event.start_s for event in events]
    apart_s = SAME_TIME_S + max(event.uncertainty_s for event in events) - 0.5
    if abs(at_s[0] - at_s[1]) < apart_s:
        name, order = "same", [0, 1]
    else:
        name, order = "first" if first else "last", [0, 1] if at_s[0] < at_s[1] else [1, 0]
        order = order if first else order[::-1]
    text = tools.speech.say(
        "compare",
        name,
        thing=found[order[0]].phrase,
        span=tools.span(events[order[0]]),
        other=tools.speech.named(found[order[1]].phrase, "the"),
        other_span=tools.span(events[order[1]]),
    )
    forgot = _sense_forgot(asked, tools, first)
    if forgot:
        text += tools.speech.say(
            "compare", "forgotten", before=tools.forgotten_before(asked.modality)
        )
    sure = min(one.sure for one in chosen) * (MAYBE if forgot else 1.0)
    answer = tools.of_events(asked, text, [events[i] for i in order], sure)
    return tools.with_unread(answer, [word for one in found for word in one.unread])


def _sense_forgot(asked: Asked, tools: Tools, first: bool) -> bool:
    """Whether an earlier occurrence of either may have been forgotten."""
    return first and tools.coverage_since_s(asked.modality) > asked.window[0]


def _only_one(tools: Tools, why: Answer, found: list[Occurrences]) -> Answer:
    """Say why one of the two was not found, and which one was."""
    if not found:
        return why
    event = found[0].best.event
    if isinstance(event, Said):
        there = tools.quoted(event)
    else:
        there = tools.speech.say(
            "presence",
            "seen",
            thing=found[0].phrase,
            modality=event.modality,
            placed=tools.placed(event),
        )
    return replace(why, answer=f"{why.answer} {sentence(there)}", evidence=(event.evidence,))


KIND = Kind("compare", answer, needs=("thing", "anchors"))
