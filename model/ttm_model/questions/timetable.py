"""Reads the words of time of one language by its table of patterns. Knows no things and no kinds.

A pattern is a regular expression over words; at each place the first pattern of the table that
fits is taken. What stands in braces is filled in: a macro of the table, or a slot.

`{n}` `{m}` `{k}` `{w}`: numbers      `{t}`: a duration ("about a minute and a half")
`{a}`: an amount that is no number    `{p}` `{q}`: moments of the media ("0:45", "second 20")
`{f}` `{g}`: parts of a unit          `{h}`: a hedge ("about") and its blank, which may be missing
`{u}` `{v}`: units                    `{o}`: a place in order ("second")

The table says itself how its language writes a `number`, a `duration` and a `point`.
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
_LOOSE = 0.35  # a stretch is as long as said, unless its tolerance is a larger share of it
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_FIXED = {"start": START, "now": NOW, "lately": LATELY, "nothing": None, "calendar": None}
_TABLES = ("numbers", "amounts", "fractions", "ordinals", "units")
_CLOCK = r"[0-9]+(?::[0-9]{2}){1,2}"
_SLOTS = {
    letter: content
    for letters, content in {
        "nmkw": "number", "a": "amounts", "fg": "fractions", "uv": "units", "o": "ordinals",
        "t": "duration", "s": "single", "pq": "point",
    }.items()
    for letter in letters
}  # fmt: skip
_BRACES = re.compile(r"\{([a-z_]+)\}")
_GROUP = re.compile(r"\(\?P<\w+>")
_Told = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds as said and the tolerance that the words allow; also the place of a moment.

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
    """A question's words without the words of time; `calendar`: dates or clock hours were named."""

    words: list[str]
    window: Window | None
    calendar: bool = False


