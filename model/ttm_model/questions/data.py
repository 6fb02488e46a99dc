"""Language data: the TOML files of a language's folder. Knows their form, not their meaning."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_MACRO = re.compile(r"<(\w+)>")


@cache
def load(language: str, name: str) -> dict[str, Any]:
    """One file of a language; an empty table where the language has no such file."""
    path = FOLDER / language / f"{name}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


@cache
def kinds(language: str) -> dict[str, dict[str, Any]]:
    """How each kind of question is asked in a language, by the kind's name."""
    files = sorted((FOLDER / language / "kinds").glob("*.toml"))
    return {path.stem: load(language, f"kinds/{path.stem}") for path in files}


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a folder here; English first."""
    found = {path.parent.name for path in FOLDER.glob("*/words.toml")}
    return ("english", *sorted(found - {"english"}))


def words(*texts: str) -> frozenset[str]:
    """The words of one or more texts, separated by blanks."""
    return frozenset(word for text in texts for word in text.split())


def phrases(lines: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Each line as the tuple of its words."""
    return frozenset(tuple(line.split()) for line in lines)


def expanded(rule: str, macros: Mapping[str, str]) -> str:
    """An expression with every `<name>` replaced by its macro; raises KeyError for none."""
    while _MACRO.search(rule):
        rule = _MACRO.sub(lambda found: macros[found.group(1)], rule)
    return rule


def any_of(items: Iterable[str]) -> str:
    """An alternation of plain texts, the longest first."""
    return "|".join(
        sorted((re.escape(item) for item in items), key=lambda item: (-len(item), item))
    )
