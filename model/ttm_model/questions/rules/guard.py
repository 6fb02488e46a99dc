"""Tells whether a phrase can name a thing, or still holds words that no rule has read."""

from __future__ import annotations

from itertools import pairwise

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import JOINTS, LANGUAGE, MEASURES, STRAY, UNITS
from ttm_model.questions.rules.nouns import singular
from ttm_model.questions.rules.predicates import SWITCHES
from ttm_model.questions.rules.times import TIMES

_DATA = load(LANGUAGE, "words")
_OPEN = words(_DATA["open_names"])
_PREPOSITIONS = words(_DATA["open_joints"])
_PAST = words(_DATA["past"])
_NEVER_FIRST = words(_DATA["never_first"])
_STATES = words(_DATA["states"])
_NO_PAST = words(_DATA["no_past"])
_JOINS_NAMES = "and"  # "black and white cat", "salt and pepper"


def names_a_thing(phrase: str) -> bool:
    """Whether the phrase can be the name of a thing, as far as its words tell."""
    words = phrase.split()
    first = words[0]
    hangs = words[-1] in MEASURES or (words[-1] in JOINTS and not SWITCHES & set(words[-2:-1]))
    ranked = TIMES.ordinal(first) > 1 or first in _NEVER_FIRST or first in _PAST
    if ranked or _happened(words[-1]) or (len(words) > 1 and hangs):
        return False  # "the second bell", "the team scored", "the lorry by"
    if first in MEASURES and (len(words) == 1 or words[1] in ("of", "i", "you", "that")):
        return False
    if first in _OPEN and words[1:2] and words[1] in _PREPOSITIONS:
        words = words[1:]
    if any(_pair_is_no_name(one, other) for one, other in pairwise(words)):
        return False
    last = len(words) - 1
    return not any(
        _is_no_name(w, len(words)) and not (w == _JOINS_NAMES and 0 < i < last)
        for i, w in enumerate(words)
    )


def _happened(word: str) -> bool:
    """Whether the last word of a phrase is a verb of the past, or tells a state."""
    regular = len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    return word in _PAST or word in _STATES or (regular and word not in _NO_PAST)


def _pair_is_no_name(one: str, other: str) -> bool:
    happened = singular(one) != one and other.endswith(("ed", "en", "like"))  # "gunshots fired"
    joined = one == _JOINS_NAMES and other in JOINTS  # "and in which minutes"
    joined = joined or (one in ("first", "last") and other == "thing")  # "a cup the first thing"
    return happened or joined or (one in ("in", "on", "at") and other.isdigit())  # "in 2019"


def _is_no_name(word: str, of: int) -> bool:
    unit = word in UNITS and len(word) > 1 and word not in ("second", "minute", "hour")
    return word in STRAY or unit or (word[0].isdigit() and (":" in word or of == 1))
