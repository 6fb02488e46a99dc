"""Whether something was there."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """Yes, and where it was surest; every thing that the question names must be there."""
    found = tools.scorer.find(asked.thing, asked.window)
    missing = next((search for search in found.searches if not search.hits), None)
    if missing is not None:
        return absent(tools, asked, missing)
    best = max(found.first.hits, key=lambda hit: hit.p)
    name = "seen" if found.unread else "yes_negated" if asked.question.negated else "yes"
    told = [
        tools.speech.say(
            "presence",
            name if search is found.first else "seen",
            thing=search.phrase,
            modality=hit.slot.modality,
            placed=tools.placed(hit.slot) + tools.seemed(hit.slot, search.phrase),
        )
        for search in found.searches
        for hit in [best if search is found.first else search.best]
    ]
    return tools.about(asked, "; ".join(told), found, best)


KIND = Kind("presence", answer, needs=("thing",))
