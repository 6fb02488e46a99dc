"""What one session's client sent, what it was promised, and which state must follow from it.

Knows no socket and no store: clients and faults write down what happened, the judge reads it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from chain import EMPTY, Chain, Fold, dumped, is_flushed, loaded
from crash.source import ChunkSource
from ttm_protocol.messages import Chunk, Gap


@dataclass(frozen=True, slots=True)
class Loss:
    """Chunks that were acknowledged as durable and that a later `ready` asked for again."""

    first: int
    last: int
    acked_at_s: float
    found_at_s: float


@dataclass(slots=True)
class _Epoch:
    """From position `start` on the memory is a fold that begins at `first`.

    `fold` has come to position `at`, with streams that ended after so many of its chunks.
    """

    start: int
    first: Chain
    at: int = 0
    ends: tuple[int, ...] = ()
    fold: Fold = field(default_factory=Fold)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Fold from the beginning again."""
        self.at, self.ends, self.fold = self.start, (), Fold(self.first)

    def take_in(self, chunk: Chunk, ends: bool) -> None:
        """The next chunk, after which the stream may have ended."""
        self.fold.chunk(chunk)
        self.at += 1
        if ends and not is_flushed(self.fold.state):
            self.fold.end()
            self.ends += (self.at - self.start,)


@dataclass(slots=True)
class Ledger:
    """One session's truth. Times are seconds of the monotonic clock."""

    session: int
    sid: str
    source: ChunkSource
    rate: float  # chunks per second that the client produces
    started_at_s: float = field(default_factory=time.monotonic)
    sent: int = 0  # highest chunk number that was ever sent
    produced: int | None = None  # how many there are in all, once production has stopped
    durable: int = 0  # highest acknowledged
    applied: int = 0  # highest acknowledged or seen
    acks: list[tuple[float, int]] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    superseded: int = 0
    finished: bool = False
    ends: set[int] = field(default_factory=set)  # positions at which it said that it ends
    # Held while somebody looks at the memory or replaces it, so that a look has one truth.
    memory_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _epochs: list[_Epoch] = field(default_factory=lambda: [_Epoch(0, EMPTY)])

    def available(self) -> int:
        """The highest chunk number that may be sent now."""
        if self.produced is not None:
            return self.produced
        return int((time.monotonic() - self.started_at_s) * self.rate)

    def stop_producing(self) -> None:
        """No more chunks than were sent, and the one that may be under way in a thread."""
        if self.produced is None:
            self.produced = self.sent + 1

    def take(self, seq: int) -> Chunk:
        """Chunk `seq`, to be sent now."""
        self.sent = max(self.sent, seq)
        return self.source.chunk(seq)

    def note_ready(self, next_seq: int) -> None:
        """The server asks for chunks from `next_seq` on."""
        if next_seq <= self.durable:
            acked_at_s = next(at_s for at_s, durable in self.acks if durable >= next_seq)
            self.losses.append(Loss(next_seq, self.durable, acked_at_s, time.monotonic()))
            # What is acknowledged again may be lost again: its age counts from then.
            self.acks = [(at_s, durable) for at_s, durable in self.acks if durable < next_seq]
            self.durable = next_seq - 1

    def note_ack(self, durable: int, applied: int) -> None:
        """Chunks up to `durable` were promised to survive, those up to `applied` are in memory."""
        self.applied = max(self.applied, applied)
        if durable > self.durable:
            self.durable = durable
            self.acks.append((time.monotonic(), durable))

    def note_refusal(self, code: str) -> None:
        """The server ended a connection with this error code."""
        self.refusals[code] = self.refusals.get(code, 0) + 1

    def replaced(self, position: int, memory: bytes) -> None:
        """Another memory was put in place when `position` chunks had been applied."""
        self._epochs.append(_Epoch(position, loaded(memory)))

    def take_replacement_back(self) -> None:
        """The last replacement was lost with the server, within what its durability allows."""
        self._epochs.pop()

    @property
    def replaced_at(self) -> int:
        """Position of the last replacement, 0 where there was none."""
        return self._epochs[-1].start

    def is_true(self, position: int, memory: bytes) -> bool:
        """Whether this is what the memory must be at a position, now.

        Where streams ended is told by the memory itself, and believed where the client said so.
        """
        epoch = self._epochs[-1]
        claimed = loaded(memory).flushes
        ended = {epoch.start + count for count in claimed}
        if ended <= self.ends and not (claimed and claimed[-1] > position - epoch.start):
            return memory == self.state_at(position, claimed)
        return False

    def state_at(self, position: int, ends: tuple[int, ...] = ()) -> bytes | None:
        """What the memory must be at a position now, with streams that ended after so many chunks
        of it; None for a position that cannot be.
        """
        epoch = self._epochs[-1]
        if not epoch.start <= position <= max(self.sent, epoch.start):
            return None
        known = tuple(end for end in ends if end <= epoch.at - epoch.start)
        if position < epoch.at or known != epoch.ends:
            epoch.begin()
        while epoch.at < position:
            chunk = self.source.chunk(epoch.at + 1)
            epoch.take_in(chunk, epoch.at + 1 - epoch.start in ends)
        return dumped(epoch.fold.state)

    def gaps_at(self, position: int) -> list[Gap]:
        """The gaps that the session must show at a position: what its client declared."""
        return self.source.gaps(self._epochs[-1].start + 1, position)
