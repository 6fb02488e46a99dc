"""The lists of words in `data/`, as tuples. Knows no rule for which they are."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def word_list(language: str, name: str) -> tuple[str, ...]:
    """The words of a list, in order."""
    return tuple(str(_table(language)[name]).split())


def word_pairs(language: str, name: str) -> dict[str, str]:
    """A table of words, each with another."""
    return {str(word): str(other) for word, other in _table(language)[name].items()}


def _table(language: str) -> dict[str, Any]:
    text = files(__package__).joinpath("data", f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
