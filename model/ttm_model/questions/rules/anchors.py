"""Splits "... before the cup" into the question and what it hangs on. It names no things itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ttm_model.questions.data import kinds, load, phrases, words
from ttm_model.questions.rules.lexicon import (
    AUX,
    CONNECTING_PHRASES,
    CONNECTING_VERBS,
    CONNECTIVES,
    LANGUAGE,
    UNITS,
    WH,
)
from ttm_model.questions.rules.times import TIMES

_WORDS = load(LANGUAGE, "times")["words"]
_TIGHT = words(_WORDS["tight"])
_VAGUE = words(_WORDS["vague"])
_ASKS = words(_WORDS["asks"])
_THERE = words(_WORDS["there"])
_LEADS = sorted(phrases(_WORDS["leads"]), key=len, reverse=True)
_LONGEST = max(len(phrase) for phrase in CONNECTING_PHRASES)
# Kinds that set two events around something, and kinds that leave things out: their own words.
_AROUND, _WITHOUT = (
    {
        tuple(line.split()): kind
        for kind, asked in kinds(LANGUAGE).items()
        if asked["shape"] == shape
        for line in asked["joined_by"]
    }
    for shape in ("between", "excluding")
)

_SIGNS: dict[str, int] = {
    kind: asked["sign"] for kind, asked in kinds(LANGUAGE).items() if "sign" in asked
}


@dataclass(frozen=True, slots=True)
class Anchored:
    """The main words and, where the question hangs on other things, its kind and their words.

    `offset_s`: an exact distance from the anchor, where one was named: "ten seconds after ...".
    """

    main: list[str]
    relation: str | None = None
    anchors: tuple[tuple[str, ...], ...] = ()
    offset_s: float | None = None


def split_anchor(words: list[str]) -> Anchored:
    """Find what a question hangs on, at its front or its end."""
    rules = (_without, _between, _after_and_before, _at_front)
    return next((split for rule in rules if (split := rule(words))), None) or _at_end(words)


def _found(words: list[str], table: dict[tuple[str, ...], str]) -> Iterator[tuple[int, int, str]]:
    for i in range(len(words)):
        for phrase, kind in table.items():
            if tuple(words[i : i + len(phrase)]) == phrase:
                yield i, i + len(phrase), kind


def _without(words: list[str]) -> Anchored | None:
    """Read "what did you see other than the cup and the dog", "apart from the cup, what ...".

    "What else" before it says the same once more.
    """
    for i, end, kind in _found(words, _WITHOUT):
        stop = _front_end(words, end) if i <= 1 else None
        named = words[end:stop]
        main = words[:i] if stop is None else words[stop + (words[stop] == ",") :]
        if named and main:
            left_out = tuple(tuple(part) for part in _listed(named))
            return Anchored([w for w in main if w != ","], kind, left_out)
    return None


def _listed(words: list[str]) -> list[list[str]]:
    parts = re.split(r" ?(?:\band\b|\bor\b|,) ?", " ".join(words))
    return [part.split() for part in parts if part]


def _between(words: list[str]) -> Anchored | None:
    """Read "... between the cup and the bell", at the front or the end."""
    for i, end, kind in _found(words, _AROUND):
        if "and" not in words[end + 1 : -1]:
            continue
        middle = words.index("and", end + 1)
        stop = _front_end(words, middle) if i == 0 else None
        one, other = words[end:middle], words[middle + 1 : stop]
        main = words[:i] if stop is None else words[stop + (words[stop] == ",") :]
        if main and other:
            anchors = (tuple(one), tuple(other))
            return Anchored([w for w in main if w != ","], kind, anchors)
    return None


def _after_and_before(words: list[str]) -> Anchored | None:
    """Read "after the car but before the bus", "once ... and before ..., what ..."."""
    joints = [(i, *found) for i in range(len(words)) if (found := _connective(words, i))]
    for (i, kind, end), (j, other, close) in pairwise(joints):
        signs = (_SIGNS.get(kind), _SIGNS.get(other))
        if signs not in ((1, -1), (-1, 1)) or words[j - 1] not in ("and", "but", ","):
            continue
        stop = _front_end(words, close) if i == 0 else None
        one, two = words[end : j - 1], words[close:stop]
        main = words[:i] if stop is None else words[stop + (words[stop] == ",") :]
        if one and two and main:
            anchors = (tuple(one), tuple(two)) if signs[0] == 1 else (tuple(two), tuple(one))
            return Anchored([w for w in main if w != ","], next(iter(_AROUND.values())), anchors)
    return None


def _connective(words: list[str], i: int) -> tuple[str, int] | None:
    for n in range(_LONGEST, 0, -1):
        key = tuple(words[i : i + n])
        if len(key) == n and key in CONNECTING_PHRASES:
            return CONNECTING_PHRASES[key], i + n
    w = words[i]
    if w in CONNECTIVES and not _other_use(words, i):
        return CONNECTIVES[w], i + 1
    if w in CONNECTING_VERBS and 0 < i <= 5 and words[0] in ("what", "which"):
        return CONNECTING_VERBS[w], i + 1
    return None


def _other_use(words: list[str], i: int) -> bool:
    w = words[i]
    if w == "as":
        return bool(words[i + 1 :]) and words[i + 1] not in ("the", "a", "you", "i", "an")
    if w == "following":
        return bool(i) and words[i - 1] in ("was", "were", "is", "are")
    return w == "afterwards"


def _front_end(words: list[str], start: int) -> int | None:
    """Where an anchor at the front stops: its comma, or the question that begins after it."""
    if "," in words[start + 1 :]:
        return words.index(",", start + 1)
    for i in range(start + 1, len(words)):
        there = words[i] in ("was", "were") and words[i + 1 : i + 2] and words[i + 1] in _THERE
        if there or (words[i] in _ASKS and (i > start + 1 or words[i] in WH)):
            return i
    return None


def _lead_begins(words: list[str], i: int) -> int:
    """Where "a few seconds" ends with the unit before i begins."""
    while i > 0 and words[i - 1] in ("a", "about", "around", "some", "half", "and", "just"):
        i -= 1
    return i


def _strip_lead(words: list[str]) -> tuple[list[str], float | None]:
    """Take "right", "a few seconds", "ten seconds" off the end; an exact distance is returned."""
    while words and words[-1] in _TIGHT:
        words = words[:-1]
    if words and words[-1] in UNITS and len(words) > 1:
        i = len(words) - 2
        i -= words[i] == "of"
        start = _lead_begins(words, i)
        offset = None
        if words[i] not in _VAGUE:
            start, offset = _exact(words, start)
        return words[:start], offset
    size = next((len(lead) for lead in _LEADS if tuple(words[-len(lead) :]) == lead), 0)
    return words[: len(words) - size], None


def _exact(words: list[str], start: int) -> tuple[int, float | None]:
    """The earliest start from which the words to their end are a duration, and its seconds."""
    for i in range(max(0, start - 5), len(words)):
        found = TIMES.duration(words[i:])
        if found is not None and i + found.size == len(words):
            return i, found.seconds
    return start, None


def _lead(words: list[str]) -> tuple[int, float | None]:
    """Words before a connective at the front: "right", "ten seconds", "about a minute"."""
    i = 0
    while i < len(words) - 1 and words[i] in _TIGHT:
        i += 1
    found = TIMES.duration(words[i:])
    if found is not None and not found.vague and _connective_at(words, i + found.size):
        return i + found.size, found.seconds
    return i, None


def _connective_at(words: list[str], i: int) -> bool:
    return i < len(words) and _connective(words, i) is not None


def _at_front(words: list[str]) -> Anchored | None:
    lead, offset = _lead(words)
    first = _connective(words, lead) if words else None
    end = None if first is None else _front_end(words, first[1])
    if first is None or end is None:
        return None
    main = words[end + 1 :] if words[end] == "," else words[end:]
    if not main or (words[0] == "when" and words[1] in AUX):
        return None
    return Anchored(main, first[0], (tuple(words[first[1] : end]),), offset)


def _at_end(words: list[str]) -> Anchored:
    for i in range(1, len(words)):
        found = _connective(words, i)
        if found is None or (words[i] == "when" and words[i - 1] == ","):
            continue
        anchor = words[found[1] :]
        main, offset = _strip_lead(words[:i])
        if not anchor or not main:
            continue
        if main[-1:] in ([","], ["that"], ["which"]):
            main = main[:-1]
        return Anchored(main, found[0], (tuple(w for w in anchor if w != ","),), offset)
    return Anchored(words)
