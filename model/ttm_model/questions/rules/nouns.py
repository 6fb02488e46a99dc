"""Singular and plural forms of English nouns, by rule and a list of exceptions."""

from __future__ import annotations

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import LANGUAGE

_DATA = load(LANGUAGE, "words")["singular"]
_IRREGULAR: dict[str, str] = _DATA["irregular"]
_PLURAL = {one: many for many, one in reversed(_IRREGULAR.items())}
_SAME = words(_DATA["same"])
# The first ending that fits, and how many letters of the plural go.
_KEEPS = ("ss", "us", "is")
_ES = ("ches", "shes", "sses", "xes", "zes", "oes")


def singular(noun: str) -> str:
    """Give the singular of a noun; unknown shapes and short words are left alone."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun in _SAME or len(noun) < 4 or not noun.endswith("s") or noun.endswith(_KEEPS):
        return noun
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    single_z = noun.endswith("zes") and not noun.endswith(("zzes", "tzes"))
    return noun[:-2] if noun.endswith(_ES) and not single_z else noun[:-1]


def plural(noun: str) -> str:
    """Give a plausible plural, for generated questions and answers."""
    if noun in _PLURAL or noun in _SAME:
        return _PLURAL.get(noun, noun)
    if noun.endswith(("s", "ch", "x", "z", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"
