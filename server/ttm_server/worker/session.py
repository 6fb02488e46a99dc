"""One session that this worker owns: its live state and positions. Knows no store and no torch."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ttm_protocol.messages import Event, Gap
from ttm_server.media import DecodedChunk
from ttm_server.store.types import Ask, Kept
from ttm_server.worker.commit_policy import Uncommitted
from ttm_server.worker.slow_jobs import SlowJobs

S = TypeVar("S")
CHANGING = ("teach", "forget")  # questions that change the memory
ANSWERED_KEPT = 256  # replies that may still show as pending in a look-up already under way


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """A state with its position and gaps: what answers are given from.

    `kept`: what a commit of it leaves of the input.
    """

    state: S
    seq: int
    gaps: list[Gap]
    media_s: float
    kept: Kept


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
    slow: SlowJobs
    fetched: int = 0
    flush_at: int | None = None  # the stream has ended here, and that was not committed
    flushed_at: int | None = None  # by this worker; what was looked up before may say otherwise
    decoded: deque[DecodedChunk] = field(default_factory=deque)
    events: list[Event] = field(default_factory=list)
    asks: dict[str, Ask] = field(default_factory=dict)
    answered: deque[str] = field(default_factory=lambda: deque(maxlen=ANSWERED_KEPT))
    room: asyncio.Event = field(default_factory=asyncio.Event)
    stepped_at_s: float = 0.0
    dirty_since_s: float = 0.0
    chunk_s: float = 0.0
    active_at_s: float = 0.0
    stepping: bool = False
    committing: bool = False
    changing: bool = False  # by something that is no chunk: no step may begin
    flushing: bool = False
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
        under_way = self.dirty or self.committing or self.changing or self.replying or self.asks
        return bool(under_way) or self.ends_here or not self.caught_up

    @property
    def ready(self) -> bool:
        """Whether its next chunk may be stepped now: all that is due with it has been found."""
        if not self.decoded or self.changing or self.lost:
            return False
        return self.slow.is_ready(self.decoded[0].media.end_s)

    @property
    def ends_here(self) -> bool:
        """Whether what is committed is the end of the stream, which is to be flushed."""
        return self.flush_at == self.committed.seq != self.flushed_at

    def snapshot(self) -> Snapshot[S]:
        """What is applied now; later steps do not change it."""
        kept = self.slow.kept(self.applied)
        return Snapshot(self.state, self.applied, list(self.gaps), self.media_s, kept)

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
        """Remove and return the questions that can be answered from what is committed.

        After the end of a stream they wait until it is flushed. Those that change the memory are
        not among them.
        """
        due = [ask for ask in self.asks.values() if ask.kind not in CHANGING and self._is_due(ask)]
        for ask in due:
            self.take(ask)
        return due

    def due_change(self) -> Ask | None:
        """The question that changes the memory next, where it can be done now."""
        if self.changing or self.committing or self.stepping or self.lost:
            return None
        asks = self.asks.values()
        return next((ask for ask in asks if ask.kind in CHANGING and self._is_due(ask)), None)

    def take(self, ask: Ask) -> None:
        """A question is being answered."""
        del self.asks[ask.ask_id]
        self.answered.append(ask.ask_id)

    def _is_due(self, ask: Ask) -> bool:
        return ask.barrier <= self.committed.seq and not self.ends_here

    def ask_again(self, ask: Ask) -> None:
        """Let a question whose reply did not reach the store be found again, if it still waits."""
        with contextlib.suppress(ValueError):  # so many others were answered that it is out already
            self.answered.remove(ask.ask_id)
