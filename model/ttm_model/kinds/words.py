"""What was said and written: all of it, first and last, where a phrase is, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ttm_model.kinds.beside import neighbours
from ttm_model.kinds.kind import Kind
from ttm_model.questions.question import Question
from ttm_model.reader.events import covered_s
from ttm_model.reader.occurrences import occurrences
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import SHOWN, Asked, Tools, sentence
from ttm_model.reader.unsaid import MAYBE, deaf, unsaid, with_until
from ttm_model.reader.words import Said
from ttm_model.words.entry import KINDS
from ttm_model.words.entry import Kind as WordsKind
from ttm_protocol.answers import Answer, State

QUOTED = 6  # told in one answer; the rest are counted
BESIDE_THINGS = 3  # of each kind, told with what was seen and heard
ELSEWHERE = ("between", "offset", "compare", "where", "colour")  # rooms that ask for words too
BESIDE = ("before", "after", "with")


def takes(question: Question) -> bool:
    """Whether a question is about words and answered here."""
    return question.modality in ("speech", "text") and question.kind not in ELSEWHERE


def answer(asked: Asked, tools: Tools) -> Answer:
    """What was said or written, as the question's kind has it."""
    kind: WordsKind = "text" if asked.modality == "text" else "speech"
    why = deaf(tools, asked, kind)
    if why is not None:
        return why
    if asked.question.kind in BESIDE and asked.question.anchors:
        return _beside(asked, tools, kind)
    noun = asked.question.thing
    if noun is None:
        said = tools.words.entries(kind, asked.window)
        return _all(asked, tools, kind, said) if said else unsaid(tools, asked, kind, None)
    found = tools.words.mentions(noun, kind, asked.window)
    return _found(asked, tools, kind, found) if found else unsaid(tools, asked, kind, noun)


# --- everything -----------------------------------------------------------------------------------


def _all(asked: Asked, tools: Tools, kind: WordsKind, said: Sequence[Said]) -> Answer:
    question = asked.question
    number = {"first": 1, "last": -1}.get(question.kind, question.number)
    if question.kind == "who":
        return _who(asked, tools, kind, said)
    if number is None:
        return _telling(asked, tools, kind, quotes(tools, said), said)
    floor_s = tools.words.floor_s(kind)
    if number > 0 and floor_s > asked.window[0]:
        text = tools.speech.say("said", f"{kind}_forgotten", before=clock(floor_s))
        first = tools.speech.say("said", "remembered", quote=tools.quoted(said[0]))
        told = _telling(asked, tools, kind, f"{text}; {first}", said[:1])
        return replace(told, state="may_have_forgotten", confidence=MAYBE)
    if abs(number) > len(said):
        times = tools.speech.times(len(said))
        text = tools.speech.say("said", f"{kind}_fewer", times=times, quotes=quotes(tools, said))
        return replace(_telling(asked, tools, kind, text, said), state="not_seen")
    chosen = said[number - 1 if number > 0 else number]
    text = tools.speech.say(
        "said",
        f"{kind}_nth",
        nth=tools.speech.nth(number),
        text=chosen.entry.text,
        placed=tools.placed(chosen),
    )
    return _telling(asked, tools, kind, text, [chosen])


def _who(asked: Asked, tools: Tools, kind: WordsKind, said: Sequence[Said]) -> Answer:
    text = f"{sentence(tools.speech.say('said', f'{kind}_who'))} {sentence(quotes(tools, said))}"
    told = _telling(asked, tools, kind, text, said)
    return replace(told, state="cannot_tell", confidence=0.0)


# --- a phrase -------------------------------------------------------------------------------------


def _found(asked: Asked, tools: Tools, kind: WordsKind, found: Sequence[Said]) -> Answer:
    """Where a phrase was found; words that only mean it count where none are the phrase itself."""
    literal = [one for one in found if one.how != "meaning"]
    exact = [one for one in found if one.how == "exact"]
    best = exact or literal or list(found)
    if asked.question.kind == "who":
        return _who(asked, tools, kind, best)
    order = asked.question.order or asked.thing.order
    chosen = best[:1] if order == "first" else best[-1:] if order == "last" else best
    name = {"count": "count", "how_long": "how_long"}.get(asked.question.kind, "found")
    name = f"{kind}_{name}" if literal else "meaning"
    if asked.question.kind == "presence" and literal:
        name = "yes_negated" if asked.question.negated else "yes"
    if name != "meaning" and not exact:
        name = "nearly"
    text = tools.speech.say(
        "said",
        f"{kind}_meaning" if name == "meaning" else name,
        phrase=asked.thing.said or asked.thing.phrase,
        times=tools.speech.times(sum(one.entry.count for one in best)),
        duration=tools.speech.duration(covered_s([one.entry for one in best])),
        quotes=quotes(tools, _told_in_order(asked, chosen)),
    )
    return _telling(asked, tools, kind, text, chosen)


