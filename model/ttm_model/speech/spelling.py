"""Tokens of a text to its words, each with its time; knows no model and no session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ttm_model.slow import Word
from ttm_model.speech.whisper import Token

_BROKEN = "\ufffd"  # what a decoder shows for a letter of which bytes are missing
_UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})  # written without spaces


def words_of(
    tokens: Sequence[Token], text: Callable[[list[int]], str], language: str, begin_s: float
) -> tuple[Word, ...]:
    """The words by time, without the marks around them; `begin_s` is when the sound starts.

    A word begins with a space, or with every token where a language writes none. It is as sure as
    its tokens are on average.
    """
    words = []
    for piece in _pieces(tokens, text, language):
        spelled = _bare(text([token.number for token in piece]))
        if spelled:
            sounding = [t for t in piece if _bare(text([t.number]))] or piece
            words.append(
                Word(
                    spelled,
                    begin_s + sounding[0].start_s,
                    begin_s + max(sounding[-1].end_s, sounding[0].start_s),
                    sum(token.p for token in sounding) / len(sounding),
                )
            )
    return tuple(words)


def _pieces(
    tokens: Sequence[Token], text: Callable[[list[int]], str], language: str
) -> Iterator[list[Token]]:
    """Tokens that belong to one word each; one letter's bytes are never parted."""
    piece: list[Token] = []
    whole = True
    for token in tokens:
        spelled = text([token.number])
        new = language in _UNSPACED or spelled.startswith(" ")
        if piece and whole and new:
            yield piece
            piece = []
        piece.append(token)
        whole = _BROKEN not in text([each.number for each in piece])
    if piece:
        yield piece


def _bare(word: str) -> str:
    """The word without the marks and spaces around it; empty where it is nothing but marks."""
    first = next((i for i, letter in enumerate(word) if letter.isalnum()), None)
    if first is None:
        return ""
    last = max(i for i, letter in enumerate(word) if letter.isalnum())
    return word[first : last + 1]
