"""What there was between two other things."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds import presence, what
from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.scoring import Hit, Search
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

EDGE_S = 0.5  # a step: what only touches an edge is not between


def answer(asked: Asked, tools: Tools) -> Answer:
    """What was in the time from the end of one to the start of the other."""
    searches = [tools.scorer.find(noun).first for noun in asked.question.anchors]
    missing = next((search for search in searches if not search.hits), None)
    if missing is not None:
        return absent(tools, replace(asked, limited=False), missing)
    one, other = _pair(asked, searches)
    if one.slot.start_s > other.slot.start_s:
        one, other = other, one
    window = (one.slot.end_s + EDGE_S, other.slot.start_s - EDGE_S)
    within = replace(asked, window=window, limited=True)
    if window[0] >= window[1]:
        return tools.tell(asked, "not_seen", tools.speech.say("between", "no_time"), 0.9)
    room = presence.KIND if asked.question.thing is not None else what.KIND
    found = room.answer(within, tools)
    lead = tools.speech.say(
        "between", "lead", start=tools.span(one.slot), end=tools.span(other.slot)
    )
    return replace(
        found,
        answer=f"{lead} {found.answer}",
        confidence=min(found.confidence, one.sure, other.sure),
        evidence=(*found.evidence, one.slot.evidence, other.slot.evidence),
    )


def _pair(asked: Asked, searches: list[Search]) -> tuple[Hit, Hit]:
    """The occurrence of the first that is meant, and the nearest of the second after it."""
    nouns = asked.question.anchors
    one = searches[0].meant(nouns[0])
    later = [hit for hit in searches[1].hits if hit.slot.start_s >= one.slot.start_s]
    return one, later[0] if later and nouns[1].order is None else searches[1].meant(nouns[1])


KIND = Kind("between", answer, needs=("anchors",))