def _told_in_order(asked: Asked, said: Sequence[Said]) -> Sequence[Said]:
    """The latest first where it was asked when, or how often."""
    return said[::-1] if asked.question.kind in ("when", "count") else said


# --- before, after, while -------------------------------------------------------------------------


def _beside(asked: Asked, tools: Tools, kind: WordsKind) -> Answer:
    """What was said nearest to something else; of a phrase, whether it was said there."""
    noun, relation = asked.question.anchors[0], asked.question.kind
    found = occurrences(tools, asked, noun)
    if isinstance(found, Answer):
        return found
    anchor = found.meant(noun)
    everything = (0.0, tools.memory.clock_s)
    thing = asked.question.thing
    said = (
        tools.words.entries(kind, everything)
        if thing is None
        else tools.words.mentions(thing, kind, everything)
    )
    own = {id(one.event.entry) for one in found.each if isinstance(one.event, Said)}
    others = [one for one in said if id(one.entry) not in own]
    if thing is not None and not others:
        return unsaid(tools, replace(asked, limited=False), kind, thing)
    near = [one for one in neighbours(relation, anchor.event, others) if isinstance(one, Said)]
    told_of = near or (others[-1:] if thing else [])
    text = tools.speech.say(
        "said",
        f"yes_{relation}"
        if near and thing
        else relation
        if near
        else f"not_{relation}"
        if told_of
        else f"none_{relation}",
        thing=found.phrase,
        quotes=quotes(tools, told_of),
        anchor_span=tools.span(anchor.event),
    )
    told = _telling(asked, tools, kind, text, near)
    lost = relation == "before" and tools.words.floor_s(kind) > 0.0
    state: State = "answered" if near else "may_have_forgotten" if lost else "not_seen"
    sure = min(told.confidence, anchor.sure) if near else MAYBE
    evidence = (*told.evidence, anchor.event.evidence)
    return tools.with_unread(
        replace(told, state=state, confidence=sure, evidence=evidence), found.unread
    )


# --- sentences ------------------------------------------------------------------------------------


def quotes(tools: Tools, said: Sequence[Said], most: int = QUOTED) -> str:
    """'at 0:35 somebody said: "…"; at 0:50: "…"', each entry once."""
    once = list({id(one.entry): one for one in said}.values())
    told = [tools.quoted(one, first=at == 0) for at, one in enumerate(once[:most])]
    if len(once) > most:
        told.append(tools.speech.say("list", "more", count=len(once) - most))
    return "; ".join(told)


def _telling(
    asked: Asked, tools: Tools, kind: WordsKind, text: str, said: Sequence[Said]
) -> Answer:
    """An answer that rests on words, as sure as the surest, with up to when they are known."""
    sure = max((one.sure for one in said), default=0.0)
    shown = list({id(one.entry): one.evidence for one in said}.values())
    answer = tools.tell(asked, "answered", text, sure, shown)
    if said:
        order = asked.question.order
        answer = replace(answer, when=tools.times(said[0 if order == "first" else -1]))
    if asked.question.kind == "presence" and said:
        return replace(answer, words_until_s=tools.words.until_s if kind == "speech" else None)
    return with_until(tools, asked, kind, answer)


def beside_things(asked: Asked, tools: Tools, answer: Answer) -> Answer:
    """What was said and written too, where it was asked what there was by no sense of its own."""
    if asked.modality is not None or asked.question.phrase is not None:
        return answer
    said = [one for kind in KINDS for one in tools.words.entries(kind, asked.window)]
    if not said:
        return answer
    text = " ".join(
        sentence(quotes(tools, of, BESIDE_THINGS))
        for kind in KINDS
        if (of := [one for one in said if one.modality == kind])
    )
    evidence = (*answer.evidence, *(one.evidence for one in said))[:SHOWN]
    if answer.state == "not_seen":
        first = tools.of_events(asked, text, said, min(one.sure for one in said))
        return replace(first, evidence=evidence)
    return replace(answer, answer=f"{sentence(answer.answer)} {text}", evidence=evidence)


KIND = Kind("words", answer)
