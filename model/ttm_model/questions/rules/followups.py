"""Questions that lean on the one before: "and after that?". It knows no memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ttm_model.questions.data import kinds, load, phrases, words
from ttm_model.questions.earlier import Earlier
from ttm_model.questions.literal import ANSWERED
from ttm_model.questions.question import Modality, Noun, Order, Question, Refusal, Understood
from ttm_model.questions.rules import shapes
from ttm_model.questions.rules.anchors import split_anchor
from ttm_model.questions.rules.frames import unwrap
from ttm_model.questions.rules.lexicon import (
    AUX,
    CONNECTIVES,
    DETERMINERS,
    LANGUAGE,
    PERCEPTION,
    WH,
)
from ttm_model.questions.rules.phrases import thing
from ttm_model.questions.rules.rewrites import as_written
from ttm_model.questions.rules.sentence import parse_words
from ttm_model.questions.rules.spelling import respell
from ttm_model.questions.rules.times import TIMES
from ttm_model.questions.rules.tokens import TooLongError, sentences

_DATA = load(LANGUAGE, "followups")
_POINTING = words(_DATA["pointing"])
_MODIFYING = words(_DATA["modifying"])
_AFTER_POINTER = words(_DATA["after_pointer"]) | {""}
_LEADS = words(_DATA["leads"])
_TRAILS = words(_DATA["trails"])
_ABOUT = tuple(tuple(line.split()) for line in _DATA["about"])
_TIGHT = words(load(LANGUAGE, "times")["words"]["tight"])
_THEN = {tuple(phrase.split()): joint for phrase, joint in _DATA["then"].items()}
_BOTH = phrases(_DATA["both"])
_BARE_TAIL = re.compile(_DATA["bare_tail"])
_MAX_NAMED = 5  # words of "and the big red bus?"
_OF_WORDS = ("speech", "text")
_RANKS = ("ranked", "numbered")
_CATEGORICAL = (*_RANKS, "open", "excluding")
_OPEN_SHAPES = ("open", "ranked", "anchored", "between", "offset", "excluding", "numbered")
_ORDERS: dict[str, Order | None] = {"any": None, "first": "first", "last": "last"}
_BARE: dict[tuple[str, ...], tuple[str, Order | None]] = {
    tuple(line.split()): (kind, _ORDERS[order])
    for kind, asked in kinds(LANGUAGE).items()
    for order, lines in asked.get("follow_ups", {}).items()
    for line in lines
}


def _open(question: Question) -> bool:
    """Whether the question itself did not name what it asked for."""
    return question.thing is None or shapes.shape_of(question.kind) in _OPEN_SHAPES


def _referent(earlier: Earlier) -> Noun | None:
    """What "it" and "that" mean."""
    question = earlier.question
    return earlier.answered or (None if _open(question) else question.thing)


def follow_up(text: str, earlier: Earlier) -> Understood | None:
    """Read a follow-up, see `_leaning`; words that were answered may be any, so one stands in."""
    words = earlier.answered
    if words is None or words.modality not in _OF_WORDS:
        return _leaning(text, earlier)
    understood = _leaning(text, replace(earlier, answered=replace(words, phrase=ANSWERED)))
    if not isinstance(understood, Question):
        return understood
    put = [
        words if n and n.phrase == ANSWERED else n for n in (understood.thing, *understood.anchors)
    ]
    return replace(understood, thing=put[0], anchors=tuple(noun for noun in put[1:] if noun))


def _leaning(text: str, earlier: Earlier) -> Understood | None:
    """Read a follow-up; None where the text stands on its own. Never raises.

    "That" means what the answer before named ("what did I show you before the cup?" - "a fox" -
    "and before that?"); without it such a follow-up of an open question is refused.
    """
    try:
        parts = sentences(text)
    except TooLongError:
        return None
    if len(parts) != 1:
        return None
    words = as_written(unwrap(respell(list(parts[0].words))).words)
    while len(words) > 1 and (
        words[0] in _LEADS or (words[0] in _TIGHT and words[1] in CONNECTIVES)
    ):
        words = words[1:]
    while len(words) > 1 and words[-1] in _TRAILS:
        words = words[:-1]
    if len(words) > 2 and words[0] in WH and words[-1] in CONNECTIVES:
        words = [*words, "that"]  # "and what was I showing before"
    rules = _RULES if words else ()
    return next((u for rule in rules if (u := rule(words, earlier)) is not None), None)


def _bare(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "and when?", "how many times?", "what else?"."""
    found = _BARE.get(tuple(_BARE_TAIL.sub("", " ".join(words)).split()))
    if found is None:
        return None
    kind, order = found
    referent, modality = _referent(earlier), earlier.question.modality
    if shapes.shape_of(kind) == "excluding":
        return _what_else(kind, earlier)
    if referent is None:
        return Refusal("REFERENCE")
    personal = modality in _OF_WORDS or referent.phrase in ("person", "speech")
    if shapes.shape_of(kind) == "who" and not personal:
        return Refusal("IDENTITY")
    if shapes.shape_of(kind) == "anchored":
        known = replace(referent, modality=modality or referent.modality)
        return Question(kind, None, modality if _open(earlier.question) else None, (known,))
    at = None if shapes.shape_of(kind) == "crowd" else referent.at
    return Question(kind, replace(referent, modality=modality, at=at), modality, order=order)


