"""Hears in an utterance that somebody names what they show: "this is my cup". Knows words alone.

What is named is bound to what was seen or heard at that moment, so only sayings that are surely
meant so count; questions, denials, reports, persons and what cannot be shown are left alone.
English and German; the sayings and the words are in `data/voice.toml`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ttm_model.taught.names import MAX_NAME_BYTES

MAX_WORDS = 4  # of a name, besides "my" or "our"
_SENTENCE = re.compile(r"[^.!?…;]+[.!?…;]*")
_NAME_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class _Sayings:
    """One language's section of the data."""

    fillers: frozenset[str]
    owned: tuple[re.Pattern[str], ...]
    told: tuple[re.Pattern[str], ...]
    called: tuple[re.Pattern[str], ...]
    articles: frozenset[str]
    owners: frozenset[str]
    after: frozenset[str]
    not_within: frozenset[str]
    taken_back: frozenset[str]
    no_things: frozenset[str]


def named(text: str) -> str | None:
    """The name that an utterance gives to what is shown, "my cup"; None where that is not sure.

    Of several sentences the first that names something counts.
    """
    plain = unicodedata.normalize("NFC", text).translate({ord("’"): "'", ord("ʼ"): "'"})
    for sentence in _SENTENCE.findall(plain):
        if "?" in sentence:
            continue
        for sayings in _languages():
            name = _named_by(sentence.strip(" .!…;"), sayings)
            if name is not None:
                return name
    return None


def _named_by(sentence: str, sayings: _Sayings) -> str | None:
    words = sentence.replace(",", " , ").split()
    while words and (words[0] == "," or _starts_with_filler(words, sayings)):
        words = words[1:]
    clause, _, rest = " ".join(words).partition(" ,")
    if any(word.casefold() in sayings.taken_back for word in rest.split()[:2]):
        return None
    for pattern in (*sayings.owned, *sayings.told, *sayings.called):
        match = pattern.fullmatch(_small(clause))
        if match:
            named_so = clause[match.start("name") : match.end("name")]
            return _name(named_so.split(), pattern, sayings)
    return None


def _starts_with_filler(words: list[str], sayings: _Sayings) -> bool:
    """Whether a first word only opens the sentence; "remember this as" is no opening."""
    if words[0].casefold() not in sayings.fillers:
        return False
    lesson = any(pattern.fullmatch(_small(" ".join(words))) for pattern in sayings.told)
    return not lesson


def _name(words: list[str], pattern: re.Pattern[str], sayings: _Sayings) -> str | None:
    """What was said as a name, without an article and what trails it; None where it is none."""
    article = bool(words) and words[0].casefold() in sayings.articles
    words = words[1:] if article else words
    while words and words[-1].casefold() in sayings.after:
        words = words[:-1]
    owned = bool(words) and (words[0].casefold() in sayings.owners or words[0].endswith("'s"))
    own = words[1:] if owned else words
    small = [word.casefold() for word in own]
    fits = (
        1 <= len(own) <= MAX_WORDS
        and all(_NAME_WORD.fullmatch(word) for word in words)
        and not any(_is_in(word, sayings.not_within) for word in small)
        and len(" ".join(words).encode()) <= MAX_NAME_BYTES
    )
    if not fits or not _is_sure(words, own, owned, article, pattern, sayings):
        return None
    return " ".join(
        [words[0].casefold() if _is_in(words[0], sayings.owners) else words[0], *words[1:]]
    )


def _is_sure(
    words: list[str],
    own: list[str],
    owned: bool,
    article: bool,
    pattern: re.Pattern[str],
    sayings: _Sayings,
) -> bool:
    """Whether this saying of this name is meant to name something that can be seen or heard."""
    if pattern in sayings.told:
        return True
    if any(
        _is_in(word, sayings.no_things) and (after is None or after[0].isupper())
        for word, after in zip(own, [*own[1:], None], strict=True)
    ):
        return False  # the last word says what it is, or the one before a name: "friend Anna"
    if pattern in sayings.owned:
        return _is_in(words[0], sayings.owners) or words[0][0].isupper()  # "Anna's", not "today's"
    return owned or article or all(word[0].isupper() for word in own)


def _is_in(word: str, words: frozenset[str]) -> bool:
    return word.casefold() in words


def _small(text: str) -> str:
    """In small letters, each in its place."""
    return "".join(low if len(low := mark.lower()) == 1 else mark for mark in text)


@lru_cache(maxsize=1)
def _languages() -> tuple[_Sayings, ...]:
    text = files(__package__).joinpath("data", "voice.toml").read_text(encoding="utf-8")
    return tuple(_sayings(section) for section in tomllib.loads(text).values())


def _sayings(section: dict[str, Any]) -> _Sayings:
    read: dict[str, Any] = {
        name: frozenset(value.split())
        if isinstance(value, str)
        else tuple(re.compile(pattern) for pattern in value)
        for name, value in section.items()
    }
    return _Sayings(**read)
