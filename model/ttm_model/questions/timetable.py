"""Reads the words of time of one language by its table of patterns. Knows no things and no kinds.

A pattern is a regular expression over words; at each place the first pattern of the table that
fits is taken. What stands in braces is filled in: a macro of the table, or a slot:

- `{n}` `{m}` `{k}` `{w}` numbers, `{a}` an amount that is none ("few"), `{f}` `{g}` parts of one
- `{u}` `{v}` units, `{o}` a place in order ("second"), `{h}` hedges ("about") if there are any
- `{t}` a duration ("about a minute and a half"), `{s}` one without amount ("minute and a half")
- `{p}` `{q}` moments of the media ("0:45", "second 20")

How a number, a duration, one without amount and a point are said, the table tells in its macros of
these names: a duration in `{n}` or `{a}`, and `{u}`, of which there may be more in `{f}` and `{g}`,
in `{k}` and `{v}`, or up to `{m}` or `{w}`; a point in `{u}` and `{n}`, or `{t}`, or a group `c`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ttm_model.questions.data import any_of
from ttm_model.questions.window import LATELY, NOW, START, START_S, Window

EXACT, HEDGED, FEW = 0.1, 0.3, 0.6  # tolerance as a share of the value
MIN_TOLERANCE_S = 2.0  # of a time back from now
AT_TOLERANCE_S = 2.0  # of a moment
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_LOOSE = 0.35  # a stretch is as long as said, unless its tolerance is a larger share of it
_FIXED = {"start": START, "now": NOW, "lately": LATELY, "nothing": None, "calendar": None}
_TABLES = ("numbers", "amounts", "fractions", "ordinals", "units")
_MOST = 1e9  # of a unit; more digits would end as infinity, which no answer can hold
_CLOCK = r"[0-9]+(?::[0-9]{2}){1,2}"
_SLOTS = dict.fromkeys("nmkw", "number") | dict.fromkeys("fg", "fractions")
_SLOTS |= dict.fromkeys("uv", "units") | dict.fromkeys("pq", "point")
_SLOTS |= {"a": "amounts", "o": "ordinals", "t": "duration", "s": "single"}
_BRACES = re.compile(r"\{([a-z_]+)\}")
_GROUP = re.compile(r"\(\?P<\w+>")
_Told = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds as said and the tolerance that the words allow; also how far into the media.

    `unit_s`: seconds of the unit it was said in. `vague`: its words give no number ("a few").
    `size`: of how many words it is made.
    """

    seconds: float
    tolerance_s: float = 0.0
    unit_s: float = 1.0
    vague: bool = False
    size: int = 0

    @property
    def looseness_s(self) -> float:
        """The tolerance of a stretch of this length."""
        loose = self.vague or self.tolerance_s > _LOOSE * self.seconds
        return self.tolerance_s if loose else 0.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A question's words without the words of time; `refused`: why their times cannot be used."""

    words: list[str]
    window: Window | None
    refused: str | None = None


