"""Recognises questions that the memory cannot answer, and names the reason. It parses nothing else.

The rules are the language's, in its `refusals.toml`; what they call classes of words is told here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttm_model.questions.data import any_of, expanded, load
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    ADVERBS,
    AUX,
    DETERMINERS,
    GENERIC,
    JOINTS,
    LANGUAGE,
    PEOPLE,
    PERCEPTION,
    PRONOUNS,
    SCALES,
    UNITS,
)
from ttm_model.questions.rules.nouns import plural
from ttm_model.questions.rules.openings import opener
from ttm_model.questions.rules.soundwords import SOUND_NOUNS, SOUND_VERBS

_DATA = load(LANGUAGE, "refusals")
# Sounds are counted by how often they came; things that are seen, not at all.
_COUNTED = (SOUND_NOUNS | SOUND_VERBS.keys() | {"ring", "sound"}) - {"drum", "drums"}
_CLASSES = {
    "adjective": ADJECTIVES,
    "adverb": ADVERBS,
    "auxiliary": AUX,
    "countable": _COUNTED | {plural(noun) for noun in _COUNTED},
    "determiner": DETERMINERS,
    "joint": JOINTS,
    "people": PEOPLE,
    "perceiving": {verb[0] for verb in PERCEPTION if len(verb) == 1},
    "pronoun": PRONOUNS,
    "scale": SCALES,
    "things": GENERIC,
    "unit": UNITS,
}
_MACROS = _DATA["macros"] | {name: any_of(words) for name, words in _CLASSES.items()}


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    reason: str
    find: re.Pattern[str]
    unless: re.Pattern[str]
    when: frozenset[str]

    def holds(self, text: str, known: frozenset[str]) -> bool:
        met = self.when <= known and self.find.search(text) is not None
        return met and self.unless.search(text) is None


_RULES = tuple(
    _Rule(
        rule.get("name", ""),
        rule["reason"],
        re.compile(expanded(rule["find"], _MACROS)),
        re.compile(expanded(rule.get("unless", "(?!)"), _MACROS)),
        frozenset(rule.get("when", ())),
    )
    for rule in _DATA["rules"]
)
_DOING = next(rule for rule in _RULES if rule.name == "doing")


def why_not(words: list[str], *, alert: bool = False, linked: bool = False) -> str | None:
    """The reason why these words (wrappers and time words removed) cannot be answered, or None.

    `alert`: they were framed as "tell me when"; `linked`: with an "if" or a "whether".
    """
    if not words:
        return "NOT_A_QUESTION"
    known = {"linked" if linked else "unlinked"}
    known |= {"alert"} if alert else set()
    known |= {"unopened"} if opener(words) is None else set()
    text = " ".join(words)
    return next((rule.reason for rule in _RULES if rule.holds(text, frozenset(known))), None)


def doing(words: list[str]) -> str | None:
    """Tell that it asks what someone did, wore or ate: "what was he wearing"."""
    return _DOING.reason if _DOING.holds(" ".join(words), frozenset()) else None
