"""Where in the picture something was, alone or beside something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ttm_model.kinds.kind import Kind
from ttm_model.reader.occurrences import Occurrence, Occurrences, occurrences
from ttm_model.reader.places import beyond, sides, tells
from ttm_model.reader.telling import Asked, Tools
from ttm_model.slow import Box
from ttm_protocol.answers import Answer

OTHERS = 3  # further places told in one sentence
COARSE_P = 0.8  # that a coarse box tells the side rightly


def answer(asked: Asked, tools: Tools) -> Answer:
    """The place where it was surest or last, or whether it was where the question says."""
    noun = replace(asked.thing, modality=asked.modality or "video")
    found = occurrences(tools, asked, noun, asked.window)
    if isinstance(found, Answer):
        return found
    if asked.question.anchors:
        return _beside(asked, tools, found)
    placed = [one for one in found.each if tells(_box(one))]
    if not placed:
        return _untold(asked, tools, found)
    best = found.best if any(one is found.best for one in placed) else placed[-1]
    side, place = asked.question.side, _place(tools, best)
    name = "told"
    if side is not None:
        there = [one for one in placed if side in sides(_known(one))]
        best = there[-1] if there else best
        name, place = "yes" if there else "no", _place(tools, best)
    text = tools.speech.say(
        "where", name, thing=found.phrase, place=place, placed=tools.placed(best.event)
    )
    others = [one for one in placed if _place(tools, one) != place]
    for one in others[-OTHERS:] if name == "told" else []:
        text += tools.speech.say(
            "where", "also", span=tools.span(one.event), place=_place(tools, one)
        )
    return _telling(asked, tools, text, [best, *others], found.unread)


def _beside(asked: Asked, tools: Tools, found: Occurrences) -> Answer:
    """Whether it was on a side of something that was seen at the same time."""
    other = occurrences(
        tools, asked, replace(asked.question.anchors[0], modality="video"), asked.window
    )
    if isinstance(other, Answer):
        return other
    side = asked.question.side or "left"
    named: dict[str, Any] = {
        "thing": found.phrase,
        "other": tools.speech.named(other.phrase, "the"),
        "side": tools.speech.say("where", f"than_{side}"),
    }
    pairs = [
        (one, beside)
        for one in found.each
        for beside in other.each
        if one.event.start_s <= beside.event.end_s and one.event.end_s >= beside.event.start_s
    ]
    known = [(a, b) for a, b in pairs if tells(_box(a)) and tells(_box(b))]
    if not known:
        first = found.best if not pairs else pairs[-1][0]
        name = "untold" if pairs else "than_apart"
        text = tools.speech.say(
            "where", name, modality="video", placed=tools.placed(first.event), **named
        )
        evidence = [first.event.evidence, other.best.event.evidence]
        return tools.tell(asked, "cannot_tell", text, 0.0, evidence)
    there = [(a, b) for a, b in known if beyond(_known(a), _known(b), side)]
    chosen = (there or known)[-1]
    name = "than_yes" if there else "than_no"
    text = tools.speech.say("where", name, placed=tools.placed(chosen[0].event), **named)
    return _telling(asked, tools, text, chosen, (*found.unread, *other.unread))


def _untold(asked: Asked, tools: Tools, found: Occurrences) -> Answer:
    event = found.best.event
    text = tools.speech.say(
        "where", "untold", thing=found.phrase, modality=event.modality, placed=tools.placed(event)
    )
    return tools.tell(asked, "cannot_tell", text, 0.0, [event.evidence])


def _telling(
    asked: Asked, tools: Tools, text: str, chosen: Sequence[Occurrence], unread: Sequence[str]
) -> Answer:
    text += tools.speech.say("where", "rough")
    sure = COARSE_P * min(one.sure for one in chosen[:2])
    told = tools.of_events(asked, text, [one.event for one in chosen], sure)
    return tools.with_unread(told, unread)


def _box(one: Occurrence) -> Box | None:
    return one.event.evidence.box


def _known(one: Occurrence) -> Box:
    box = _box(one)
    assert box is not None
    return box


def _place(tools: Tools, one: Occurrence) -> str:
    words = [tools.speech.say("where", side) for side in sides(_known(one))]
    return tools.speech.say("where", "at", across=", ".join(words))


KIND = Kind("where", answer, needs=("thing",))
