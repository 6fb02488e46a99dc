"""What people mean by words where dictionaries mislead: shipped lists. Knows no tensor.

`everyday.toml` has the word that people use for each class, `senses.toml` words that mean something
else than WordNet's ranks say, `compounds.txt` (made by `model/tools/make_compounds.py`) nouns that
are not what their last word names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ttm_model.errors import WeightsError
from ttm_model.labels.words import normalise

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True)
class Plain:
    """Everyday meanings for one space; the default knows none.

    `everyday`: class name -> the word for it. `means`: word -> names of the classes that it means.
    `elsewhere`: keys (as of `key_of`) of words that mean nothing in the space, whatever its classes
    are called; `compounds`: of nouns that are not what their last word names, unless a class is
    called so.
    """

    everyday: Mapping[str, str] = field(default_factory=dict)
    means: Mapping[str, Sequence[str]] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    compounds: frozenset[str] = frozenset()


def key_of(words: Sequence[str]) -> str:
    """The form in which words are looked up: "lady bug" and "ladybug" are one."""
    return "".join(words)


def load_plain(section: str, folder: Path = DATA) -> Plain:
    """The lists for the space "pictures" or "sounds". Raises `WeightsError` naming the file."""
    everyday = _toml(folder / "everyday.toml")[section]
    senses = _toml(folder / "senses.toml")[section]
    return Plain(
        everyday,
        senses.get("means", {}),
        _keys(str(senses.get("elsewhere", "")).split()),
        _keys(_lines(folder / "compounds.txt")),
    )


def _keys(phrases: Sequence[str]) -> frozenset[str]:
    return frozenset(key_of(normalise(phrase)) for phrase in phrases)


@cache
def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: {error!r}") from error


@cache
def _lines(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text("utf-8").splitlines())
    except OSError as error:
        raise WeightsError(f"{path}: {error!r}") from error
