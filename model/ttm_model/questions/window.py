"""Time windows of a question. They know media seconds and "now", nothing of words or of memory."""

import math
from dataclasses import dataclass
from typing import Literal

WindowKind = Literal["ago", "last", "start", "end", "between", "at", "since", "until"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the media, in seconds.

    `ago`, `last` and `end` are measured back from now (the end of the media so far); the others
    are media times. `ago` with `b_s` set is a range: between `a_s` and `b_s` before now (`b_s`
    may be infinite: "more than a minute ago"). `start` and `end` are `a_s` long. `since` begins
    at `a_s`, `until` stops at `b_s`. `tolerance_s` widens every inner edge.
    """

    kind: WindowKind
    a_s: float | None = None
    b_s: float | None = None
    tolerance_s: float = 0.0

    def resolve(self, now_s: float) -> tuple[float, float]:
        """Give (start, end) in media seconds, clamped to [0, now_s]; now_s below 0 counts as 0."""
        now = now_s if math.isfinite(now_s) and now_s > 0 else 0.0
        low, high = self._edges(now)
        low = min(max(low, 0.0), now)
        return low, min(max(high, low), now)

    def _edges(self, now: float) -> tuple[float, float]:
        a = self.a_s or 0.0
        b = a if self.b_s is None else self.b_s
        tol = self.tolerance_s
        match self.kind:
            case "ago":
                return now - b - tol, now - a + tol
            case "last" | "end":
                return now - a - tol, now
            case "start":
                return 0.0, a + tol
            case "between" | "at":
                return a - tol, b + tol
            case "since":
                return a - tol, now
            case "until":
                return 0.0, b + tol


START_S = 10.0
NOW_S = 10.0
LATELY_S = 120.0
START = Window("start", START_S, None, START_S / 2)
NOW = Window("end", NOW_S, None, NOW_S / 2)
LATELY = Window("last", LATELY_S, None, LATELY_S / 2)
