"""Which sessions step now: pure, without a clock, torch or Redis.

At most one step per session per batch, because a session's steps depend on each other. The session
that has waited longest since its last step goes first, so that a session with a long backlog
cannot starve the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Scheduler:
    """Fair choice of up to `max_batch` sessions per round."""

    max_batch: int
    _round: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def schedule(self, ready: Iterable[str]) -> list[str]:
        """Sessions of this round out of those that have a decoded chunk waiting."""
        self._round += 1
        chosen = sorted(set(ready), key=lambda sid: (self._last.get(sid, 0), sid))[: self.max_batch]
        for sid in chosen:
            self._last[sid] = self._round
        return chosen

    def forget(self, session_id: str) -> None:
        """The session has left this worker."""
        self._last.pop(session_id, None)
