"""Which sessions step now: pure, without a clock, torch or Redis.

At most one step per session per batch, because a session's steps depend on each other. The session
that has waited longest since its last step goes first, so that a session with a long backlog
cannot starve the others. Sessions with an open question may go before their turn, in half of the
room only, so that questions are answered under overload and media goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Scheduler:
    """Fair choice of up to `max_batch` sessions per round."""

    max_batch: int
    _round: int = 0
    _steps: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def schedule(self, ready: Iterable[str], asked: Collection[str] = ()) -> list[str]:
        """Sessions of this round out of those that have a decoded chunk waiting.

        `asked`: sessions that must step before a question of theirs can be answered.
        """
        self._round += 1
        order = sorted(set(ready), key=lambda sid: (self._last.get(sid, 0), sid))
        first = [sid for sid in order if sid in asked][: self._room_for_asked()]
        taken = set(first)
        rest = [sid for sid in order if sid not in taken]
        chosen = first + rest[: self.max_batch - len(first)]
        for sid in chosen:
            # Numbers of steps, not of rounds: equal numbers would let some always win the tie.
            self._steps += 1
            self._last[sid] = self._steps
        return chosen

    def forget(self, session_id: str) -> None:
        """The session has left this worker."""
        self._last.pop(session_id, None)

    def _room_for_asked(self) -> int:
        """Half the batch; where the batch is one session, every other round."""
        return self.max_batch // 2 if self.max_batch > 1 else self._round % 2
