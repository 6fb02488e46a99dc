"""Number words and durations to values. It knows amounts and units, not what they restrict."""
# ruff: noqa: PLR0911  (ordered rules read best as one list of early returns)

from dataclasses import dataclass

from ttm_model.questions.lexicon import UNITS
from ttm_model.questions.wordlist import listed

_ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_VALUE = {w: float(i) for i, w in enumerate(_ONES)} | {
    w: float(20 + 10 * i) for i, w in enumerate(_TENS)
}
_VALUE["fourty"] = 40.0
_ORDINALS = {
    w: i
    for i, w in enumerate(
        listed("first second third fourth fifth sixth seventh eighth ninth tenth"), 1
    )
}
_HEDGES = frozenset(listed("about around roughly approximately some nearly almost maybe like"))

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
    if w in ("a", "two", "one", "half") and word_at(words, i + 1) in ("dozen", "a"):
        if word_at(words, i + 1) == "dozen":
            return Amount(24.0 if w == "two" else 12.0, EXACT, i + 2)
        if w == "half" and word_at(words, i + 2) == "dozen":
            return Amount(6.0, EXACT, i + 3)
        return None
    if w in ("a", "one") and word_at(words, i + 1) == "hundred":
        return Amount(100.0, EXACT, i + 2)
    if w not in _VALUE:
        return None
    value, j = _VALUE[w], i + 1
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
    w, w1, w2 = (word_at(words, i + k) for k in range(3))
    j = i + 1 if w in ("a", "the", "just", "only") else i
    head = word_at(words, j)
    if head in ("couple", "few", "several") or (head == "good" and w == "a"):
        end = j + 1
        end += word_at(words, end) == "more"
        end += word_at(words, end) == "of"
        value, share = {"couple": (2.0, COUPLE), "few": (4.0, FEW)}.get(head, (5.0, FEW))
        return Amount(value, share, end)
    if w == "half" and w1 in ("a", "an", "the"):
        return Amount(0.5, UNIT, i + 2)
    if w == "a" and w1 == "half":
        return Amount(0.5, UNIT, i + 2 + (w2 in ("a", "an", "of")))
    if w == "half" and w1 in UNITS:
        return Amount(0.5, UNIT, i + 1)
    if (w, w1, w2) == ("quarter", "of", "a") or (w, w1, w2) == ("quarter", "of", "an"):
        return Amount(0.25, UNIT, i + 3)
    found = number(words, i)
    if found:
        return found
    return Amount(1.0, UNIT, i + 1) if w in ("a", "an") else None


def _half_more(words: list[str], j: int) -> int:
    """Index after "and a half" at j, or j."""
    return j + 3 if words[j : j + 3] == ["and", "a", "half"] else j


def _second_part(words: list[str], j: int) -> tuple[float, int]:
    """Read "[and] 30 seconds" after a first amount and unit."""
    k = j + (word_at(words, j) == "and")
    more = number(words, k)
    if more and word_at(words, more.end) in UNITS and UNITS[words[more.end]] < 60:
        return more.value * UNITS[words[more.end]], more.end + 1
    return 0.0, j


def duration(words: list[str], i: int) -> Duration | None:
    """Read a duration at i: "about a minute and a half", "20 to 30 seconds", "1 minute 30"."""
    hedged = False
    while word_at(words, i) in _HEDGES or words[i : i + 2] == ["more", "or"]:
        i, hedged = i + 1, True
    amount = _amount(words, i)
    if amount is None:
        return None
    value, j, spread = amount.value, amount.end, 0.0  # spread: in units, of "20 to 30"
    halved = _half_more(words, j)
    value, j = (value + 0.5, halved) if halved > j else (value, j)
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
    halved = _half_more(words, j)
    if halved > j:
        seconds, j = seconds + unit / 2, halved
    else:
        more, j = _second_part(words, j)
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
