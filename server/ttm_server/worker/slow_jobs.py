"""One session's slow work: which jobs its state waits for, and what came of each. Knows no thread.

A job's finding enters at the step at which it is due, so what is kept here is work that may be lost
at any time: the next owner does it again and comes to the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from ttm_model.slow import Finding, Heard, Job, People, Read, SenseName
from ttm_protocol.messages import Gap
from ttm_server.media import DecodedChunk
from ttm_server.store.types import Kept
from ttm_server.worker.history import History, Part

NOTHING: Mapping[SenseName, Finding] = {"speech": Heard(), "reading": Read(), "people": People()}
MISSING, ERROR = "missing", "error"
_Key = tuple[SenseName, int, float, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job came to; `fault`: why it is empty, as a gap's reason."""

    job: Job
    finding: Finding
    fault: str | None = None

    @property
    def gaps(self) -> list[Gap]:
        """What memory did not get."""
        job = self.job
        return [] if self.fault is None else [Gap(job.start_s, job.end_s, self.fault)]


def left_out(job: Job, why: str) -> Outcome:
    """A job that came to nothing: its media is missing, or its sense failed."""
    return Outcome(job, NOTHING[job.sense], f"{job.sense}_{why}")


@dataclass(eq=False, slots=True)
class Work:
    """One job on its way."""

    job: Job
    part: Part | None  # None: its media is not there
    outcome: Outcome | None = None
    dropped: bool = False  # nobody waits for it any more
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self, outcome: Outcome) -> None:
        """Hand the outcome over."""
        self.outcome = outcome
        self.done.set()


class SlowJobs:
    """The jobs that a session's live state waits for, and the input that they are worked from.

    `senses`: those that this worker has. Without any, no input is kept.
    """

    def __init__(
        self,
        senses: Collection[SenseName] = (),
        history: History | None = None,
        missing: Collection[int] = (),
    ) -> None:
        self.history = History() if history is None else history
        self._senses = senses
        self._missing = frozenset(missing)  # numbers of jobs that were left out before
        self._works: dict[_Key, Work] = {}

    @classmethod
    def resumed(
        cls, senses: Collection[SenseName], kept: str | None, chunks: Iterable[DecodedChunk]
    ) -> Self:
        """Of a stored state: `kept` as its last commit said it, and the input that is there.

        None: the memory was put in place, and nothing of what it is made of is here.
        """
        first, *numbers = (kept or ("inf" if kept is None else "-inf")).split()
        history = History(float(first))
        jobs = cls(senses, history, [int(number) for number in numbers])
        for chunk in chunks:
            jobs._add(chunk)
        return jobs

    def follow(self, jobs: Sequence[Job]) -> list[Work]:
        """The live state waits for `jobs` now; returns the new ones, which are to be worked."""
        new = self.new_works(jobs)
        wanted = {_key(job) for job in jobs}
        for key in [key for key in self._works if key not in wanted]:
            self._works.pop(key).dropped = True
        self._works |= {_key(work.job): work for work in new}
        parts = (work.part for work in self._works.values())
        self.history.drop([part for part in parts if part is not None])
        return [work for work in new if work.outcome is None]

    def stepped(self, chunk: DecodedChunk, jobs: Sequence[Job]) -> list[Work]:
        """A chunk was taken in, after which the state waits for `jobs`; returns the new ones."""
        self._add(chunk)
        return self.follow(jobs)

    def new_works(self, jobs: Sequence[Job]) -> list[Work]:
        """Works for those of `jobs` that the live state does not wait for; nothing is changed."""
        return [self._new(job) for job in jobs if _key(job) not in self._works]

    def of(self, job: Job) -> Work | None:
        """The work of a job that the live state waits for."""
        return self._works.get(_key(job))

    def unfinished(self, due_s: float = math.inf) -> list[Work]:
        """What is still to be worked, of what is due by then."""
        works = self._works.values()
        return [work for work in works if work.outcome is None and work.job.due_s <= due_s]

    def is_ready(self, chunk_end_s: float) -> bool:
        """Whether everything has been found that is due with a chunk that ends then."""
        return all(work.outcome is not None for work in self._due(chunk_end_s))

    def due(self, chunk_end_s: float) -> list[Outcome]:
        """The outcomes that enter with a chunk that ends then; `is_ready` holds."""
        return [self.settled(work) for work in self._due(chunk_end_s)]

    def settled(self, work: Work) -> Outcome:
        """What a work that is done comes to now that it is due."""
        assert work.outcome is not None
        return left_out(work.job, MISSING) if self._outgrown(work) else work.outcome

    def kept(self, applied: int) -> Kept:
        """What a commit at `applied` keeps of the input, and tells the next owner."""
        if not self._senses:
            return Kept(first=applied + 1)
        missing = [work.job.number for work in self._works.values() if work.part is None]
        missing += [work.job.number for work in self._works.values() if self._outgrown(work)]
        said = " ".join(map(str, [repr(self.history.from_s), *sorted(missing)]))
        return Kept(first=self.history.first(applied), said=said)

    def clear(self) -> None:
        """The state was flushed: nothing is pending, and no input is needed any more."""
        self.follow(())
        self.history.clear()

    def abandon(self) -> None:
        """Nobody waits for any of it: the session is another's."""
        for work in self._works.values():
            work.dropped = True

    def _due(self, chunk_end_s: float) -> list[Work]:
        return [work for work in self._works.values() if work.job.due_s <= chunk_end_s]

    def _outgrown(self, work: Work) -> bool:
        return work.part is not None and not self.history.still_whole(work.part)

    def _new(self, job: Job) -> Work:
        is_there = job.sense in self._senses and job.number not in self._missing
        part = self.history.part(job) if is_there else None
        work = Work(job, part)
        if part is None:
            work.finish(left_out(job, MISSING))
        return work

    def _add(self, chunk: DecodedChunk) -> None:
        if self._senses:
            media = chunk.media
            self.history.add(chunk.seq, media.start_s, media.end_s, chunk.payload)


def said_of_flush() -> str:
    """What a flush tells the next owner: nothing lies before what comes."""
    return repr(-math.inf)


def _key(job: Job) -> _Key:
    """What a job is about: the end of a stream may make it due sooner."""
    return job.sense, job.number, job.start_s, job.end_s