def _what_else(kind: str, earlier: Earlier) -> Understood:
    """Leave out what was asked about and what was answered."""
    question = earlier.question
    known = [earlier.answered, None if _open(question) else question.thing]
    before = question.anchors if shapes.shape_of(question.kind) == "excluding" else ()
    left_out = (*before, *(noun for noun in known if noun is not None))
    return Question(kind, None, question.modality, left_out, question.window)


def _about(words: list[str]) -> list[str]:
    """What stands after "what about", "how about"."""
    lead = next((len(lead) for lead in _ABOUT if tuple(words[: len(lead)]) == lead), 0)
    return words[lead:] if lead else []


def _hanging(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "and before that?", "and after the dog?": the open question at another event."""
    after = _about(words)
    words = after if after and after[0] in CONNECTIVES else words
    joined = words and words[0] in CONNECTIVES and words[0] != "when"
    if not joined or TIMES.extract(words).words != words:
        return None
    asked = ["what", "happened"]
    referent = _referent(earlier)
    if words[1:2] == ["or"] and referent is not None:  # "before or after the bang?"
        asked = ["did", "the", *referent.phrase.split(), "happen"]
    whole = [*asked, *words]
    understood = _substituted(whole, earlier) if _pointer(words) is not None else None
    understood = understood or parse_words(whole, True)
    if isinstance(understood, Question) and _open(earlier.question):
        return replace(understood, modality=earlier.question.modality)
    return understood


def _other(words: list[str], earlier: Earlier) -> Understood | None:
    """The same question about another thing or time: "what about the dog?", "and a bell?"."""
    named = words[0] in DETERMINERS and len(words) <= _MAX_NAMED
    timed = TIMES.extract(_about(words) or (words if named else []))
    if not (timed.words or timed.window) or any(
        w in AUX or (w,) in PERCEPTION or w in CONNECTIVES for w in timed.words
    ):
        return None
    question = earlier.question.within(timed.window)
    if not timed.words:
        return question
    it = thing(timed.words)
    if it.phrase is None or timed.words[0] in _POINTING:
        return None
    return _asked_of(Noun(it.phrase, it.modality), question)


def _asked_of(other: Noun, question: Question) -> Question:
    """The question with another thing in the place of the one that it was about."""
    shape = shapes.shape_of(question.kind)
    if shape in ("open", "ranked", "summary"):
        kind = shapes.kind_of("polar")
        return Question(kind, other, other.modality, window=question.window)
    if question.anchors:
        known = other.modality or question.anchors[0].modality
        return replace(question, anchors=(replace(other, modality=known), *question.anchors[1:]))
    modality = other.modality or question.modality
    return replace(question, thing=replace(other, modality=modality), modality=modality)


def _ranked(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "and the first?", "what was second?" of the same sense as before."""
    question, referent = earlier.question, _referent(earlier)
    words = _about(words) or words
    if words[-1] == "time" and referent is not None:  # "when was the second time?"
        words = [*words, "the", *referent.phrase.split()]
        return _with_referent(parse_words(words, True), replace(referent, at=None), earlier)
    words = words[:-1] if words[-1] == "one" else words
    if not _open(question) or not words or _pointer(words) is not None:
        return None
    asked = words if words[0] in WH else ["what", "was", *words]
    understood = parse_words(asked, True)
    if isinstance(understood, Refusal) or shapes.shape_of(understood.kind) not in _RANKS:
        return None
    if understood.modality is not None or understood.thing is not None:
        return None
    category = question.thing if shapes.shape_of(question.kind) in _CATEGORICAL else None
    return replace(understood, thing=category, modality=question.modality)


def _pointing_phrases(earlier: Earlier) -> Iterator[tuple[tuple[str, ...], str]]:
    """What points at a time or at two things, and what stands for it in a whole question."""
    question, referent = earlier.question, _referent(earlier)
    if question.thing is not None and len(question.anchors) == 1:
        pair = f"the {question.thing.phrase} and the {question.anchors[0].phrase}"
        yield from ((phrase, pair) for phrase in _BOTH)
    if referent is not None:
        meant = f"the {referent.phrase}"
        yield from ((phrase, f"{joint} {meant}") for phrase, joint in _THEN.items())


def _at_that_time(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "what did you hear at that moment?", "what lay between the two?"."""
    for phrase, said in _pointing_phrases(earlier):
        for i in range(1, len(words)):
            rest = words[:i], words[i + len(phrase) :]
            if (
                tuple(words[i : i + len(phrase)]) != phrase
                or _pointer([*rest[0], *rest[1]]) is not None
            ):
                continue
            understood = parse_words([*rest[0], *said.split(), *rest[1]], True)
            referent = _referent(earlier)
            return understood if referent is None else _with_referent(understood, referent, earlier)
    return None


def _as_far(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "and a minute after it?" where an exact distance was asked before."""
    if earlier.question.offset_s is None:
        return None
    split = split_anchor(["what", "happened", *words, "it"])
    pointing = all(w in _POINTING for anchor in split.anchors for w in anchor)
    if split.offset_s is None or split.relation is None or not pointing:
        return None
    sign = int(kinds(LANGUAGE)[split.relation].get("sign", 1))
    return replace(earlier.question, offset_s=sign * split.offset_s)


def _other_sense(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "and heard?"."""
    sense = PERCEPTION.get(tuple(words))
    if sense is None or earlier.question.thing is not None:
        return None
    return replace(earlier.question, modality=sense)


def _other_time(words: list[str], earlier: Earlier) -> Understood | None:
    """Read "and in the last minute?"."""
    timed = TIMES.extract(words)
    if timed.window is None or [w for w in timed.words if w != ","]:
        return None
    return earlier.question.within(timed.window)


def _substituted(words: list[str], earlier: Earlier) -> Understood | None:
    """Put the thing meant in place of "it", "that" … and parse the whole sentence."""
    at = _pointer(words)
    if at is None:
        return None
    alone = parse_words(words, True)
    if isinstance(alone, Question) and alone.modality in _OF_WORDS:
        return alone  # "what did they say": anybody
    refused = isinstance(alone, Refusal) and alone.reason != "REFERENCE"
    referent = _referent(earlier)
    if referent is None:
        return alone if refused else Refusal("REFERENCE")
    said = ["the", *referent.phrase.split()]
    understood = parse_words([*words[:at], *said, *words[at + 1 :]], True)
    if refused and not (isinstance(understood, Question) and understood.modality in _OF_WORDS):
        return alone  # "was it loud?" stays refused, for its own reason; "who mentioned it?" not
    return _with_referent(understood, referent, earlier)


def _with_referent(understood: Understood, referent: Noun, earlier: Earlier) -> Understood:
    """What was understood, with the occurrence that the conversation speaks of."""
    if isinstance(understood, Refusal):
        return understood
    modality = earlier.question.modality or referent.modality
    meant = referent.phrase.lower()
    if understood.anchors:
        anchors = tuple(_meant(noun, referent, modality) for noun in understood.anchors)
        return replace(understood, anchors=anchors)
    if understood.modality in _OF_WORDS:  # what was seen may be spoken of at any time
        return understood
    if understood.thing is not None and understood.thing.phrase == meant:
        known = understood.modality or modality
        found = _meant(understood.thing, referent, known)
        return replace(understood, thing=found, modality=known)
    return understood


def _meant(noun: Noun, referent: Noun, modality: Modality | None) -> Noun:
    """The noun as the occurrence that the conversation speaks of."""
    known = noun.modality or modality
    same = noun.phrase == referent.phrase.lower() and known in (None, referent.modality, modality)
    return replace(noun, modality=known, at=referent.at if same else None)


def _pointer(words: list[str]) -> int | None:
    for i in range(len(words) - 1, -1, -1):
        following = words[i + 1] if i + 1 < len(words) else ""
        modifies = words[i] in _MODIFYING and following not in _AFTER_POINTER
        if words[i] in _POINTING and not modifies:
            return i
    return None


_RULES: tuple[Callable[[list[str], Earlier], Understood | None], ...] = (
    _as_far,
    _other_sense,
    _bare,
    _at_that_time,
    _ranked,
    _hanging,
    _other,
    _other_time,
    _substituted,
)
