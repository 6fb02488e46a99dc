"""When a session's steps are committed: pure, without a clock, Redis or session.

Until then its chunks stay in the input stream, so a crash costs the work of folding them again and
nothing else; each commit costs a whole state on the way to the store and to its disk. A commit is
also what others see: events, the applied position, answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

QUIET_DURATIONS = 1.5  # so many chunk durations without a next chunk: the stream has paused


class Reason(StrEnum):
    """Why a commit is due."""

    ASKED = "asked"
    NOTICED = "noticed"
    STEPS = "steps"
    AGE = "age"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncommitted:
    """What is applied and not committed."""

    steps: int
    age_s: float  # since the oldest of these steps
    noticed: bool  # whether they left events that somebody may wait for
    asked: bool  # whether a question waits for one of them
    quiet_s: float | None  # since the newest step, while nothing else waits; None: more waits
    chunk_s: float  # duration of the newest chunk


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """After `every_steps` steps, after `every_s` seconds, and where somebody waits for it."""

    every_steps: int
    every_s: float

    @classmethod
    def within(cls, every_steps: int, every_s: float, input_capacity: int) -> Self:
        """A policy under which uncommitted chunks never fill more than half of the input."""
        return cls(min(every_steps, max(1, input_capacity // 2)), every_s)

    def due(self, left: Uncommitted) -> Reason | None:
        """Why to commit now, or None."""
        if left.steps < 1:
            return None
        quiet = left.quiet_s is not None
        paused = left.quiet_s is not None and left.quiet_s >= QUIET_DURATIONS * left.chunk_s
        reasons = (
            (Reason.ASKED, left.asked),
            (Reason.STEPS, left.steps >= self.every_steps),
            (Reason.AGE, left.age_s >= self.every_s),
            (Reason.NOTICED, left.noticed and quiet),
            (Reason.QUIET, paused),
        )
        return next((reason for reason, holds in reasons if holds), None)
