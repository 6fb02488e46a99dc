"""Every kind of question in one table, and the way from what was understood to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ttm_model.kinds import (
    beside,
    besides,
    between,
    compare,
    count,
    extreme,
    how_long,
    offset,
    ordinal,
    presence,
    summary,
    what,
    when,
)
from ttm_model.questions.question import Noun, Question, Refusal, Understood
from ttm_model.questions.understand import Context
from ttm_model.reader.scoring import KNOWN
from ttm_model.reader.telling import Asked, Tools
from ttm_model.reader.view import KeySpace, MemoryView
from ttm_protocol.answers import Answer, ModalityName, Summary

KINDS = {
    kind.name: kind
    for kind in (
        presence.KIND,
        when.KIND,
        count.KIND,
        how_long.KIND,
        what.KIND,
        *extreme.KINDS,
        ordinal.KIND,
        *beside.KINDS,
        between.KIND,
        offset.KIND,
        besides.KIND,
        compare.KIND,
        summary.KIND,
    )
}
NOTHING = Question(what.KIND.name)


@dataclass(frozen=True, slots=True)
class Limits:
    """Media seconds to which a request restricts its question; None: not."""

    since_s: float | None = None
    until_s: float | None = None


def answer(
    text: str,
    understood: Understood,
    memory: MemoryView,
    spaces: Mapping[ModalityName, KeySpace],
    limits: Limits = Limits(),
) -> Answer:
    """Answer what was understood from one memory view, which is all it sees."""
    tools = Tools(memory, spaces, understood.language)
    if isinstance(understood, Refusal):
        return _refused(text, understood, tools)
    asked = _resolved(text, understood, memory, limits)
    if asked.window[0] > asked.window[1]:
        return tools.tell(asked, "not_seen", tools.speech.say("absence", "later"), 0.9)
    kind = KINDS[understood.kind]
    return (kind if kind.takes(understood) else what.KIND).answer(asked, tools)


def context(understood: Understood, answered: Answer, before: Context | None) -> Context | None:
    """What a conversation remembers after an answer."""
    if isinstance(understood, Refusal):
        return before
    first = answered.evidence[0] if answered.evidence else None
    if first is None or first.modality == "gap":
        return Context(understood)
    at = (first.start_s, first.end_s)
    return Context(understood, Noun(first.label, first.modality, at=at))


def summarise(
    memory: MemoryView,
    spaces: Mapping[ModalityName, KeySpace],
    limits: Limits,
    language: str = "english",
) -> Summary:
    """What happened within limits, as structure."""
    asked = _resolved("", Question(summary.KIND.name, language=language), memory, limits)
    return summary.structure(asked, Tools(memory, spaces, language))


def _resolved(text: str, question: Question, memory: MemoryView, limits: Limits) -> Asked:
    start_s, end_s = 0.0, memory.clock_s
    if question.window is not None:
        start_s, end_s = question.window.resolve(memory.clock_s)
    if limits.since_s is not None:
        start_s = max(start_s, limits.since_s)
    if limits.until_s is not None:
        end_s = min(end_s, limits.until_s)
    limited = question.window is not None or limits != Limits()
    return Asked(text, question, (start_s, end_s), limited)


def _refused(text: str, refusal: Refusal, tools: Tools) -> Answer:
    """The reason why a question has no answer, and what memory does know of its things."""
    everything = (0.0, tools.memory.clock_s)
    asked = Asked(text, NOTHING, everything, limited=False)
    sentences, evidence = [tools.speech.refusal(refusal.reason)], []
    for noun in refusal.mentions:
        search = tools.scorer.find(noun).first
        if search.hits and search.knows >= KNOWN:
            slot = search.best.slot
            seen = tools.speech.say(
                "presence",
                "seen",
                thing=search.phrase,
                modality=slot.modality,
                placed=tools.placed(slot),
            )
            sentences.append(f"{seen}.")
            evidence.append(slot.evidence)
    return tools.tell(asked, "cannot_tell", " ".join(sentences), 0.0, evidence)
