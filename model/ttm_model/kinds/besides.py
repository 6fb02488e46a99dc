"""What else there was."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.kinds.listing import listed, named
from ttm_model.reader.absence import nothing
from ttm_model.reader.events import grouped, reportable
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """Everything but what is left out, by name and by likeness."""
    slots = reportable(tools.scorer, asked.window, asked.modality, asked.question.phrase)
    if not slots:
        return nothing(tools, asked, asked.modality)
    left_out = {
        id(hit.slot)
        for noun in asked.question.anchors
        for search in tools.scorer.find(noun, asked.window).searches
        for hit in search.hits
    }
    others = [
        slot for slot in slots if id(slot) not in left_out and not _is_named(asked, slot.name)
    ]
    if not others:
        only = named(tools, grouped(slots))
        text = tools.speech.say("besides", "nothing", things=only, modality=asked.modality)
        return tools.tell(asked, "not_seen", text, 0.6, [slot.evidence for slot in slots])
    return listed(tools, asked, others, tools.speech.say("besides", "lead"))


def _is_named(asked: Asked, name: str) -> bool:
    return any(noun.phrase == name for noun in asked.question.anchors)


KIND = Kind("besides", answer)
