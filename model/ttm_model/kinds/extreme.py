"""What was first, and what was last."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import MAYBE, nothing
from ttm_model.reader.events import again_and_again, called, reportable
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """The first or last thing that does not stand there all the time."""
    question = asked.question
    first = question.order == "first"
    slots = reportable(tools.scorer, asked.window, asked.modality, question.phrase)
    if not slots:
        return nothing(tools, asked, asked.modality)
    moving = [slot for slot in slots if called(slot) not in tools.background]
    standing = [slot for slot in slots if called(slot) in tools.background]
    among = moving or slots
    chosen = among[0] if first else max(among, key=lambda slot: (slot.end_s, slot.start_s))
    floor_s = tools.coverage_since_s(asked.modality)
    if first and floor_s > asked.window[0]:
        text = tools.speech.say("extreme", "forgotten", thing=chosen.name, before=clock(floor_s))
        return replace(
            tools.of_slots(asked, text, [chosen]), state="may_have_forgotten", confidence=MAYBE
        )
    text = tools.speech.say(
        "extreme",
        "first" if first else "last",
        thing=chosen.name,
        modality=chosen.modality,
        placed=tools.placed(chosen),
    )
    if again_and_again(tools.memory, chosen):
        text += tools.speech.say("parts", "again_and_again")
    if standing and moving:
        text += tools.speech.say("extreme", "standing", thing=standing[0].name)
    return tools.of_slots(asked, text, [chosen])


KINDS = (Kind("first", answer, needs=("order",)), Kind("last", answer, needs=("order",)))
