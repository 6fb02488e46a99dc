"""Number words as digits, English and German: "forty two" is 42. Knows no sentence around them.

Whole numbers below a million, years said in pairs ("nineteen eighty four"), ordinals ("42th").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ttm_model.words.wordlists import word_list

_TENS = word_list("english", "tens")
_SMALL = {word: value for value, word in enumerate(word_list("english", "units"))}
_TEN = {word: 10 * value for value, word in enumerate(_TENS, 2)}
_NTH = {word: value for value, word in enumerate(word_list("english", "nths"), 1)}
_TENTH = {word[:-1] + "ieth": value for word, value in _TEN.items()}


class _Read(NamedTuple):
    value: int
    until: int  # index of the first word that does not belong to it
    ordinal: bool = False


def read_number(words: Sequence[str], language: str) -> tuple[str, int] | None:
    """The number with which these words (lower case) begin, and how many of them it takes."""
    if language == "de":
        value = _GERMAN.get(words[0]) if words else None
        return None if value is None else (str(value), 1)
    found = _english(words)
    if found is None:
        return None
    return f"{found.value}th" if found.ordinal else str(found.value), found.until


def _english(words: Sequence[str]) -> _Read | None:
    found = _hundreds(words, 0)
    if found is None or found.ordinal:
        return found
    value, at, _ = found
    if _is(words, at, "thousand"):
        low = _hundreds(words, _past_and(words, at + 1))
        return _Read(1000 * value + low.value, *low[1:]) if low else _Read(1000 * value, at + 1)
    pair = _below_hundred(words, at)
    if pair and not pair.ordinal and 10 <= value <= 99 and pair.value >= 10:
        return _Read(100 * value + pair.value, pair.until)
    return found


def _hundreds(words: Sequence[str], at: int) -> _Read | None:
    """A number below a thousand; "hundred" alone is one hundred."""
    found = _below_hundred(words, at)
    if found and found.ordinal:
        return found
    value, at = (found.value, found.until) if found else (1, at)
    if not _is(words, at, "hundred"):
        return found
    low = _below_hundred(words, _past_and(words, at + 1))
    return _Read(100 * value + low.value, *low[1:]) if low else _Read(100 * value, at + 1)


def _below_hundred(words: Sequence[str], at: int) -> _Read | None:
    word = words[at] if at < len(words) else ""
    if word in _TEN:
        after = words[at + 1] if at + 1 < len(words) else ""
        if 1 <= _SMALL.get(after, 0) <= 9:
            return _Read(_TEN[word] + _SMALL[after], at + 2)
        if 1 <= _NTH.get(after, 0) <= 9:
            return _Read(_TEN[word] + _NTH[after], at + 2, True)
        return _Read(_TEN[word], at + 1)
    if word in _SMALL:
        return _Read(_SMALL[word], at + 1)
    value = _NTH.get(word) or _TENTH.get(word)
    return None if value is None else _Read(value, at + 1, True)


def _is(words: Sequence[str], at: int, word: str) -> bool:
    return at < len(words) and words[at] == word


def _past_and(words: Sequence[str], at: int) -> int:
    return at + 1 if _is(words, at, "and") else at


def _german() -> dict[str, int]:
    """Every German number word from 0 to 999, and whole thousands up to 99,000."""
    units = word_list("german", "units")
    short = ["", "ein", *units[2:10]]
    small = {word: value for value, word in enumerate(units)}
    for tens, ten in enumerate(word_list("german", "tens"), 2):
        for unit in range(10):
            small[f"{short[unit]}und{ten}" if unit else ten] = 10 * tens + unit
    every = dict(small)
    for hundreds in range(1, 10):
        for head in {short[hundreds], "" if hundreds == 1 else short[hundreds]}:
            every |= {f"{head}hundert{word}": 100 * hundreds + n for word, n in small.items() if n}
            every[f"{head}hundert"] = 100 * hundreds
    every |= {f"{word}tausend": 1000 * n for word, n in small.items() if n > 1}
    return every | {"tausend": 1000, "eintausend": 1000}


_GERMAN = _german()
