"""When something was there."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

OTHERS = 6  # further times told in one sentence


def answer(asked: Asked, tools: Tools) -> Answer:
    """The first or last time that it was there, and the others."""
    found = tools.scorer.find(asked.thing, asked.window)
    hits = found.first.hits
    if not hits:
        return absent(tools, asked, found.first)
    order = asked.question.order or asked.thing.order
    chosen = hits[0] if order == "first" else hits[-1]
    text = tools.hit(asked.thing, found.first.phrase, chosen)
    others = [hit for hit in hits if hit is not chosen]
    if others:
        spans = [tools.span(hit.slot) for hit in others[-OTHERS:]]
        text += tools.speech.say("when", "also", spans=tools.speech.listed(spans))
    return tools.about(asked, text, found, chosen)


KIND = Kind("when", answer, needs=("thing",))
