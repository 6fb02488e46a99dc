"""Number words and durations to values. It knows amounts and units, not what they restrict."""

from __future__ import annotations

from dataclasses import dataclass

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import LANGUAGE, UNITS

_DATA = load(LANGUAGE, "times")
_WORDS = _DATA["words"]
_VALUE = {w: float(i) for i, w in enumerate(_WORDS["ones"].split())}
_VALUE |= {w: float(20 + 10 * i) for i, w in enumerate(_WORDS["tens"].split())}
_VALUE |= {slip: _VALUE[word] for slip, word in _DATA["number_slips"].items()}
_ORDINALS = {w: i for i, w in enumerate(_WORDS["ordinals"].split(), 1)}
_HEDGES = words(_WORDS["hedges"])
_LOOSE: dict[str, float] = _DATA["loose"]
_PARTS = {tuple(said.split()): part for said, part in _DATA["parts"].items()}
_DOZENS = {tuple(said.split()): float(many) for said, many in _DATA["dozens"].items()}

EXACT, UNIT, HEDGED, COUPLE, FEW = 0.1, 0.2, 0.3, 0.4, 0.6  # tolerance as a share of the value
MIN_TOLERANCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as said: `share` tells how loosely, `end` is the index after its last word."""

    value: float
    share: float
    end: int


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds as said, the tolerance the words allow, and the index after the last word."""

    seconds: float
    tolerance_s: float
    end: int
    vague: bool = False


def word_at(words: list[str], i: int) -> str:
    """Give the word at i, or "" outside the list."""
    return words[i] if 0 <= i < len(words) else ""


def clock(word: str) -> float | None:
    """Seconds of "m:ss" or "h:mm:ss", else None."""
    parts = word.split(":")
    if len(parts) not in (2, 3) or not all(p.isdigit() for p in parts):
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds


def _is_digits(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal() and word.isascii()


def number(words: list[str], i: int) -> Amount | None:
    """Read digits or number words at i ("20", "twenty five", "two hundred", "a dozen")."""
    w = word_at(words, i)
    if _is_digits(w):
        return Amount(float(w), EXACT, i + 1)
    for dozen, value in _DOZENS.items():
        if tuple(words[i : i + len(dozen)]) == dozen:
            return Amount(value, EXACT, i + len(dozen))
    if w == "a" and word_at(words, i + 1) == "hundred":
        return Amount(100.0, EXACT, i + 2)
    return _spelled(words, i) if w in _VALUE else None


def _spelled(words: list[str], i: int) -> Amount:
    value, j = _VALUE[words[i]], i + 1
    if value >= 20 and 0 < _VALUE.get(word_at(words, j), 0) < 10:
        value, j = value + _VALUE[words[j]], j + 1
    if word_at(words, j) == "hundred":
        value, j = value * 100, j + 1
    return Amount(value, EXACT, j)


def ordinal(word: str) -> int | None:
    """Give 1 for "first" up to 10 for "tenth", else None."""
    return _ORDINALS.get(word)


def _amount(words: list[str], i: int) -> Amount | None:
    """Read an amount that a unit must follow: also "a", "half a", "a couple of", "a few"."""
    return _loose(words, i) or _part(words, i) or number(words, i) or _single(words, i)


def _loose(words: list[str], i: int) -> Amount | None:
    """Read "a couple of", "the few", "several"."""
    j = i + 1 if word_at(words, i) in ("a", "the", "just", "only") else i
    head = word_at(words, j)
    if head not in _LOOSE or (head == "good" and word_at(words, i) != "a"):
        return None
    end = j + 1
    end += word_at(words, end) == "more"
    end += word_at(words, end) == "of"
    return Amount(_LOOSE[head], COUPLE if head == "couple" else FEW, end)


def _part(words: list[str], i: int) -> Amount | None:
    """Read "half a", "a half", "quarter of an", "half" before a unit."""
    for said, part in _PARTS.items():
        if tuple(words[i : i + len(said)]) == said:
            return Amount(part, UNIT, i + len(said))
    half = word_at(words, i) == "half" and word_at(words, i + 1) in UNITS
    return Amount(0.5, UNIT, i + 1) if half else None


def _single(words: list[str], i: int) -> Amount | None:
    return Amount(1.0, UNIT, i + 1) if word_at(words, i) in ("a", "an") else None


def _part_more(words: list[str], j: int) -> tuple[float, int]:
    """Read "and a half", "and a quarter" at j: the share and the index after it, or 0 and j."""
    share = {"half": 0.5, "quarter": 0.25}.get(word_at(words, j + 2), 0.0)
    return (share, j + 3) if share and words[j : j + 2] == ["and", "a"] else (0.0, j)


def _second_part(words: list[str], j: int) -> tuple[float, int]:
    """Read "[and] 30 seconds" after a first amount and unit."""
    k = j + (word_at(words, j) == "and")
    more = number(words, k)
    if more and word_at(words, more.end) in UNITS and UNITS[words[more.end]] < 60:
        return more.value * UNITS[words[more.end]], more.end + 1
    return 0.0, j


def duration(words: list[str], i: int) -> Duration | None:
    """Read a duration at i: "about a minute and a half", "20 to 30 seconds", "1 minute 30"."""
    start = i
    while word_at(words, i) in _HEDGES or words[i : i + 2] == ["more", "or"]:
        i += 1
    hedged = i > start
    amount = _amount(words, i)
    if amount is None:
        return None
    value, j, spread = amount.value, amount.end, 0.0  # spread: in units, of "20 to 30"
    share, j = _part_more(words, j)
    value += share
    if word_at(words, j) in ("to", "or") and (upper := number(words, j + 1)):
        spread = abs(upper.value - value) / 2
        value, j = (value + upper.value) / 2, upper.end
    if word_at(words, j) in ("odd", "more", "full", "whole", "short"):
        j += 1
    unit = UNITS.get(word_at(words, j))
    if unit is None:
        return None
    j += 1
    seconds, spread_s = value * unit, spread * unit
    share, after = _part_more(words, j)
    more, j = (share * unit, after) if share else _second_part(words, j)
    seconds += more
    tail = words[j : j + 2]
    if tail in (["or", "so"], ["or", "thereabouts"], ["give", "or"]):
        hedged, j = True, j + 2
    elif tail == ["or", "two"]:
        seconds, spread_s, hedged, j = seconds * 1.5, unit / 2, True, j + 2
    share = max(amount.share, UNIT if unit >= 60 else EXACT)
    share += HEDGED - EXACT if hedged else 0.0
    tolerance = max(MIN_TOLERANCE_S, share * seconds, spread_s)
    return Duration(seconds, round(tolerance, 3), j, amount.share == FEW)
