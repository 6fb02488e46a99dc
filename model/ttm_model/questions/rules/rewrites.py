"""Turns unusual word orders into the plain one: "it was when that ...". It names no things."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    "pronoun": any_of(PRONOUNS),
    "adjective": any_of(ADJECTIVES),
    "sounds": any_of(BASE_FORMS),
    "unit": any_of(UNITS),
    "seen": any_of(" ".join(verb) for verb, sense in PERCEPTION.items() if sense == "video"),
    "heard": any_of(" ".join(verb) for verb, sense in PERCEPTION.items() if sense == "audio"),
    "things": "|".join(sorted(GENERIC, key=len, reverse=True)),
}
_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _compiled(rules: Iterable[tuple[str, str]]) -> _Rules:
    return tuple((re.compile(expanded(find, _MACROS)), put) for find, put in rules)


_SPOKEN = _compiled(
    rule for group in load(LANGUAGE, "colloquial")["groups"] for rule in group["rules"]
)
_EARLY, _RULES = (
    _compiled((rule["find"], rule["put"]) for rule in _DATA[part]) for part in ("early", "rules")
)
_QUESTION_WORDS = words(_DATA["question_words"])


def _applied(rules: _Rules, words: list[str]) -> list[str]:
    text = " ".join(words)
    for rule, to in rules:
        text = rule.sub(to, text)
    return text.split()


def as_written(words: list[str]) -> list[str]:
    """Put what is only said, in a dialect, in pieces or in haste, as one would write it."""
    return _applied(_SPOKEN, words)


def before_time(words: list[str]) -> list[str]:
    """Rewrite what the reading of times would misread: "at the moment the bell rang"."""
    if opener(words) and words[0] not in _QUESTION_WORDS:
        return words  # "the moment the bell rang" asks when
    return _applied(_EARLY, words)


def plain_order(words: list[str]) -> list[str]:
    """Bring the words into the order of a plain question where a rule knows how."""
    return _applied(_RULES, words)
