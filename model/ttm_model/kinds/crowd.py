"""How many people there were at once."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import absent
from ttm_model.reader.people import at_once
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

COUNTED_P = 0.75  # that nobody in view was missed, or taken for two


def answer(asked: Asked, tools: Tools) -> Answer:
    """The most that were there at one moment, and how many sightings there were."""
    found = tools.scorer.find(asked.thing, asked.window)
    persons = [hit.slot for hit in found.first.hits if hit.slot.person]
    most = at_once(persons, asked.window)
    if not most:
        return absent(tools, asked, found.first)
    start_s = max(slot.start_s for slot in most)
    end_s = max(start_s, min(slot.end_s for slot in most))
    names = tools.speech.words("crowd")["persons"]
    number = names[0] if len(most) == 1 else names[1].format(len(most))
    name = "one" if len(most) == 1 else "most"
    span = tools.speech.span(start_s, end_s)
    text = tools.speech.say("crowd", name, number=number, span=span)
    if len(persons) > len(most):
        text += tools.speech.say("crowd", "sightings", count=len(persons))
    sure = COUNTED_P * min(slot.name_p for slot in most)
    told = tools.of_events(asked, text, most, sure)
    rest = [slot.evidence for slot in persons if all(slot is not one for one in most)]
    return replace(told, evidence=(*told.evidence, *rest))


KIND = Kind("crowd", answer, needs=("thing",))
