"""The opening words that tell a question's kind, and words of order. Looked up in data.

Which kind an opening asks for is what the kinds' own files say; no kind is named here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttm_model.questions.data import any_of, expanded, kinds, load, words
from ttm_model.questions.question import Order
from ttm_model.questions.rules.lexicon import AUX, GENERIC, LANGUAGE, PERCEPTION, PRONOUNS, UNITS
from ttm_model.questions.rules.times import TIMES

_DATA = load(LANGUAGE, "openings")
_MACROS = _DATA["macros"] | {"unit": any_of(u for u in UNITS if len(u) > 1)}
_OPENINGS: dict[tuple[str, ...], str] = {
    tuple(line.split()): kind
    for kind, asked in kinds(LANGUAGE).items()
    for line in asked.get("openings", ())
}
_LONGEST = max(len(opening) for opening in _OPENINGS)
# In the order of the grammar: of equally long openings the first counts.
_RULES = tuple(
    (kind, re.compile(rf"(?:{expanded(rule, _MACROS)})(?= |$)"))
    for kind, asked in sorted(kinds(LANGUAGE).items(), key=lambda item: item[1].get("rank", 0))
    for rule in asked.get("opening_rules", ())
)
_ORDERS: dict[tuple[str, ...], Order] = {
    tuple(shape.format(word).split()): order
    for order in ("first", "last")
    for word in _DATA["orders"][order]
    for shape in _DATA["orders"]["shapes"]
}
_ORDER_LONGEST = max(len(shape) for shape in _ORDERS)
_FROM_END: dict[str, int] = _DATA["from_end"]
_HAPPENING = words(_DATA["happening"])
_PREPOSITIONS = words(_DATA["clause_prepositions"])
_LOOSE = words(_DATA["loose"])
_COUNTED = words(_DATA["counted"]) | GENERIC.keys()


def opener(words: list[str]) -> tuple[str, int] | None:
    """The kind that the first words open, and their number."""
    lengths = range(min(_LONGEST, len(words)), 0, -1)
    n = next((n for n in lengths if tuple(words[:n]) in _OPENINGS), 0)
    known = (_OPENINGS[tuple(words[:n])], n) if n else None
    spoken = _by_rule(words)
    return known if known and (not spoken or known[1] >= spoken[1]) else spoken


def _by_rule(words: list[str]) -> tuple[str, int] | None:
    text = " ".join(words[:20])
    best: tuple[str, int] | None = None
    for kind, rule in _RULES:
        found = rule.match(text)
        if found:
            n = len(found.group().split())
            if best is None or n > best[1]:
                best = (kind, n)
    return best


def take_order(words: list[str]) -> tuple[list[str], Order | None, bool]:
    """Take words of order out; the flag tells whether they named a time ("the last time")."""
    for i in range(len(words)):
        for n in range(min(_ORDER_LONGEST, len(words) - i), 0, -1):
            key = tuple(words[i : i + n])
            if key in _ORDERS:
                timed = key[-1] == "time"
                return [*words[:i], *_after_order(words[i + n :], timed)], _ORDERS[key], timed
    return words, None, False


def _after_order(rest: list[str], timed: bool) -> list[str]:
    return rest[1:] if timed and rest[:1] in (["that"], ["when"]) else rest


def take_number(words: list[str]) -> tuple[list[str], int | None, bool]:
    """Take "the third", "second to last", "last but one" out: its number, from the end negative.

    The flag tells whether it numbered a time ("the third time").
    """
    text = f" {' '.join(words)} "
    for phrase, place in _FROM_END.items():
        at = text.find(f" {phrase} ")
        if at >= 0:
            start = len(text[:at].split())
            return _numbered(words, start, start + len(phrase.split()), place)
    for i, word in enumerate(words):
        numbering = word == "number" and words[i - 1] in GENERIC  # "thing number four"
        if numbering and (told := TIMES.number(words[i + 1 :])):
            value, size = told
            return [*words[:i], *words[i + 1 + size :]], int(value), False
        rank = TIMES.ordinal(word)
        if rank > 1 and _numbers(words, i):
            return _numbered(words, i, i + 1, rank)
    return words, None, False


def _numbers(words: list[str], i: int) -> bool:
    """Whether the ordinal at i numbers a thing: not "at which second", "the second minute"."""
    before, following = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
    if before in ("what", "which") or following in UNITS:
        return False
    return before in ("the", "very", "a", "my", "your") or following in _COUNTED or not following


def _numbered(words: list[str], start: int, end: int, number: int) -> tuple[list[str], int, bool]:
    while start and words[start - 1] in ("the", "very"):
        start -= 1
    while words[start - 1 : start] in (["for"], ["on"]) and start:
        start -= 1
    timed = words[end : end + 1] in (["time"], ["occasion"], ["occurrence"], ["instance"])
    return [*words[:start], *_after_order(words[end + timed :], timed)], number, timed


@dataclass(frozen=True, slots=True)
class Open:
    """A what-question without its head: the category words ("animal") and the clause after."""

    category: list[str]
    rest: list[str]


def open_question(words: list[str]) -> Open:
    """Split "what animal did you see" after its "what" into category and clause."""
    stops = AUX | PRONOUNS | _HAPPENING | _PREPOSITIONS
    i = next((i for i, w in enumerate(words) if w in stops or (w,) in PERCEPTION), len(words))
    return Open([w for w in words[:i] if w not in _LOOSE], words[i:])


def generic(words: list[str]) -> bool:
    """Whether all words are words for anything at all ("thing", "sounds")."""
    return all(w in GENERIC or w in UNITS for w in words)
