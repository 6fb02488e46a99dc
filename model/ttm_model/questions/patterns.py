"""A small notation for sentences, compiled to regular expressions. Knows no language and no kind.

A pattern is words and, among them: `(a|b c)` one of several, `[a]` what may be missing, `{slot}`
one or more words to be read (numbered where a pattern has several: the first counts), `*` one or
more that are not, `<name>` a macro: "[when] did {thing} (start|begin)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ttm_model.questions.data import expanded

_TOKEN = re.compile(r"\{\w+\}|[()\[\]|]|[^\s()\[\]|{}]+")
_DIGITS = "0123456789"
MANY = r"(?:\S+ )+?"
_OPEN = {"(": "(?:", "[": "(?:"}
_CLOSE = {")": ")", "]": ")?"}


@dataclass(frozen=True, slots=True)
class Matched:
    """A kind, the words of each slot, those around them, and what the pattern says beside."""

    kind: str
    slots: Mapping[str, list[str]]
    around: list[str]
    says: Mapping[str, Any]


def compiled(
    pattern: str, macros: Mapping[str, str], closed: Mapping[str, str] | None = None
) -> re.Pattern[str]:
    """The expression of a pattern; it is matched against words that each end with a blank.

    `closed`: slots that take a single word, each with the expression of what it may be.
    """
    parts = []
    for piece in _TOKEN.findall(expanded(pattern, macros)):
        if piece[0] == "{":
            word = (closed or {}).get(piece[1:-1].rstrip(_DIGITS))
            parts.append(rf"(?P<{piece[1:-1]}>{f'(?:{word}) ' if word else MANY})")
        else:
            parts.append(_OPEN.get(piece) or _CLOSE.get(piece) or _word(piece))
    return re.compile("".join(parts))


def _word(piece: str) -> str:
    return {"|": "|", "*": r"(?:\S+ )+?"}.get(piece) or re.escape(piece) + " "


class Patterns:
    """The patterns of all kinds of one language."""

    def __init__(
        self,
        kinds: Mapping[str, Mapping[str, Any]],
        macros: Mapping[str, str] | None = None,
        part: str = "asked",
        closed: Mapping[str, str] | None = None,
    ) -> None:
        """`kinds`: by name, each with a list `part` of tables: `patterns` and what they say.

        `closed`: slots that take a single word, each with the expression of what it may be.
        """
        self._compiled = tuple(
            (kind, compiled(pattern, macros or {}, closed), says)
            for kind, asked in kinds.items()
            for says in asked.get(part, ())
            for pattern in says["patterns"]
        )

    def matches(self, words: Iterable[str]) -> Iterator[Matched]:
        """Every pattern that is the whole of the words, in the order of the data."""
        text = "".join(f"{word} " for word in words)
        for kind, rule, says in self._compiled:
            found = rule.fullmatch(text)
            if found:
                taken = [found.span(name) for name in found.groupdict() if found.group(name)]
                around = [
                    c if not any(a <= i < b for a, b in taken) else " " for i, c in enumerate(text)
                ]
                slots: dict[str, list[str]] = {}
                for name, value in found.groupdict().items():
                    if value:
                        slots.setdefault(name.rstrip(_DIGITS), value.split())
                yield Matched(kind, slots, "".join(around).split(), says)
