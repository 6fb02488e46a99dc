"""Utterances as rows of a table and back. Knows their columns; not which utterance makes room."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from ttm_model.nibbles import directions, pack
from ttm_model.slow import Utterance, Word
from ttm_model.words.entry import GOES_ON, Entry
from ttm_model.words.table import Table, columns_spec
from ttm_model.words.texts import clean, from_row, pieces, to_row
from ttm_protocol.errors import StateIncompatible

PLACES = 184  # utterances; with the written lines 109 kB in all
TEXT_BYTES = 192  # 7.5 s of fast speech are about 160 letters and spaces
MAX_WORDS = 40
START_STEP_S = 0.05  # words start on this grid after their utterance, up to 12.75 s
_LANGUAGE_BYTES = 3

COLUMNS = columns_spec(
    PLACES,
    TEXT_BYTES,
    {"starts": ((MAX_WORDS,), torch.uint8), "language": ((_LANGUAGE_BYTES,), torch.uint8)},
)


def rows_of(utterance: Utterance, key: Tensor) -> list[dict[str, Tensor]]:
    """One row, or several where the text is too long for one; none where there is no text.

    `key` (384,) float32 of the whole utterance, of unit length.
    """
    text = clean(utterance.text)
    starts_s = _starts(text, utterance)
    until_s = max(utterance.end_s, utterance.start_s)
    rows, first = [], 0
    for part in pieces(text, TEXT_BYTES, MAX_WORDS):
        after = first + len(part.split())
        start_s = utterance.start_s if first == 0 else starts_s[first]
        end_s = max(starts_s[after] if after < len(starts_s) else until_s, start_s)
        rows.append(
            {
                "text": to_row(part, TEXT_BYTES),
                "times": torch.tensor([start_s, end_s], dtype=torch.float64),
                "p": byte_of(utterance.p),
                "keys": pack(key[None])[0][0],
                "starts": _offsets(starts_s[first:after], start_s, end_s),
                "language": _language(utterance.language),
            }
        )
        first = after
    return rows


def entries(table: Table) -> tuple[Entry, ...]:
    """The utterances, by start."""
    keys = directions(table.columns["keys"][: table.count])
    found = []
    for row, (start_s, end_s) in enumerate(table.spans()):
        text = from_row(table.columns["text"][row])
        p = int(table.columns["p"][row]) / 255
        tokens = text.split()
        starts_s = [
            min(start_s + step * START_STEP_S, end_s)
            for step in table.columns["starts"][row, : len(tokens)].tolist()
        ]
        words = tuple(
            Word(token.removesuffix(GOES_ON), at_s, next_s, p)
            for token, (at_s, next_s) in zip(tokens, pairwise([*starts_s, end_s]), strict=True)
        )
        language = bytes(table.columns["language"][row].tolist()).rstrip(b"\0").decode()
        found.append(Entry("speech", text, start_s, end_s, p, 1, words, None, language, keys[row]))
    return tuple(found)


def checked(tensors: Mapping[str, Tensor], name: str) -> Table:
    """A stored table; raises StateIncompatible naming the column whose values cannot be."""
    table = Table.from_tensors(tensors, name)
    for row in range(table.count):
        words = len(from_row(table.columns["text"][row]).split())
        steps = table.columns["starts"][row].tolist()
        if words > MAX_WORDS or steps[:words] != sorted(steps[:words]) or any(steps[words:]):
            raise StateIncompatible(f"{name}.starts: row {row} is not of {words} words in order")
        language = bytes(table.columns["language"][row].tolist())
        if _language_bytes(language.rstrip(b"\0").decode("latin-1")) != language:
            raise StateIncompatible(f"{name}.language: row {row} is {language!r}")
    return table


def byte_of(share: float) -> Tensor:
    """A probability as () uint8."""
    return torch.tensor(round(255 * min(max(share, 0.0), 1.0)), dtype=torch.uint8)


def _starts(text: str, utterance: Utterance) -> list[float]:
    """When each word of a clean text starts, by the recogniser's words, which may be cut otherwise.

    Both spell the same letters, so a word starts where the recogniser's word with its first letter
    does, and a word without one where the one before it did.
    """
    times_s: list[float] = []  # of every letter that the recogniser timed
    for word in utterance.words:
        times_s.extend([word.start_s] * len("".join(clean(word.text).split())))
    starts_s: list[float] = []
    letters, latest_s = 0, utterance.start_s
    for token in _tokens_as_cut(text):
        if letters < len(times_s):
            latest_s = max(latest_s, times_s[letters])
        starts_s.append(latest_s)
        letters += len(token)
    return starts_s


def _tokens_as_cut(text: str) -> list[str]:
    """The words as they stand in the rows: one that was too long is several."""
    return " ".join(pieces(text, TEXT_BYTES, MAX_WORDS)).split()


def _offsets(starts_s: list[float], start_s: float, end_s: float) -> Tensor:
    """(MAX_WORDS,) uint8: steps after the row's start, rounded down and never past its end."""
    last = int((end_s - start_s) / START_STEP_S)
    steps = [min(int((max(at, start_s) - start_s) / START_STEP_S), last, 255) for at in starts_s]
    return torch.tensor(steps + [0] * (MAX_WORDS - len(steps)), dtype=torch.uint8)


def _language(code: str) -> Tensor:
    return torch.tensor(list(_language_bytes(code)), dtype=torch.uint8)


def _language_bytes(code: str) -> bytes:
    """An ISO 639 code in lower case; zeros for anything else."""
    known = code.isascii() and code.isalpha() and code.islower() and 2 <= len(code) <= 3
    return (code if known else "").encode().ljust(_LANGUAGE_BYTES, b"\0")
