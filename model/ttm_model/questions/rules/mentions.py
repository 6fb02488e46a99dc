"""Finds the things that words mention, where no question was made of them. It knows no kinds."""

from __future__ import annotations

from collections.abc import Iterator

from ttm_model.questions.question import Noun
from ttm_model.questions.rules.guard import names_a_thing
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    ADVERBS,
    AUX,
    CONNECTIVES,
    DETERMINERS,
    GENERIC,
    JOINTS,
    PERCEIVE_WORDS,
    PRONOUNS,
    STRAY,
    WH,
)
from ttm_model.questions.rules.nouns import singular

MOST = 3
_ENDS = (
    AUX | PRONOUNS | JOINTS | WH | ADVERBS | DETERMINERS | STRAY | PERCEIVE_WORDS
) | CONNECTIVES.keys()
_LONGEST = 3


def mentioned(words: list[str]) -> tuple[Noun, ...]:
    """What stands after "a", "the", "my" …, each once; the memory decides whether it knows it."""
    found = dict.fromkeys(_named(words))
    return tuple(Noun(phrase) for phrase in found if names_a_thing(phrase))[:MOST]


def _named(words: list[str]) -> Iterator[str]:
    for i, word in enumerate(words):
        if word not in DETERMINERS:
            continue
        run = []
        for after in words[i + 1 : i + 1 + _LONGEST]:
            if after in _ENDS:
                break
            if after not in ADJECTIVES:
                run.append(after)
        if run and not all(w in GENERIC for w in run):
            run[-1] = singular(run[-1])
            yield " ".join(run)
