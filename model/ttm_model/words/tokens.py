"""A text's words made comparable: case, marks, numbers, stems. Knows no entry and no likeness."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ttm_model.words.numbers import read_number
from ttm_model.words.stems import stems
from ttm_model.words.wordlists import word_list

_PART = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|[^\W_]+")
_NTH = re.compile(r"(\d+)(?:st|nd|rd|th)")
_APOSTROPHES = re.compile(r"['’ʼ`´]")
_OWNER = re.compile(r"['’ʼ`´]s\b")
ARTICLES = frozenset((*word_list("english", "articles"), *word_list("german", "articles")))


@dataclass(frozen=True, slots=True)
class Token:
    """One comparable word; it came of the text's words `first` to `last`, by white space."""

    text: str
    stems: frozenset[str]
    first: int
    last: int


@lru_cache(maxsize=2048)
def tokens(text: str, language: str) -> tuple[Token, ...]:
    """The tokens of a text, in order; a number is one token of digits, however it was written."""
    parts = [
        (part, index)
        for index, word in enumerate(text.split())
        for part in _PART.findall(_APOSTROPHES.sub("", _OWNER.sub("", _plain(word))))
    ]
    found, at = [], 0
    while at < len(parts):
        number = read_number([part for part, _ in parts[at : at + 8]], language)
        part, taken = number or (_digits(parts[at][0]), 1)
        found.append(Token(part, stems(part, language), parts[at][1], parts[at + taken - 1][1]))
        at += taken
    return tuple(found)


def phrase_tokens(phrase: str, language: str) -> tuple[Token, ...]:
    """Those of what is looked for: without a leading article."""
    found = tokens(phrase, language)
    return found[1:] if len(found) > 1 and found[0].text in ARTICLES else found


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _digits(part: str) -> str:
    """A number without its thousands' commas and with one way to write an ordinal."""
    if ordinal := _NTH.fullmatch(part):
        return f"{ordinal[1]}th"
    return re.sub(r"[.,](?=\d{3}(?:\D|$))", "", part) if part[0].isdigit() else part
