"""Licences of installed distributions, as SPDX expressions. Knows no page."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

_KNOWN: dict[str, Any] = tomllib.loads(Path(__file__).with_name("licences.toml").read_text("utf-8"))
ALLOWED = frozenset(_KNOWN["allowed"])
VENDOR: tuple[str, ...] = tuple(_KNOWN["vendor"])
_WORDS: dict[str, str] = _KNOWN["words"]
PROGRAMS: dict[str, list[str]] = _KNOWN["programs"]
_STATED: dict[str, list[str]] = _KNOWN["stated"] | PROGRAMS
LONGEST = 60  # characters; a longer `License` is a licence's text


class UnknownLicence(Exception):
    """A distribution whose metadata name no licence that is known here."""


@dataclass(frozen=True, slots=True)
class Native:
    """A compiled library inside a package's wheel, with a licence of its own."""

    package: str
    files: str
    licence: str
    what: str


NATIVE = tuple(Native(**one) for one in _KNOWN["native"])


def licence_of(name: str) -> tuple[str, str]:
    """A distribution's licence as an SPDX expression, and a remark or ``.

    Raises UnknownLicence where its metadata have none that `licences.toml` can read.
    """
    if name in _STATED:
        expression, remark = _STATED[name]
        return expression, remark
    about = metadata.metadata(name).json
    if "license_expression" in about:
        return str(about["license_expression"]), ""
    short = str(about.get("license", "")).strip()
    classes = [
        line.rpartition("::")[2].strip()
        for line in about.get("classifier", ())
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    for words in (short, *classes):
        expression = _WORDS.get(words, words)
        if len(words) <= LONGEST and terms(expression) and terms(expression) <= ALLOWED:
            return expression, ""
    raise UnknownLicence(f"{name}: License {short[:LONGEST]!r}, classifiers {classes}")


def terms(expression: str) -> frozenset[str]:
    """The licences that an SPDX expression names."""
    parts = re.split(r"\s+(?:AND|OR)\s+", expression.replace("(", " ").replace(")", " ").strip())
    return frozenset(part.strip() for part in parts if part.strip())


def is_allowed(expression: str) -> bool:
    """Whether all that an expression asks for is on the list; of alternatives one is enough."""
    if "(" in expression:
        return terms(expression) <= ALLOWED
    every = re.split(r"\s+AND\s+", expression)
    return all(terms(part) & ALLOWED for part in every)
