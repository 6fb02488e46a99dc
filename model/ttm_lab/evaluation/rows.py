"""One measured answer as a flat row. Knows no system and computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ttm_lab.task.interface import Verdict

Kind = Literal["at_time", "beside", "when", "presence", "follows"]
Subject = Literal["present", "random", "hard"]


@dataclass(frozen=True, slots=True)
class Row:
    """What one system answered to one question, and whether that was right."""

    system: str
    load: str
    sigma: float
    episode: int
    kind: Kind
    age_s: float | None = None  # None: about something that never was
    intervening: int | None = None
    rank: int | None = None  # of the true candidate; at_time, beside
    confused: bool | None = None  # at_time, beside: the best was a sight of another event
    error_s: float | None = None  # when; None: no time was given
    p: float | None = None  # presence
    verdict: Verdict | None = None
    subject: Subject | None = None
    evicted: bool | None = None  # None: the system cannot be asked what it holds


@dataclass(frozen=True, slots=True)
class Size:
    """What one system's memory of one episode took."""

    system: str
    load: str
    episode: int
    state_bytes: int
    fold_s: float
    steps: int
