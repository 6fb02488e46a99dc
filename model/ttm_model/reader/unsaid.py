"""What to say of words that were not found: not caught, not yet known, forgotten, or no.

Knows no kinds of question.
"""

from __future__ import annotations

from dataclasses import replace

from ttm_model.questions.question import Noun
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools, sentence
from ttm_model.words.entry import Kind
from ttm_protocol.answers import Answer, ModalityName, State

DENIED_P = {"speech": 0.85, "text": 0.75}  # that words would have been caught
MAYBE = 0.5
MEDIUM: dict[Kind, ModalityName] = {"speech": "audio", "text": "video"}


def deaf(tools: Tools, asked: Asked, kind: Kind) -> Answer | None:
    """That words could not be caught in the time asked about; None where they could."""
    if not tools.words.on(kind):
        return tools.tell(asked, "cannot_tell", tools.speech.say("said", f"{kind}_off"), 0.0)
    medium = MEDIUM[kind]
    if not tools.memory.got(medium, asked.window):
        when = "then" if asked.limited else "so_far"
        text = tools.speech.say("absence", f"no_{medium}_{when}")
        return tools.tell(asked, "not_received", text, 1.0)
    if kind == "speech" and asked.limited and asked.window[0] > tools.words.until_s:
        text = tools.speech.say("said", "not_yet", until=clock(tools.words.until_s))
        return with_until(tools, asked, kind, tools.tell(asked, "cannot_tell", text, 0.0))
    return None


def unsaid(tools: Tools, asked: Asked, kind: Kind, noun: Noun | None) -> Answer:
    """That a phrase, or anything at all, was not said or written; and that it was seen, if so."""
    why = deaf(tools, asked, kind)
    if why is not None:
        return why
    floor_s = tools.words.floor_s(kind)
    lost = floor_s > asked.window[0]
    name = f"{kind}_{'nothing' if noun is None else 'denied'}"
    since = tools.speech.say("said", "since", before=clock(floor_s)) if lost else ""
    within = since or (tools.speech.say("absence", "within") if asked.limited else "")
    phrase = "" if noun is None else noun.said or noun.phrase
    text = sentence(tools.speech.say("said", name, phrase=phrase, within=within))
    if lost:
        partly = tools.speech.say("said", f"{kind}_forgotten", before=clock(floor_s))
        text = f"{text} {sentence(partly)}"
    state: State = "may_have_forgotten" if lost else "not_seen"
    told = tools.tell(asked, state, text, MAYBE if lost else DENIED_P[kind])
    answer = with_until(tools, asked, kind, told)
    return answer if noun is None else _but_noticed(tools, asked, noun, answer)


def with_until(tools: Tools, asked: Asked, kind: Kind, answer: Answer) -> Answer:
    """The answer, with up to when words are known, where that is before the end of its time."""
    if kind == "text":
        return answer
    until_s = tools.words.until_s
    if not tools.words.known_to(kind, asked.window) and answer.state != "cannot_tell":
        told = sentence(tools.speech.say("said", "until", until=clock(until_s)))
        answer = replace(answer, answer=f"{sentence(answer.answer)} {told}")
    return replace(answer, words_until_s=until_s)


def _but_noticed(tools: Tools, asked: Asked, noun: Noun, answer: Answer) -> Answer:
    """Said is not seen, and seen is not said: what was not mentioned may have been there."""
    search = tools.scorer.find(replace(noun, modality=None), asked.window)
    hits = [hit for hit in search.first.hits if hit.p >= SURE_P]
    if not hits or search.unread:
        return answer
    best = max(hits, key=lambda hit: hit.p)
    seen = tools.seen(search.first.phrase, best.slot)
    text = tools.speech.say("said", "but", what=seen)
    return replace(
        answer,
        answer=f"{answer.answer} {sentence(text)}",
        evidence=(*answer.evidence, best.slot.evidence),
    )


def but_mentioned(tools: Tools, asked: Asked, noun: Noun, answer: Answer) -> Answer:
    """The same the other way round: what was not noticed may have been spoken of."""
    kinds: tuple[Kind, ...] = ("speech", "text")
    phrase = noun.said or noun.phrase
    for kind in kinds:
        named = replace(noun, phrase=phrase, at=None)
        found = tools.words.mentions(named, kind, asked.window)
        exact = [one for one in found if one.how == "exact"]
        if exact:
            quote = tools.quoted(exact[-1])
            text = tools.speech.say("said", f"{kind}_though", quote=quote)
            answer = replace(
                answer,
                answer=f"{sentence(answer.answer)} {sentence(text)}",
                evidence=(*answer.evidence, exact[-1].evidence),
                words_until_s=tools.words.until_s if kind == "speech" else answer.words_until_s,
            )
    return answer


SURE_P = 0.7  # of what is told beside a denial
