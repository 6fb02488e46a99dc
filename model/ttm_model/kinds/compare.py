"""Which of two things came first or last."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds.kind import Kind
from ttm_model.reader.absence import MAYBE, absent
from ttm_model.reader.scoring import Found, Hit
from ttm_model.reader.telling import Asked, Tools, sentence
from ttm_protocol.answers import Answer

SAME_TIME_S = 1.0  # beginnings nearer than this cannot be told apart


def answer(asked: Asked, tools: Tools) -> Answer:
    """The one whose first (or last) occurrence begins earlier (or later)."""
    first = asked.question.order != "last"
    nouns = (asked.thing, asked.question.anchors[0])
    found = [tools.scorer.find(replace(noun, order=None), asked.window) for noun in nouns]
    missing = next((one for one in found if not one.first.hits), None)
    if missing is not None:
        return _only_one(asked, tools, found, missing)
    hits = [one.first.hits[0 if first else -1] for one in found]
    at_s = [hit.slot.start_s for hit in hits]
    unread = tuple(word for one in found for word in one.unread)
    spans = [tools.span(hit.slot) for hit in hits]
    apart_s = SAME_TIME_S + max(hit.slot.uncertainty_s for hit in hits) - 0.5
    if abs(at_s[0] - at_s[1]) < apart_s:
        name, order = "same", [0, 1]
    else:
        name, order = "first" if first else "last", [0, 1] if at_s[0] < at_s[1] else [1, 0]
        order = order if first else order[::-1]
    text = tools.speech.say(
        "compare",
        name,
        thing=found[order[0]].first.phrase,
        span=spans[order[0]],
        other=tools.speech.named(found[order[1]].first.phrase, "the"),
        other_span=spans[order[1]],
    )
    if _sense_forgot(asked, tools, first):
        text += tools.speech.say(
            "compare", "forgotten", before=tools.forgotten_before(asked.modality)
        )
    answer = tools.of_slots(asked, text, [hits[i].slot for i in order])
    sure = min(hit.sure for hit in hits) * (MAYBE if _sense_forgot(asked, tools, first) else 1.0)
    return tools.with_unread(replace(answer, confidence=sure), unread)


def _sense_forgot(asked: Asked, tools: Tools, first: bool) -> bool:
    """Whether an earlier occurrence of either may have been forgotten."""
    return first and tools.memory.coverage_since_s(asked.modality) > asked.window[0]


def _only_one(asked: Asked, tools: Tools, found: list[Found], missing: Found) -> Answer:
    """Say which of the two was there, and why the other was not found."""
    why = absent(tools, asked, missing.first)
    there = next((one for one in found if one.first.hits), None)
    if there is None:
        return why
    hit: Hit = there.first.best
    seen = sentence(tools.seen(there.first.phrase, hit.slot))
    return replace(why, answer=f"{why.answer} {seen}", evidence=(hit.slot.evidence,))


KIND = Kind("compare", answer, needs=("thing", "anchors"))
