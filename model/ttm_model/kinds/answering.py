"""Every kind of question in one table, and the way from what was understood to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ttm_model.asking import Asking
from ttm_model.kinds import (
    beside,
    besides,
    between,
    colour,
    compare,
    count,
    crowd,
    extreme,
    how_long,
    offset,
    ordinal,
    presence,
    summary,
    what,
    when,
    where,
    who,
    words,
)
from ttm_model.questions.question import Question, Refusal
from ttm_model.reader.scoring import KNOWN
from ttm_model.reader.taught import with_names
from ttm_model.reader.telling import Asked, Tools, sentence
from ttm_model.reader.view import KeySpace, MemoryView
from ttm_model.words.search import Text
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
        who.KIND,
        crowd.KIND,
        colour.KIND,
        where.KIND,
    )
}
NOTHING = Question(what.KIND.name)


def answer(
    asking: Asking,
    memory: MemoryView,
    spaces: Mapping[ModalityName, KeySpace],
    text: Text | None = None,
) -> Answer:
    """Answer a question from one memory view, which is all it sees.

    `text` encodes phrases for the search in words; without it words are not searched.
    """
    understood = asking.question
    memory = with_names(replace(memory, live=asking.live, wall_zero=asking.wall_zero), spaces)
    tools = Tools(memory, spaces, understood.language, text, asking.picture_keys)
    if isinstance(understood, Refusal):
        return _refused(asking.text, understood, tools)
    asked = _resolved(asking, understood, memory)
    if asked.window[0] > asked.window[1]:
        return tools.tell(asked, "not_seen", tools.speech.say("absence", "later"), 0.9)
    if words.takes(understood):
        return words.KIND.answer(asked, tools)
    kind = KINDS[understood.kind]
    return (kind if kind.takes(understood) else what.KIND).answer(asked, tools)


def summarise(
    memory: MemoryView,
    spaces: Mapping[ModalityName, KeySpace],
    since_s: float | None = None,
    until_s: float | None = None,
) -> Summary:
    """What happened, between two media times where given, as structure."""
    question = Question(summary.KIND.name)
    memory = with_names(memory, spaces)
    asked = _resolved(Asking("", question, since_s, until_s), question, memory)
    return summary.structure(asked, Tools(memory, spaces, question.language))


def _resolved(asking: Asking, question: Question, memory: MemoryView) -> Asked:
    start_s, end_s = 0.0, memory.clock_s
    if question.window is not None:
        start_s, end_s = question.window.resolve(memory.clock_s)
    if asking.since_s is not None:
        start_s = max(start_s, asking.since_s)
    if asking.until_s is not None:
        end_s = min(end_s, asking.until_s)
    limits = (question.window, asking.since_s, asking.until_s)
    return Asked(asking.text, question, (start_s, end_s), limits != (None, None, None))


def _refused(text: str, refusal: Refusal, tools: Tools) -> Answer:
    """The reason why a question has no answer, and what memory does know of its things."""
    everything = (0.0, tools.memory.clock_s)
    asked = Asked(text, NOTHING, everything, limited=False)
    sentences, evidence = [tools.speech.refusal(refusal.reason)], []
    for noun in refusal.mentions:
        search = tools.scorer.find(noun).first
        if search.hits and search.knows >= KNOWN:
            slot = search.best.slot
            sentences.append(sentence(tools.seen(search.phrase, slot)))
            evidence.append(slot.evidence)
    return tools.tell(asked, "cannot_tell", " ".join(sentences), 0.0, evidence)
