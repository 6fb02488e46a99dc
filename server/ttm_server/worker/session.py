"""One session that this worker owns: its live state and positions. Knows no store and no torch."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ttm_protocol.messages import Event, Gap
from ttm_server.media import DecodedChunk
from ttm_server.store.types import Ask
from ttm_server.worker.commit_policy import Uncommitted

S = TypeVar("S")
ANSWERED_KEPT = 256  # replies that may still show as pending in a look-up already under way


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """A state with its position and gaps: what answers are given from."""

    state: S
    seq: int
    gaps: list[Gap]


@dataclass(slots=True)
class LiveSession(Generic[S]):
    """state = fold(chunks 1..applied); `committed` is the part of it that is in the store."""

    session_id: str
    fence: str
    state: S
    applied: int
    committed: Snapshot[S]
    gaps: list[Gap]
    media_s: float
    fetched: int = 0
    decoded: deque[DecodedChunk] = field(default_factory=deque)
    events: list[Event] = field(default_factory=list)
    asks: dict[str, Ask] = field(default_factory=dict)
    answered: deque[str] = field(default_factory=lambda: deque(maxlen=ANSWERED_KEPT))
    room: asyncio.Event = field(default_factory=asyncio.Event)
    stepped_at_s: float = 0.0
    dirty_since_s: float = 0.0
    chunk_s: float = 0.0
    active_at_s: float = 0.0
    committing: bool = False
    replying: int = 0  # questions that are being answered now
    retry_at_s: float = 0.0  # no commit before, after one that failed
    lost: bool = False

    @property
    def dirty(self) -> bool:
        """Whether there are steps that are not committed yet."""
        return self.applied > self.committed.seq

    @property
    def caught_up(self) -> bool:
        """Whether nothing that was fetched waits for a step."""
        return not self.decoded and self.fetched == self.applied

    @property
    def busy(self) -> bool:
        """Whether something of it is under way: whoever let it go now would have it done twice."""
        under_way = self.dirty or self.committing or self.replying or self.asks
        return bool(under_way) or not self.caught_up

    def snapshot(self) -> Snapshot[S]:
        """What is applied now; later steps do not change it."""
        return Snapshot(self.state, self.applied, list(self.gaps))

    def uncommitted(self, now_s: float) -> Uncommitted:
        """What a commit would store, at the monotonic time `now_s`."""
        return Uncommitted(
            steps=self.applied - self.committed.seq,
            age_s=now_s - self.dirty_since_s,
            noticed=bool(self.events),
            asked=any(
                self.committed.seq < ask.barrier <= self.applied for ask in self.asks.values()
            ),
            quiet_s=now_s - self.stepped_at_s if self.caught_up else None,
            chunk_s=self.chunk_s,
        )

    @property
    def awaited(self) -> bool:
        """Whether a question waits for chunks that are not applied yet."""
        return any(ask.barrier > self.applied for ask in self.asks.values())

    def take_due_asks(self) -> list[Ask]:
        """Remove and return the questions whose barrier is committed."""
        due = [ask for ask in self.asks.values() if ask.barrier <= self.committed.seq]
        for ask in due:
            del self.asks[ask.ask_id]
            self.answered.append(ask.ask_id)
        return due

    def ask_again(self, ask: Ask) -> None:
        """Let a question whose reply did not reach the store be found again, if it still waits."""
        with contextlib.suppress(ValueError):  # so many others were answered that it is out already
            self.answered.remove(ask.ask_id)
