"""Finds words of time by a language's table of patterns. Knows no things and no kinds.

Slots of a pattern: `{n}` and `{m}` amounts, `{o}` a place in order ("second"), `{u}` and `{v}`
units, `{c}` and `{d}` media times like 1:30; `{h}` is a hedge ("about") that may be missing. What
else stands in braces is a macro of the table.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ttm_model.questions.rules.numbers import EXACT, HEDGED, MIN_TOLERANCE_S, clock
from ttm_model.questions.window import LATELY, NOW, START, Window

AT_TOLERANCE_S = 2.0
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_FIXED = {"start": START, "now": NOW, "lately": LATELY, "nothing": None}
_CLOCK = r"\d+(?::\d\d){1,2}"


class TimeTable:
    """The words of time of one language."""

    def __init__(self, data: dict[str, Any]) -> None:
        """`data`: `numbers`, `ordinals` and `units` by word, `hedges`, `macros`, and `times`."""
        self._values: dict[str, float] = {}
        slots = {"c": _CLOCK, "d": _CLOCK}
        for table, names in (("numbers", "nm"), ("ordinals", "o"), ("units", "uv")):
            values = {word.translate(UMLAUTS): float(v) for word, v in data[table].items()}
            digits = [] if table == "units" else [r"\d+(?:[.,]\d+)?"]
            said = "|".join([*digits, *sorted(values, key=len, reverse=True)])
            self._values |= values
            slots |= dict.fromkeys(names, said)
        hedges = "|".join(data["hedges"]).translate(UMLAUTS)
        macros = {name: text.translate(UMLAUTS) for name, text in data["macros"].items()}
        macros |= {name: f"(?P<{name}>{said})" for name, said in slots.items()}
        macros["h"] = f"(?P<h>(?:{hedges}) )?"
        rules = [(line, says) for says in data["times"] for line in says["patterns"]]
        rules.sort(key=lambda rule: -len(rule[0]))
        self._rules = [(_compiled(line, macros), says) for line, says in rules]

    def extract(self, said: list[str]) -> tuple[list[str], Window | None]:
        """The words without those of time, and the window that these mean."""
        text, window = " ".join(said), None
        for rule, says in self._rules:
            found = rule.search(text)
            if found:
                window = window or self._window(says, found.groupdict())
                text = f"{text[: found.start()]} {text[found.end() :]}"
        return text.split(), window

    def _window(self, says: dict[str, Any], told: dict[str, str | None]) -> Window | None:
        name = says["window"]
        if name in _FIXED:
            return _FIXED[name]
        unit = self._values.get(told.get("u") or told.get("v") or "", 1.0)
        low = self._edge(told, "n", "c", unit)
        high = self._edge(told, "m", "d", self._values.get(told.get("v") or "", unit))
        if told.get("o"):  # "the second minute" begins after one
            high = unit * self._value(told["o"] or "")
            low = high if name == "until" else high - unit
        low = unit * says["single"] if low is None else low
        tolerance = 0.0
        match name:
            case "ago":
                high = math.inf if says.get("longer") else None
                tolerance = max(MIN_TOLERANCE_S, low * (HEDGED if told.get("h") else EXACT))
            case "at":
                tolerance = AT_TOLERANCE_S
            case "until":
                low, high = None, low
            case "first":
                name, low, high = "between", 0.0, low
            case "between" if high is not None:
                low, high = sorted((low, high))
        return Window(name, low, high, tolerance)

    def _edge(
        self, told: dict[str, str | None], amount: str, time: str, unit: float
    ) -> float | None:
        """Seconds of one edge: a media time or an amount of units."""
        if media := told.get(time):
            return clock(media)
        said = told.get(amount)
        return unit * self._value(said) if said else None

    def _value(self, said: str) -> float:
        value = self._values.get(said)
        return float(said.replace(",", ".")) if value is None else value


def _compiled(line: str, macros: dict[str, str]) -> re.Pattern[str]:
    rule = line.translate(UMLAUTS)
    while found := re.search(r"\{([a-z_]+)\}", rule):
        rule = f"{rule[: found.start()]}{macros[found[1]]}{rule[found.end() :]}"
    return re.compile(rf"(?<!\S){rule}(?!\S)")
