"""Finds where a phrase was said or written: exactly, nearly so, or by what is meant.

The three are told apart: only `exact` says that these words were said; `fuzzy` that something near
them was; `meaning` that something else was that is about it. Knows entries, no question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from ttm_model.words.entry import Entry
from ttm_model.words.matching import Span, exact, fuzzy
from ttm_model.words.meaning import meant
from ttm_model.words.tokens import phrase_tokens, tokens

How = Literal["exact", "fuzzy", "meaning"]


class Text(Protocol):
    """What is asked of a text encoder."""

    def encode(self, phrases: Sequence[str]) -> Tensor:
        """(N, 384) float32 of unit length."""
        ...

    def knows(self, word: str) -> bool:
        """Whether a word in lower case is in its dictionary."""
        ...


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a phrase was mentioned, in media-clock seconds.

    `p` is how likely these words are the ones looked for (1 where exact), or, of `meaning`, that
    the entry is about it. `said` are the entry's own words there, from `start_s` to `end_s`.
    """

    entry: Entry
    p: float
    how: How
    said: str
    start_s: float
    end_s: float


def find(entries: Sequence[Entry], phrase: str, text: Text) -> tuple[Mention, ...]:
    """Every mention of a phrase, in the order of `entries`.

    An entry that says it exactly is not searched further, nor by meaning one that nearly says it.
    """
    found: list[Mention] = []
    others: list[Entry] = []
    for entry in entries:
        wanted = phrase_tokens(phrase, entry.language)
        spoken = tokens(entry.text, entry.language)
        spans = exact(wanted, spoken)
        if spans:
            found += [_mention(entry, span, 1.0, "exact") for span in spans]
        elif nearly := fuzzy(wanted, spoken, text.knows):
            found += [_mention(entry, span, p, "fuzzy") for span, p in nearly]
        else:
            others.append(entry)
    found += [
        _mention(entry, span, p, "meaning") for entry, span, p in meant(others, phrase, text.encode)
    ]
    place = {id(entry): at for at, entry in enumerate(entries)}
    return tuple(sorted(found, key=lambda mention: (place[id(mention.entry)], mention.start_s)))


def times_said(mentions: Sequence[Mention]) -> int:
    """How many times the words themselves occur: exact mentions, joined lines by their count."""
    return sum(mention.entry.count for mention in mentions if mention.how == "exact")


def _mention(entry: Entry, span: Span, p: float, how: How) -> Mention:
    words = entry.text.split()[span.first : span.last + 1]
    start_s, end_s = entry.start_s, entry.end_s
    if entry.words:
        start_s, end_s = entry.words[span.first].start_s, entry.words[span.last].end_s
    return Mention(entry, p, how, " ".join(words), start_s, end_s)
