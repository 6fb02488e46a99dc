"""How many separate times something was there."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """The number, about where entries were merged, and the last time."""
    found = tools.scorer.find(asked.thing, asked.window)
    hits = found.first.hits
    if not hits:
        return absent(tools, asked, found.first)
    total = sum(hit.slot.count for hit in hits)
    last = hits[-1]
    about = any(hit.slot.merges for hit in hits)
    name = asked.thing.edge or ("about" if about else "exactly")
    text = tools.speech.say(
        "count",
        name,
        thing=found.first.phrase,
        modality=last.slot.modality,
        times=tools.speech.times(total),
    )
    text += tools.speech.say(
        "count", "last" if total > 1 else "once", placed=tools.placed(last.slot)
    )
    return tools.about(asked, text, found, last)


KIND = Kind("count", answer, needs=("thing",))
