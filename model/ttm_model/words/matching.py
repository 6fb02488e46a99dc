"""Where a phrase's tokens stand in a text's tokens: exactly, or nearly so. Knows no entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ttm_model.words.near import near
from ttm_model.words.tokens import ARTICLES, Token

GLUED = 6  # letters from which "key board" and "keyboard" are one
APART_P = 0.7  # all words of the phrase were said, but not one after the other


class Span(NamedTuple):
    """The words of a text, by white space, from `first` to `last`."""

    first: int
    last: int


def exact(wanted: Sequence[Token], spoken: Sequence[Token]) -> list[Span]:
    """Every place with just these words, whatever their endings or how they are put together."""
    if not wanted:
        return []
    glued = "".join(token.text for token in wanted)
    found, at = [], 0
    while at < len(spoken):
        taken = _words_at(wanted, spoken, at) or _glued_at(glued, len(wanted), spoken, at)
        if taken:
            found.append(Span(spoken[at].first, spoken[at + taken - 1].last))
        at += taken or 1
    return found


def fuzzy(
    wanted: Sequence[Token], spoken: Sequence[Token], knows: Callable[[str], bool]
) -> list[tuple[Span, float]]:
    """Places with words that may be these misheard, and how likely; else all of them, scattered."""
    if not wanted:
        return []
    found: list[tuple[Span, float]] = []
    glued = "".join(token.text for token in wanted)
    at = 0
    while at < len(spoken):
        taken, p = max(
            (_near_at(wanted, spoken, at, knows), _near_glued_at(glued, spoken, at, knows)),
            key=lambda match: match[1],
        )
        if p:
            found.append((Span(spoken[at].first, spoken[at + taken - 1].last), p))
        at += taken if p else 1
    return found or _scattered(wanted, spoken)


def _words_at(wanted: Sequence[Token], spoken: Sequence[Token], at: int) -> int:
    window = spoken[at : at + len(wanted)]
    meets = len(window) == len(wanted) and all(
        a.stems & b.stems for a, b in zip(wanted, window, strict=True)
    )
    return len(wanted) if meets else 0


def _glued_at(glued: str, count: int, spoken: Sequence[Token], at: int) -> int:
    if len(glued) < GLUED:
        return 0
    for size in {count - 1, count + 1, count + 2} - {0}:
        window = spoken[at : at + size]
        if len(window) == size and "".join(token.text for token in window) == glued:
            return size
    return 0


def _near_at(
    wanted: Sequence[Token], spoken: Sequence[Token], at: int, knows: Callable[[str], bool]
) -> tuple[int, float]:
    """Word by word: each the same or near; the least alike says how alike the phrase is."""
    window = spoken[at : at + len(wanted)]
    if len(window) < len(wanted):
        return 0, 0.0
    alike = [
        near(want.text, heard.text, knows)
        for want, heard in zip(wanted, window, strict=True)
        if not want.stems & heard.stems
    ]
    least = min(alike, default=0.0)
    return (len(wanted), least) if least else (0, 0.0)


def _near_glued_at(
    glued: str, spoken: Sequence[Token], at: int, knows: Callable[[str], bool]
) -> tuple[int, float]:
    """One long word heard as two: "photos synthesis"."""
    window = spoken[at : at + 2]
    heard = "".join(token.text for token in window)
    if len(window) < 2 or min(len(glued), len(heard)) < 2 * GLUED - 2:
        return 0, 0.0
    return 2, near(glued, heard, knows)


def _scattered(wanted: Sequence[Token], spoken: Sequence[Token]) -> list[tuple[Span, float]]:
    """The whole of a text that has every word of a longer phrase, in any order."""
    words = [token for token in wanted if token.text not in ARTICLES]
    if len(words) < 2:
        return []
    places = []
    for word in words:
        at = [token for token in spoken if token.stems & word.stems]
        if not at:
            return []
        places.append(at[0])
    span = Span(min(token.first for token in places), max(token.last for token in places))
    return [(span, APART_P)]
