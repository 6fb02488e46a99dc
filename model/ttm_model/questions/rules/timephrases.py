"""Fixed phrases of time: "at the start", "just now", "so far", "yesterday". A table, a look-up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import CONNECTIVES, LANGUAGE
from ttm_model.questions.window import LATELY, NOW, START, Window

_DATA = load(LANGUAGE, "times")
_AMOUNTS = words(_DATA["words"]["amounts"])
_BEFORE_AMOUNTS = words(_DATA["words"]["before_amounts"])
_JUST_AFTER = words(_DATA["words"]["just_after"])
_JUST_BEFORE = words(_DATA["words"]["just_before"])


def _joined(*parts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Every combination of the parts, as words."""
    for chosen in product(*parts):
        yield tuple(" ".join(chosen).split())


def _build(data: dict[str, Any]) -> dict[tuple[str, ...], Window | None]:
    table: dict[tuple[str, ...], Window | None] = {}
    edges, began, whole, fixed = (data[k] for k in ("edges", "began", "whole", "fixed"))
    starts, ends = edges["start"].split(), edges["end"].split()
    for nouns, edge in ((starts, START), (ends, NOW)):
        shapes = _joined(edges["at"], ("the", "the very"), nouns, edges["of"])
        table |= dict.fromkeys(shapes, edge)
    table |= dict.fromkeys(_joined(edges["since"].split(), ("the",), starts, edges["of"]))
    table |= dict.fromkeys(_joined(("right after the",), starts, edges["of"]), START)
    table |= dict.fromkeys(_joined(edges["before"], ("the",), ends, edges["of"]), NOW)
    table |= dict.fromkeys(_joined(edges["until"], ("the",), ends, edges["of"]))
    shapes = _joined(began["when"], began["who"], ("", "first"), began["verb"])
    table |= dict.fromkeys(shapes, START)
    for name, window in (("start", START), ("now", NOW), ("lately", LATELY), ("nothing", None)):
        table |= dict.fromkeys((tuple(line.split()) for line in fixed[name]), window)
    shapes = _joined(whole["preposition"].split(), whole["the"], whole["noun"].split())
    table |= dict.fromkeys(shapes)
    return table


FILLERS = _build(_DATA)
_LENGTHS = sorted({len(p) for p in FILLERS}, reverse=True)
CALENDAR = frozenset(tuple(line.split()) for line in _DATA["calendar"]["phrases"]) | {
    (before, day) for before in ("on", "last") for day in _DATA["calendar"]["days"].split()
}


def named_phrase(words: list[str], i: int) -> tuple[Window | None, int] | None:
    """Look up a fixed phrase at i: its window (None: it restricts nothing) and its end."""
    if words[i] == "before" and i == len(words) - 1 and i > 2:
        return None, i + 1  # "have you seen a dog before?"
    if _just(words, i):
        return NOW, i + 1
    if _belongs_elsewhere(words, i):
        return None
    for length in _LENGTHS:
        phrase = tuple(words[i : i + length])
        following = words[i + length : i + length + 1]
        if len(phrase) < length or phrase not in FILLERS or following == ["of"]:
            continue  # "at the end of the song" is not the end of the media
        if following and phrase[-1] in _BEFORE_AMOUNTS and _amount_word(following[0]):
            continue  # "in the opening 20 seconds"
        return FILLERS[phrase], i + length
    return None


def _just(words: list[str], i: int) -> bool:
    """Whether a "just" at i means just now: "did you just see"."""
    if words[i] != "just" or not 0 < i < len(words) - 1 or words[i - 1] not in _JUST_AFTER:
        return False
    return words[i + 1] not in CONNECTIVES and words[i + 1] not in _JUST_BEFORE


def _belongs_elsewhere(words: list[str], i: int) -> bool:
    """Whether the words at i are part of a question word, an order or a longer time."""
    if "how" in words[max(0, i - 2) : i]:
        return True  # "how long ago" asks, it does not restrict
    if words[i - 1 : i] == ["most"] and i:
        return True  # "most recently" is an order
    if words[i] == "from" and {"to", "until", "till"} & set(words[i + 3 : i + 5]):
        return True  # "from the start until 0:40"
    return words[i : i + 3] == ["in", "the", "past"] and i + 3 < len(words)


def _amount_word(word: str) -> bool:
    return word[0].isdigit() or word in _AMOUNTS
