"""What there was between two other things."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds import presence, what, words
from ttm_model.kinds.kind import Kind
from ttm_model.reader.occurrences import Occurrence, Occurrences, occurrences
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

EDGE_S = 0.5  # a step: what only touches an edge is not between


def answer(asked: Asked, tools: Tools) -> Answer:
    """What was in the time from the end of one to the start of the other."""
    both: list[Occurrences] = []
    for noun in asked.question.anchors:
        found = occurrences(tools, asked, noun)
        if isinstance(found, Answer):
            return found
        both.append(found)
    one, other = _pair(asked, both)
    if one.event.start_s > other.event.start_s:
        one, other = other, one
    window = (one.event.end_s + EDGE_S, other.event.start_s - EDGE_S)
    within = replace(asked, window=window, limited=True)
    if window[0] >= window[1]:
        return tools.tell(asked, "not_seen", tools.speech.say("between", "no_time"), 0.9)
    told = room_of(within).answer(within, tools)
    lead = tools.speech.say(
        "between", "lead", start=tools.span(one.event), end=tools.span(other.event)
    )
    return replace(
        told,
        answer=f"{lead} {told.answer}",
        confidence=min(told.confidence, one.sure, other.sure),
        evidence=(*told.evidence, one.event.evidence, other.event.evidence),
    )


def room_of(asked: Asked) -> Kind:
    """The room that answers what there was within a window."""
    if asked.modality in ("speech", "text"):
        return words.KIND
    return presence.KIND if asked.question.thing is not None else what.KIND


def _pair(asked: Asked, both: list[Occurrences]) -> tuple[Occurrence, Occurrence]:
    """The occurrence of the first that is meant, and the nearest of the second after it."""
    nouns = asked.question.anchors
    one = both[0].meant(nouns[0])
    later = [other for other in both[1].each if other.event.start_s >= one.event.start_s]
    return one, later[0] if later and nouns[1].order is None else both[1].meant(nouns[1])


KIND = Kind("between", answer, needs=("anchors",))
