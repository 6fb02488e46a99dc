"""Slow work that a session has asked for and not had yet: a bounded table, part of its state.

A value; every change is another value. What is left out where places run out is a rule of the fold,
so whoever goes on from the same state leaves out the same. Knows no sense and no media.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Annotated, Self, get_args

import torch
from torch import Tensor

from ttm_model.declared import Declared, Kept
from ttm_model.slow import Job, SenseName
from ttm_protocol.errors import StateIncompatible

PLACES = 32
SENSES: tuple[SenseName, ...] = get_args(SenseName)
EMPTY = -1
NEVER_LEFT_OUT: SenseName = "speech"


@dataclass(frozen=True, slots=True)
class Pending(Declared):
    """Jobs by number, the first places filled."""

    sense: Annotated[Tensor, Kept(torch.int8, (PLACES,), EMPTY)]  # index into SENSES
    number: Annotated[Tensor, Kept(torch.int64, (PLACES,))]
    start_s: Annotated[Tensor, Kept(torch.float64, (PLACES,))]
    end_s: Annotated[Tensor, Kept(torch.float64, (PLACES,))]
    due_s: Annotated[Tensor, Kept(torch.float64, (PLACES,))]
    next_number: Annotated[Tensor, Kept(torch.int64)]
    left_out: Annotated[Tensor, Kept(torch.int64, (len(SENSES),))]  # jobs of each sense, ever

    @classmethod
    def initial(cls) -> Self:
        """Nothing was asked for yet; the first job will be number 0."""
        return cls.blank({})

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A stored table of the right shapes; raises StateIncompatible where it cannot be one."""
        table = cls.of(tensors)
        kinds = table.sense.tolist()
        held = sum(kind != EMPTY for kind in kinds)
        if any(not 0 <= kind < len(SENSES) for kind in kinds[:held]):
            raise StateIncompatible(f"jobs: sense is {kinds}, must be 0 to 2 and then {EMPTY}")
        jobs = table.pending()
        numbers = [*(job.number for job in jobs), int(table.next_number)]
        if numbers[0] < 0 or any(a >= b for a, b in itertools.pairwise(numbers)):
            raise StateIncompatible(f"jobs: number is {numbers}, must grow up to next_number")
        for job in jobs:
            times_s = (job.start_s, job.end_s, job.due_s)
            if not all(map(isfinite, times_s)) or not 0.0 <= job.start_s <= job.end_s:
                raise StateIncompatible(f"jobs: start_s, end_s, due_s are {times_s}")
        if bool((table.left_out < 0).any()):
            raise StateIncompatible(f"jobs: left_out is {table.left_out.tolist()}")
        return table

    def pending(self) -> tuple[Job, ...]:
        """Every job that is not done, by number."""
        rows = zip(
            *(t.tolist() for t in (self.sense, self.number, self.start_s, self.end_s, self.due_s)),
            strict=True,
        )
        return tuple(Job(SENSES[kind], *rest) for kind, *rest in rows if kind != EMPTY)

    def due(self, end_s: float) -> tuple[Job, ...]:
        """Those whose findings enter with a chunk that ends at `end_s`, by number."""
        return tuple(job for job in self.pending() if job.due_s <= end_s)

    def added(self, jobs: Iterable[Job]) -> Self:
        """With more jobs, which get the next numbers whatever number they have.

        Where places run out the newest job of reading or people is left out, and counted; speech
        never is. A job that is left out at once takes no number.
        """
        kept = list(self.pending())
        after, left_out = int(self.next_number), self.left_out.clone()
        for job in jobs:
            if len(kept) == PLACES:
                gone = _newest_that_may_go([*kept, job])
                left_out[SENSES.index(gone.sense)] += 1
                if gone is job:
                    continue
                kept.remove(gone)
            kept.append(replace(job, number=after))
            after += 1
        number = torch.tensor(after, dtype=torch.int64)
        return self._of(kept).updated(next_number=number, left_out=left_out)

    def without(self, numbers: Collection[int]) -> Self:
        """Without the jobs of these numbers, which are done."""
        return self._of([job for job in self.pending() if job.number not in numbers])

    def due_now(self, clock_s: float) -> Self:
        """With every job due at `clock_s` at the latest: nothing more will come to wait for."""
        jobs = [replace(job, due_s=min(job.due_s, clock_s)) for job in self.pending()]
        return self._of(jobs)

    def left_out_by_sense(self) -> dict[SenseName, int]:
        """How many jobs of each sense were left out, ever."""
        return dict(zip(SENSES, self.left_out.tolist(), strict=True))

    def _of(self, jobs: Sequence[Job]) -> Self:
        table = type(self).initial()
        for place, job in enumerate(jobs):
            table.sense[place] = SENSES.index(job.sense)
            table.number[place] = job.number
            table.start_s[place] = job.start_s
            table.end_s[place] = job.end_s
            table.due_s[place] = job.due_s
        return table.updated(next_number=self.next_number, left_out=self.left_out)


def _newest_that_may_go(jobs: Sequence[Job]) -> Job:
    may_go = [job for job in jobs if job.sense != NEVER_LEFT_OUT]
    # Utterances are closed one after another and wait for LAG_S: so many never wait at once.
    assert may_go, "every place is taken by speech"
    return may_go[-1]
