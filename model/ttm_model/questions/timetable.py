"""Finds words of time by a language's table of patterns. Knows no things and no kinds.

Slots of a pattern: `{n}` and `{m}` amounts, `{u}` a unit, `{c}` and `{d}` media times like 1:30.
"""

from __future__ import annotations

import re
from typing import Any

from ttm_model.questions.rules.numbers import EXACT, HEDGED, MIN_TOLERANCE_S, clock
from ttm_model.questions.window import LATELY, NOW, START, Window

AT_TOLERANCE_S = 2.0
_FIXED = {"start": START, "now": NOW, "lately": LATELY}
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_CLOCK = r"\d+(?::\d\d){1,2}"


class TimeTable:
    """The words of time of one language."""

    def __init__(self, data: dict[str, Any]) -> None:
        """`data`: `numbers` and `units` by word, `times`: patterns with the window they mean."""
        self._numbers = {w.translate(_LETTERS): float(v) for w, v in data["numbers"].items()}
        self._units = {w.translate(_LETTERS): float(v) for w, v in data["units"].items()}
        amount = "|".join([r"\d+(?:[.,]\d+)?", *sorted(self._numbers, key=len, reverse=True)])
        unit = "|".join(sorted(self._units, key=len, reverse=True))
        slots = {"n": amount, "m": amount, "u": unit, "c": _CLOCK, "d": _CLOCK}
        self._rules = []
        for says in data["times"]:
            for line in says["patterns"]:
                rule = line.translate(_LETTERS)
                for name, expression in slots.items():
                    rule = rule.replace(f"{{{name}}}", f"(?P<{name}>{expression})")
                self._rules.append((re.compile(rf"(?<!\S){rule}(?!\S)"), says))
        self._rules.sort(key=lambda rule: -len(rule[0].pattern))

    def extract(self, said: list[str]) -> tuple[list[str], Window | None]:
        """The words without those of time, and the window that these mean."""
        text, window = " ".join(said), None
        for rule, says in self._rules:
            found = rule.search(text)
            if found:
                window = window or self._window(says, found.groupdict())
                text = f"{text[: found.start()]} {text[found.end() :]}"
        return text.split(), window

    def _window(self, says: dict[str, Any], told: dict[str, str]) -> Window | None:
        name = says["window"]
        if name == "nothing":
            return None
        if name in _FIXED:
            return _FIXED[name]
        unit = self._units.get(told.get("u", ""), 1.0)
        edges = [
            self._edge(told, says, amount, time, unit) for amount, time in (("n", "c"), ("m", "d"))
        ]
        low, high = edges
        if name in ("ago", "at"):
            share = HEDGED if says.get("rough") else EXACT
            least = MIN_TOLERANCE_S if name == "ago" else AT_TOLERANCE_S
            spread = max(least, share * (low or 0.0)) if name == "ago" else AT_TOLERANCE_S
            return Window(name, low, None, spread)
        if name == "until":
            return Window(name, None, low)
        if name == "first":
            return Window("between", 0.0, low, 0.0)
        if high is not None and low is not None:
            low, high = sorted((low, high))
        return Window(name, low, high)

    def _edge(
        self, told: dict[str, str], says: dict[str, Any], amount: str, time: str, unit: float
    ) -> float | None:
        """Seconds of one edge: a media time, an amount of units, or what the table says."""
        if told.get(time):
            return clock(told[time])
        if told.get(amount):
            value = self._numbers.get(told[amount])
            return unit * (value if value is not None else float(told[amount].replace(",", ".")))
        single = says.get("single") if amount == "n" else None
        return unit * float(single) if single is not None else None
