"""Whether something was there."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.found import Found
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """Yes, and where it was surest; every thing that the question names must be there."""
    found = tools.scorer.find(asked.thing, asked.window)
    there = tuple(search for search in found.searches if search.hits)
    absences = [absent(tools, asked, one) for one in found.searches if not one.hits]
    denied = next((one for one in absences if one.state != "cannot_tell"), None)
    if denied is not None or not there:
        return denied or absences[0]
    unknown = [search.phrase for search in found.searches if not search.hits]
    found = Found(there, (*unknown, *found.unread))
    best = max(found.first.hits, key=lambda hit: hit.p)
    name = "yes_negated" if asked.question.negated else "yes"
    if found.unread or asked.thing.did or asked.thing.order is not None:
        name = "seen"  # "did the car stop": when it was, not that it did
    told = [
        tools.hit(asked.thing, search.phrase, hit, name if search is found.first else "seen")
        + tools.seemed(hit.slot, search.phrase)
        for search in found.searches
        for hit in [best if search is found.first else search.best]
    ]
    return tools.about(asked, "; ".join(told), found, best)


KIND = Kind("presence", answer, needs=("thing",))
