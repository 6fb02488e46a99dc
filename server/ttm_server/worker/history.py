"""The newest input that a memory has taken in: slow senses get their media of it. Knows no store.

What is there for a job follows from chunks and jobs alone, never from when or by whom it is looked
for: every owner of a session must come to the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ttm_model.slow import KEPT_S, Job

MAX_KEPT_CHUNKS = 128
MAX_KEPT_BYTES = 16 * 1024 * 1024
# After a memory was put in place: so much less than a job's whole media is still enough, since
# engines listen a moment back from where something begins.
GRACE_S = 0.5
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Taken:
    """One chunk as it is stored, with its place on the media clock."""

    seq: int
    start_s: float
    end_s: float
    payload: bytes
    before_bytes: int = 0  # of all chunks that came before it, since this history began


@dataclass(frozen=True, slots=True)
class Part:
    """The chunks of one job's media, in order."""

    chunks: tuple[Taken, ...]


class History:
    """Chunks back to KEPT_S before the newest one's end, further for jobs that still need them.

    `from_s`: from this media time on it has everything that came; -inf: there is nothing before,
    inf: the memory was put in place, and no chunk has come since.
    """

    def __init__(self, from_s: float = -math.inf) -> None:
        self.from_s = from_s
        self._chunks: deque[Taken] = deque()
        self._bytes = 0
        self._clock_s = -math.inf

    def first(self, applied: int) -> int:
        """The number of the first chunk that is kept."""
        return self._chunks[0].seq if self._chunks else applied + 1

    def end_of(self, seq: int) -> float | None:
        """Media time at the end of a chunk that is kept."""
        return next((chunk.end_s for chunk in self._chunks if chunk.seq == seq), None)

    def add(self, seq: int, start_s: float, end_s: float, payload: bytes) -> None:
        """The next chunk, which the memory has just taken in."""
        if self.from_s == math.inf:
            self.from_s = start_s - GRACE_S
        self._chunks.append(Taken(seq, start_s, end_s, payload, self._bytes))
        self._bytes += len(payload)
        self._clock_s = max(self._clock_s, end_s)

    def part(self, job: Job) -> Part | None:
        """The chunks that hold a job's media; None where some of them are not there."""
        if job.start_s < max(self.from_s, job.due_s - KEPT_S - _ROUNDING_S):
            return None
        until_s = job.end_s if job.sense == "speech" else job.start_s
        chunks = list(self._chunks)
        while chunks and chunks[0].end_s < job.start_s:
            del chunks[0]
        while chunks and chunks[-1].start_s > until_s:
            del chunks[-1]
        return Part(tuple(chunks)) if chunks else None

    def still_whole(self, part: Part) -> bool:
        """Whether this part and all that came after it lie within the bounds of what is kept.

        Asked when a job is due, so that the answer does not depend on who found what when.
        """
        return self._within_bounds(part.chunks[0])

    def drop(self, needed: Iterable[Part]) -> None:
        """Keep no more than is needed for these parts and for jobs to come, within the bounds."""
        first = min((part.chunks[0].seq for part in needed), default=math.inf)
        while self._chunks:
            oldest = self._chunks[0]
            young = oldest.end_s > self._clock_s - KEPT_S or oldest.seq >= first
            if young and self._within_bounds(oldest):
                return
            self._chunks.popleft()
            self.from_s = max(self.from_s, oldest.end_s)

    def clear(self) -> None:
        """Everything so far was settled: what comes next has nothing before it."""
        self._chunks.clear()
        self.from_s = self._clock_s = -math.inf

    def _within_bounds(self, oldest: Taken) -> bool:
        return (
            self._bytes - oldest.before_bytes <= MAX_KEPT_BYTES
            and self._chunks[-1].seq - oldest.seq < MAX_KEPT_CHUNKS
        )