class TimeTable:
    """The words of time of one language."""

    def __init__(self, data: dict[str, Any], **macros: str) -> None:
        """`data`: a language's `times.toml`; `macros`: more of them than it has itself."""
        read = {
            name: {said.translate(UMLAUTS): float(v) for said, v in data.get(name, {}).items()}
            for name in _TABLES
        }
        self._values = read["numbers"] | read["amounts"] | read["fractions"]
        self._ordinals, self._units = read["ordinals"], read["units"]
        shares = data.get("shares", {}).items()
        self._shares = {word: float(share) for share, said in shares for word in said.split()}
        hedges = any_of(hedge.translate(UMLAUTS) for hedge in data["hedges"])
        self._macros = {name: any_of(table) for name, table in read.items()}
        self._macros |= data["macros"] | macros | {"clock": _CLOCK}
        self._macros["h"] = f"(?P<h>(?:(?:{hedges}) )++)?"
        self._number, self._duration, self._point = (
            re.compile(rf"(?:{self._filled(self._macros[name])})(?!\S)")
            for name in ("number", "duration", "point")
        )
        lines = [(says, line) for says in data["times"] for line in says["patterns"]]
        self._rules = [(says, rf"{self._filled(line)}(?!\S)") for says, line in lines]
        ways = "|".join(f"({_without_groups(rule)})" for _, rule in self._rules)
        self._any = re.compile(rf"(?<!\S)(?:{ways})")

    def _filled(self, line: str) -> str:
        """An expression with its braces filled in; inside a slot nothing is told apart."""

        def content(brace: re.Match[str]) -> str:
            name = brace[1]
            inner = self._filled(self._macros[_SLOTS.get(name, name)])
            return f"(?P<{name}>{_without_groups(inner)})" if name in _SLOTS else f"(?:{inner})"

        return _BRACES.sub(content, line.translate(UMLAUTS))

    # --- what stands at the front of words --------------------------------------------------------

    def number(self, said: list[str]) -> tuple[float, int] | None:
        """The number at the front and of how many words it is made."""
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
        """Take the words of time out and say which window they mean."""
        text, left, at = " ".join(said), "", 0
        window: Window | None = None
        calendar = False
        for found in self._any.finditer(text):
            says, rule = self._rules[(found.lastindex or 0) - 1]
            if says["window"] == "kept":
                continue
            told = _compiled(rule).match(text, found.start())
            assert told is not None
            window = _merged(window, self._window(says, told.groupdict()))
            calendar = calendar or says["window"] == "calendar"
            left, at = f"{left}{text[at : found.start()]}", found.end()
        return Timed(f"{left}{text[at:]}".split(), window, calendar)

    def _window(self, says: dict[str, Any], told: _Told) -> Window | None:
        name = says["window"]
        if name in _FIXED:
            return _FIXED[name]
        low, high = self._edges(says, told)
        a_s, b_s, tolerance_s = low.seconds, high and high.seconds, 0.0
        match name:
            case "ago":
                b_s = math.inf if says.get("longer") else b_s
                tolerance_s = MIN_TOLERANCE_S if high else low.tolerance_s
            case "last":
                tolerance_s = low.looseness_s
            case "first" if low.vague:
                name, tolerance_s = "start", START_S / 2
            case "first":
                name, a_s, b_s, tolerance_s = "between", 0.0, a_s, low.looseness_s
            case "at":
                tolerance_s = low.tolerance_s * (2 if told.get("h") else 1)
        if name == "until":
            return Window(name, None, a_s, says.get("tolerance_s", 0.0))
        if b_s is not None:
            a_s, b_s = sorted((a_s, b_s))
        return Window(name, a_s, b_s, says.get("tolerance_s", tolerance_s))

    def _edges(self, says: dict[str, Any], told: _Told) -> tuple[Duration, Duration | None]:
        """What a pattern tells of the window's edges; where it tells nothing, it is the start."""
        low = self._moment(told.get("p"))
        high = self._moment(told.get("q"))
        unit_s = self._units.get(told.get("u") or "", 1.0)
        if told.get("t"):
            found = self._duration.match(f"{told.get('h') or ''}{told['t']}")
            low = self._length(found) if found else None
        elif rank := self._ordinals.get(told.get("o") or ""):
            low, high = Duration(unit_s * (rank - 1)), Duration(unit_s * rank)
            if says["window"] != "between":
                low, high = high if says.get("ended") else low, None
        elif told.get("s"):
            found = self._duration.match(f"{says.get('single', 1)} {told['s']}")
            low = replace(self._length(found), tolerance_s=0.0) if found else None
        if told.get("n"):  # "between 10 and 20 seconds": the unit stands once
            low = Duration(self._value(told["n"] or "") * (high.unit_s if high else 1.0), AT_TOLERANCE_S)
        if told.get("m"):
            high = Duration(self._value(told["m"] or "") * (low.unit_s if low else 1.0))
        return low or Duration(0.0), high

    # --- amounts ----------------------------------------------------------------------------------

    def _moment(self, said: str | None) -> Duration | None:
        """Where in the media a moment is."""
        told = self._point.match(said) if said else None
        if told is None:
            return None
        parts = told.groupdict()
        if parts["c"]:
            return Duration(_clock(parts["c"]), AT_TOLERANCE_S)
        found = self._duration.match(parts["t"]) if parts["t"] else None
        if found:
            length = self._length(found)
            return replace(length, tolerance_s=max(AT_TOLERANCE_S, length.tolerance_s / 2))
        unit_s = self._units.get(parts["u"] or "", 1.0)
        seconds = unit_s * self._value(parts["n"])
        return Duration(seconds, max(AT_TOLERANCE_S, unit_s / 10), unit_s)

    def _length(self, found: re.Match[str]) -> Duration:
        """What a duration's words mean together."""
        told = found.groupdict()
        value, unit_s, spread = self._value(told["n"] or told.get("a") or ""), self._units[told["u"]], 0.0
        value += self._part(told, "f")
        upper = told.get("m") or told.get("w")
        if upper:
            spread = abs(self._value(upper) - value) / 2
            value = (self._value(upper) + value) / 2
        seconds = (value + self._part(told, "g")) * unit_s
        seconds += self._part(told, "k") * self._units.get(told.get("v") or "", 1.0)
        words = f"{told.get('a') or ''} {told['u']}".split()
        share = loosest = max(EXACT, *(self._shares.get(word, EXACT) for word in words))
        if told["h"] or told.get("e"):
            share += HEDGED - EXACT
        tolerance_s = round(max(MIN_TOLERANCE_S, share * seconds, spread * unit_s), 3)
        return Duration(seconds, tolerance_s, unit_s, loosest == FEW, len(found[0].split()))

    def _part(self, told: _Told, slot: str) -> float:
        said = told.get(slot)
        return self._value(said) if said else 0.0

    def _value(self, said: str) -> float:
        """A number: as the table has it, as digits, or of words of the table ("twenty five")."""
        if said in self._values:
            return self._values[said]
        if said[0].isdigit():
            return float(said.replace(",", "."))
        total = 0.0
        for word in said.split():
            value = self._values[word]
            total = total * value if value >= 100 else total + value
        return total


@cache
def _compiled(rule: str) -> re.Pattern[str]:
    """A pattern with its slots told apart: only of what was found, since compiling takes long."""
    return re.compile(rule)


def _clock(said: str) -> float:
    """Seconds of "m:ss" or "h:mm:ss"."""
    seconds = 0.0
    for part in said.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def _without_groups(rule: str) -> str:
    return _GROUP.sub("(?:", rule)


def _merged(old: Window | None, new: Window | None) -> Window | None:
    """ "After 0:30 and before 1:00" is one window; otherwise the first that was said counts."""
    if old and new and {old.kind, new.kind} == {"since", "until"}:
        since, until = (old, new) if old.kind == "since" else (new, old)
        return Window("between", since.a_s, until.b_s, 0.0)
    return old or new
