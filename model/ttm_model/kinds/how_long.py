"""How long something was there."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.events import covered_s
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """How long, all times together; of one occurrence where a conversation speaks of it."""
    found = tools.scorer.find(asked.thing, asked.window)
    hits = found.first.hits
    if not hits:
        return absent(tools, asked, found.first)
    best = max(hits, key=lambda hit: hit.p)
    text = tools.speech.say(
        "how_long",
        "once" if len(hits) == 1 else "together",
        thing=found.first.phrase,
        modality=best.slot.modality,
        duration=tools.speech.duration(covered_s([hit.slot for hit in hits])),
        times=tools.speech.times(len(hits)),
        span=tools.span(best.slot),
    )
    return tools.about(asked, text, found, best)


KIND = Kind("how_long", answer, needs=("thing",))
