"""Which was the third thing, or the second time that something was there."""

from __future__ import annotations

from collections.abc import Sequence

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import MAYBE, absent, nothing
from ttm_model.reader.events import called, grouped, reportable
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools
from ttm_model.reader.view import Slot
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """The thing, or the occurrence of a named thing, with that number in the order."""
    number = asked.question.number
    assert number is not None
    noun = asked.question.thing
    if noun is not None and not _is_category(tools, asked):
        found = tools.scorer.find(noun, asked.window)
        if not found.first.hits:
            return absent(tools, asked, found.first)
        if any(hit.slot.count > 1 for hit in found.first.hits):
            return tools.tell(asked, "cannot_tell", tools.speech.say("ordinal", "merged"), 0.0)
        chosen = _nth(tools, asked, [hit.slot for hit in found.first.hits], found.first.phrase)
        return (
            chosen
            if isinstance(chosen, Answer)
            else tools.with_unread(_told(tools, asked, chosen, found.first.phrase), found.unread)
        )
    slots = reportable(tools.scorer, asked.window, asked.modality, asked.question.phrase)
    moving = [slot for slot in slots if called(slot) not in tools.background]
    firsts = [group.slots[0] for group in grouped(moving)]
    if not firsts:
        return nothing(tools, asked, asked.modality)
    chosen = _nth(tools, asked, firsts, None)
    return chosen if isinstance(chosen, Answer) else _told(tools, asked, chosen, chosen.name)


def _is_category(tools: Tools, asked: Asked) -> bool:
    """Whether the thing is a kind of which several were there: "the third animal"."""
    phrase = asked.question.phrase
    slots = reportable(tools.scorer, asked.window, asked.modality, phrase)
    return len({slot.name for slot in slots}) > 1


def _nth(tools: Tools, asked: Asked, slots: Sequence[Slot], phrase: str | None) -> Slot | Answer:
    """The slot with the number, or why there is none."""
    number = asked.question.number or 1
    floor_s = tools.coverage_since_s(asked.modality)
    if number > 0 and floor_s > asked.window[0]:
        text = tools.speech.say("ordinal", "forgotten", before=clock(floor_s))
        return tools.tell(asked, "may_have_forgotten", text, MAYBE)
    if abs(number) > len(slots):
        times = tools.speech.times(len(slots))
        name = "fewer_times" if phrase else "fewer"
        text = tools.speech.say(
            "ordinal", name, thing=phrase, modality=slots[0].modality, times=times, count=len(slots)
        )
        return tools.tell(asked, "not_seen", text, MAYBE, [slot.evidence for slot in slots])
    return slots[number - 1 if number > 0 else number]


def _told(tools: Tools, asked: Asked, chosen: Slot, phrase: str) -> Answer:
    name = "thing" if asked.question.thing is None or phrase == chosen.name else "time"
    text = tools.speech.say(
        "ordinal",
        name,
        thing=phrase,
        modality=chosen.modality,
        nth=tools.speech.nth(asked.question.number or 1),
        placed=tools.placed(chosen),
    )
    return tools.of_slots(asked, text, [chosen])


KIND = Kind("ordinal", answer, needs=("number",))
