"""Texts as bytes of fixed length: cleaned, cut at words, checked. Knows no table and no time."""

from __future__ import annotations

import unicodedata

import torch
from torch import Tensor

from ttm_model.words.entry import GOES_ON

_GOES_ON_BYTES = len(GOES_ON.encode())


def clean(text: str) -> str:
    """Composed, in one line, single spaces, nothing that cannot be printed or encoded."""
    plain = unicodedata.normalize("NFC", text)
    kept = (" " if mark.isspace() else mark for mark in plain if mark.isspace() or _printed(mark))
    return " ".join("".join(kept).split())


def pieces(text: str, max_bytes: int, max_words: int) -> tuple[str, ...]:
    """A clean text in parts that fit, cut between words; all but the last end with `GOES_ON`.

    A single word that does not fit is cut within.
    """
    found: list[str] = []
    current: list[str] = []
    for word in _fitting(text.split(), max_bytes - _GOES_ON_BYTES):
        longer = " ".join([*current, word])
        if current and (
            len(longer.encode()) > max_bytes - _GOES_ON_BYTES or len(current) == max_words
        ):
            found.append(" ".join(current) + GOES_ON)
            current = []
        current.append(word)
    return (*found, " ".join(current)) if current else ()


def to_row(text: str, width: int) -> Tensor:
    """(width,) uint8: UTF-8, zeros beyond it."""
    data = text.encode()
    return torch.tensor([*data, *bytes(width - len(data))], dtype=torch.uint8)


def from_row(row: Tensor) -> str:
    """The text of `to_row`; raises ValueError (UnicodeDecodeError) where the bytes are none."""
    return row.numpy().tobytes().rstrip(b"\0").decode()


def check_row(row: Tensor) -> None:
    """Raises ValueError where `to_row` cannot have written this."""
    text = from_row(row)
    if not text or clean(text) != text:
        raise ValueError("not a clean text")


def _fitting(words: list[str], max_bytes: int) -> list[str]:
    """The words, those that are too long cut between characters."""
    fitting: list[str] = []
    for word in words:
        part = ""
        for mark in word:
            if len((part + mark).encode()) > max_bytes:
                fitting.append(part)
                part = ""
            part += mark
        fitting.append(part)
    return fitting


def _printed(mark: str) -> bool:
    """Whether a character has a shape; format marks, halves of pairs and unknown ones have none."""
    return not unicodedata.category(mark).startswith("C")
