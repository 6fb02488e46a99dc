"""Turns unusual word orders into the plain one: "it was when that ...". It names no things."""

from __future__ import annotations

import re

from ttm_model.questions.data import any_of, expanded, load, words
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    AUX,
    GENERIC,
    LANGUAGE,
    PERCEPTION,
    PRONOUNS,
    UNITS,
)
from ttm_model.questions.rules.openings import opener
from ttm_model.questions.rules.soundwords import BASE_FORMS

_DATA = load(LANGUAGE, "rewrites")
_VERBS = sorted({" ".join(verb) for verb in PERCEPTION}, key=lambda verb: (-len(verb), verb))
_MACROS = _DATA["macros"] | {
    "sense": "|".join(_VERBS),
    "ing": "|".join(verb for verb in _VERBS if verb.split()[0].endswith("ing")),
    "aux": any_of(AUX),
    "unit": any_of(UNITS),
    "seen": any_of(" ".join(verb) for verb, sense in PERCEPTION.items() if sense == "video"),
    "heard": any_of(" ".join(verb) for verb, sense in PERCEPTION.items() if sense == "audio"),
    "things": "|".join(sorted(GENERIC, key=len, reverse=True)),
}
_SPOKEN, _EARLY, _RULES = (
    tuple((re.compile(expanded(rule["find"], _MACROS)), rule["put"]) for rule in _DATA[part])
    for part in ("spoken", "early", "rules")
)
_WORDS = _DATA["words"]
_WH_START = words(_WORDS["wh_start"])
_ASKED = words(_WORDS["asked"])
_SUBJECT = words(_WORDS["subject"])
_NO_TOPIC = words(_WORDS["no_topic"])
_POINTERS = words(_WORDS["pointers"])
_AFTER_POINTER = AUX | PRONOUNS | BASE_FORMS | words(_WORDS["after_pointer"])


def _applied(rules: tuple[tuple[re.Pattern[str], str], ...], words: list[str]) -> list[str]:
    text = " ".join(words)
    for rule, to in rules:
        text = rule.sub(to, text)
    return text.split()


def as_written(words: list[str]) -> list[str]:
    """Put what is only said, in a dialect, in pieces or in haste, as one would write it."""
    return _applied(_SPOKEN, words)


def before_time(words: list[str]) -> list[str]:
    """Rewrite what the reading of times would misread: "at the moment the bell rang"."""
    if opener(words) and words[0] not in _WH_START:
        return words  # "the moment the bell rang" asks when
    return _applied(_EARLY, words)


def plain_order(words: list[str]) -> list[str]:
    """Bring the words into the order of a plain question where a rule knows how."""
    return _applied(_RULES, _topic(_preface(words)))


def _asks_at(words: list[str], i: int) -> bool:
    """Whether a question begins at i: "did you", "was there", "what was", "how many"."""
    following = words[i + 1 : i + 2]
    if not following:
        return False
    if words[i] in _WH_START:
        return following[0] in _ASKED or (words[i] == "when" and following[0] in _SUBJECT)
    if words[i] in ("did", "have", "has", "was", "were", "is", "are") and i:
        return following[0] in _SUBJECT and words[i - 1] not in _SUBJECT - {"it", "that", "one"}
    return False


def _preface(words: list[str]) -> list[str]:
    """Drop a remark of the user about himself: "I lost count, how many times ..."."""
    if words[:1] not in (["i"], ["we"], ["my"], ["sorry"]):
        return words
    for i in range(2, len(words) - 2):
        front = words[:i]
        perceived = any((w,) in PERCEPTION for w in front) and "not" not in front
        if perceived or "if" in front or any(_points(words, k) for k in range(i, len(words))):
            return words
        if _asks_at(words, i) and not (words[i] == "when" and words[i + 1] in _SUBJECT):
            return words[i:]
    return words


def _topic(words: list[str]) -> list[str]:
    """Put a thing named first in the place of its pronoun: "the cat, when did you see it"."""
    if not words or words[0] in AUX or words[0] in _WH_START or words[0] in _NO_TOPIC:
        return words
    for i in range(1, len(words) - 1):
        after_comma = words[i - 1] == "," and words[i] in ("you", "i")
        if not (_asks_at(words, i) or after_comma):
            continue
        front = [w for w in words[:i] if w != ","]
        if front[:2] == ["you", "know"]:
            front = front[2:]
        subject = bool(front) and front[0] in PRONOUNS
        connective = {"before", "after", "while", "when", "during", "until", "since"} & set(front)
        if not front or subject or connective or (set(front) & (AUX | {"not"})):
            return words
        tail = words[i:]
        at = next((k for k in range(len(tail) - 1, 0, -1) if _points(tail, k)), None)
        if at is None:
            return words
        return [*tail[:at], *_definite(front), *tail[at + 1 :]]
    return words


def _definite(front: list[str]) -> list[str]:
    known = front[0] in ("the", "a", "an", "my", "your", "that", "this", "any", "some", "our")
    return front if known else ["the", *front]


def _points(words: list[str], k: int) -> bool:
    if words[k] not in _POINTERS:
        return False
    following = words[k + 1 : k + 2]
    return not following or following[0] in _AFTER_POINTER or following[0] in ADJECTIVES
