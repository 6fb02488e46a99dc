"""Who somebody was: when a person was there, and that who is not known."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

OTHERS = 6  # further times told in one sentence


def answer(asked: Asked, tools: Tools) -> Answer:
    """Every time that somebody was there."""
    found = tools.scorer.find(asked.thing, asked.window)
    hits = found.first.hits
    if not hits:
        return absent(tools, asked, found.first)
    last = hits[-1].slot
    text = tools.speech.say("who", "person", placed=tools.placed(last))
    if len(hits) > 1:
        spans = [tools.span(hit.slot) for hit in hits[:-1][-OTHERS:]]
        text += tools.speech.say("who", "also", spans=tools.speech.listed(spans))
    return tools.tell(asked, "cannot_tell", text, 0.0, [hit.slot.evidence for hit in hits])


KIND = Kind("who", answer, needs=("thing",))