class TimeTable:
    """The words of time of one language."""

    def __init__(self, data: dict[str, Any], **macros: str) -> None:
        """`data`: a language's `times.toml`; `macros`: more of them than it has itself.

        `data["times"]` are `patterns` and the `window` that they mean: a kind of window, one of
        the fixed ones, "first" (from the start on), "calendar", or "kept" for words that only look
        like a time. `tolerance_s` goes before what the words allow. `longer`: "more than" so long
        ago; `ended`: from or up to the end of what has a place in order; `single`: how many of a
        unit are meant where no amount is said, if not one.
        """
        tables = {
            name: {said.translate(UMLAUTS): float(v) for said, v in data.get(name, {}).items()}
            for name in _TABLES
        }
        self._values = tables["numbers"] | tables["amounts"] | tables["fractions"]
        self._ordinals, self._units = tables["ordinals"], tables["units"]
        shares = data.get("shares", {}).items()
        self._shares = {word: float(share) for share, said in shares for word in said.split()}
        hedges = any_of(hedge.translate(UMLAUTS) for hedge in data["hedges"])
        self._macros = {name: any_of(table) for name, table in tables.items()} | data["macros"]
        self._macros |= {**macros, "clock": _CLOCK, "h": f"(?P<h>(?:(?:{hedges}) )++)?"}
        self._number, self._duration, self._point = (
            re.compile(self._filled(f"{{{name}}}(?!\\S)"))
            for name in ("number", "duration", "point")
        )
        self._rules = [
            (says, self._filled(f"{line}(?!\\S)"))
            for says in data["times"]
            for line in says["patterns"]
        ]
        rules = "|".join(f"({_untold(rule)})" for _, rule in self._rules)
        self._any = re.compile(rf"(?<!\S)(?:{rules})")

    def _filled(self, line: str) -> str:
        """An expression with its braces filled in; slots within a slot are not told apart."""

        def content(brace: re.Match[str]) -> str:
            name = brace[1]
            inner = self._filled(self._macros[_SLOTS.get(name, name)])
            return f"(?P<{name}>{_untold(inner)})" if name in _SLOTS else f"(?:{inner})"

        return _BRACES.sub(content, line.translate(UMLAUTS))

    # --- what stands at the front of words --------------------------------------------------------

    def number(self, said: list[str]) -> tuple[float, int] | None:
        """The number at the front, and of how many words it is made."""
        found = self._number.match(" ".join(said))
        return (self._value(found[0]), len(found[0].split())) if found else None

    def duration(self, said: list[str]) -> Duration | None:
        """The duration at the front."""
        found = self._duration.match(" ".join(said))
        return self._length(found) if found else None

    def ordinal(self, word: str) -> int:
        """The place in order that a word tells, from 1; or 0."""
        return int(self._ordinals.get(word, 0))

    # --- whole questions --------------------------------------------------------------------------

    def extract(self, said: list[str]) -> Timed:
        """Take the words of time out of a question and say which window they mean."""
        text, left, at = " ".join(said), "", 0
        window: Window | None = None
        refused: str | None = None
        for found in self._any.finditer(text):
            says, rule = self._rules[(found.lastindex or 0) - 1]
            told = _compiled(rule).match(text, found.start())
            if says["window"] == "kept" or told is None:
                continue
            another = self._window(says, told.groupdict())
            if says["window"] == "calendar":
                refused = "CALENDAR"
            elif window and another and (window := _merged(window, another)) is None:
                return Timed(said, None, refused or "TWO_TIMES")
            window = window or another
            left, at = f"{left}{text[at : found.start()]}", found.end()
        return Timed(f"{left}{text[at:]}".split(), window, refused)

    def _window(self, says: dict[str, Any], told: _Told) -> Window | None:
        name = says["window"]
        if name in _FIXED:
            return _FIXED[name]
        low, high = self._edges(says, told)
        edges = [low.seconds, *([high.seconds] if high else [])]
        tolerance_s = 0.0
        match name:
            case "ago":
                edges += [math.inf] if says.get("longer") else []
                tolerance_s = MIN_TOLERANCE_S if high else low.tolerance_s
            case "last":
                tolerance_s = low.looseness_s
            case "first" if low.vague:
                name, tolerance_s = "start", START_S / 2
            case "first":
                name, edges, tolerance_s = "between", [0.0, *edges], low.looseness_s
            case "at":
                tolerance_s = low.tolerance_s * (2 if told.get("h") else 1)
        tolerance_s = says.get("tolerance_s", tolerance_s)
        a_s, b_s = (None, *edges) if name == "until" else (*sorted(edges), None)[:2]
        return Window(name, a_s, b_s, tolerance_s)

    def _edges(self, says: dict[str, Any], told: _Told) -> tuple[Duration, Duration | None]:
        """The edges of a window; one that only begins has one, the start where none is said."""
        low, high = (self._moment(said) if (said := told.get(slot)) else None for slot in "pq")
        if said := told.get("o"):
            rank, unit_s = self._ordinals[said], self._units[told["u"] or ""]
            low, high = Duration((rank - 1) * unit_s), Duration(rank * unit_s)
            if says["window"] != "between":
                low, high = high if says.get("ended") else low, None
        elif said := told.get("t"):
            low = self._spoken(f"{told.get('h') or ''}{said}")
        elif said := told.get("s"):
            low = replace(self._spoken(f"{says.get('single', 1)} {said}"), tolerance_s=0.0)
        elif said := told.get("n"):  # "between 10 and 20 seconds": the unit stands once
            unit_s = high.unit_s if high else 1.0
            low = Duration(self._value(said) * unit_s, AT_TOLERANCE_S)
        if said := told.get("m"):
            high = Duration(self._value(said) * (low.unit_s if low else 1.0))
        return low or Duration(0.0), high

    # --- amounts ----------------------------------------------------------------------------------

    def _moment(self, said: str) -> Duration:
        """How far into the media a point is."""
        found = self._point.match(said)
        assert found is not None
        told = found.groupdict()
        if told["c"]:
            return Duration(_clock(told["c"]), AT_TOLERANCE_S)
        if told["t"]:
            length = self._spoken(told["t"])
            return replace(length, tolerance_s=max(AT_TOLERANCE_S, length.tolerance_s / 2))
        unit_s = self._units.get(told["u"] or "", 1.0)
        return Duration(self._value(told["n"]) * unit_s, max(AT_TOLERANCE_S, unit_s / 10), unit_s)

    def _spoken(self, said: str) -> Duration:
        """What the words of a duration mean."""
        found = self._duration.match(said)
        assert found is not None
        return self._length(found)

    def _length(self, found: re.Match[str]) -> Duration:
        told = {slot: said for slot, said in found.groupdict().items() if said}
        value, f, g, k, m = (
            self._value(told[slot]) if slot in told else 0.0
            for slot in ("n" if "n" in told else "a", "f", "g", "k", "m" if "m" in told else "w")
        )
        unit_s = self._units[told["u"]]
        value += f
        spread = abs(m - value) / 2 if m else 0.0
        value = (value + m) / 2 if m else value
        seconds = (value + g) * unit_s + k * self._units.get(told.get("v", ""), 1.0)
        loose = [self._shares.get(w, 0.0) for w in (*told.get("a", "").split(), told["u"])]
        share = max(EXACT, *loose) + (HEDGED - EXACT if "h" in told or "e" in told else 0.0)
        tolerance_s = round(max(MIN_TOLERANCE_S, share * seconds, spread * unit_s), 3)
        size = len(found[0].split())
        return Duration(seconds, tolerance_s, unit_s, max(loose) >= FEW, size)

    def _value(self, said: str) -> float:
        """A number: as the table has it, in digits, or in words of the table ("twenty five")."""
        if said in self._values:
            return self._values[said]
        if said[0].isdigit():
            return min(float(said.replace(",", ".")), _MOST)
        total = 0.0
        for value in map(self._values.__getitem__, said.split()):
            total = total * value if value >= 100 else total + value  # "two hundred"
        return total


@cache
def _compiled(rule: str) -> re.Pattern[str]:
    """A pattern with its slots told apart: compiled where it was found, for it takes long."""
    return re.compile(rule)


def _untold(rule: str) -> str:
    """An expression without its named groups."""
    return _GROUP.sub("(?:", rule)


def _clock(said: str) -> float:
    """Seconds of "m:ss" or "h:mm:ss"."""
    seconds = 0.0
    for part in said.split(":"):
        seconds = seconds * 60 + float(part)
    return min(seconds, _MOST)


def _merged(old: Window, new: Window) -> Window | None:
    """One window of two: "after 0:30 and before 1:00"; None where each asks for another time."""
    if {old.kind, new.kind} == {"since", "until"}:
        since, until = (old, new) if old.kind == "since" else (new, old)
        return Window("between", since.a_s, until.b_s)
    return old if old == new else None
