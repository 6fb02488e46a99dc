"""Works the jobs of slow senses in threads of their own, sessions in turn. Knows no fold.

Each sense has one thread and one queue. A queue holds jobs, not media, and as many of a session as
its state may wait for; media is decoded when a job's turn has come.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from functools import partial

from ttm_model.slow import Finding, SenseName, SlowSense
from ttm_server.media import job_media
from ttm_server.worker.gate import Gate
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.slow_jobs import ERROR, Outcome, Work, left_out
from ttm_server.worker.threads import WatchedThreads, Watching

log = logging.getLogger(__name__)


class _Turns:
    """Works of many sessions: one of each in turn, a session's own in order."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Work]] = OrderedDict()
        self._some = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, sid: str, work: Work) -> None:
        self._waiting.setdefault(sid, deque()).append(work)
        self._some.set()

    async def take(self) -> Work:
        """The next one that somebody still waits for."""
        while True:
            await self._some.wait()
            sid, works = self._waiting.popitem(last=False)
            work = works.popleft()
            if works:
                self._waiting[sid] = works  # at the end of the line
            if not self._waiting:
                self._some.clear()
            if not work.dropped:
                return work


class SlowWork:
    """`found` is set whenever a job has come to something.

    Jobs run only while `gate` is open: a sense's bug can end the process, which must not happen
    while another session is tried.
    """

    def __init__(
        self,
        senses: Mapping[SenseName, SlowSense],
        gate: Gate,
        found: asyncio.Event,
        metrics: WorkerMetrics,
        watching: Watching = nullcontext,
    ) -> None:
        self.senses = senses
        self._gate = gate
        self._found = found
        self._metrics = metrics
        self._turns = {name: _Turns() for name in senses}
        self._threads = {name: WatchedThreads(f"slow {name}", 1, watching) for name in senses}
        self._has_failed: set[SenseName] = set()
        self._going = asyncio.Event()
        self._going.set()

    def submit(self, sid: str, works: Iterable[Work]) -> None:
        """Have jobs of a session worked when their turn comes."""
        for work in works:
            self._turns[work.job.sense].put(sid, work)
            self._count(work.job.sense)

    async def serve(self) -> None:
        """Work what is submitted, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name in self.senses:
                group.create_task(self._serve(name))

    def pause(self, pausing: bool) -> None:
        """Begin no job for now, or go on: a long one would keep the gate's next user waiting."""
        if pausing:
            self._going.clear()
        else:
            self._going.set()

    async def work_alone(self, works: Iterable[Work], within_s: float = math.inf) -> None:
        """Work these now, whatever the gate; nothing else of this kind may run.

        None is begun after `within_s`: the rest is left to `submit`.
        """
        until_s = time.monotonic() + within_s
        for work in works:
            if time.monotonic() < until_s:
                await self._work(work)

    def count_left_out(self, outcomes: Iterable[Outcome]) -> None:
        """Count what came to nothing, as it enters a memory."""
        for one in outcomes:
            if one.fault is not None:
                reason = one.fault.removeprefix(f"{one.job.sense}_")
                self._metrics.slow_left_out.labels(one.job.sense, reason).inc()

    def shutdown(self) -> None:
        """Wait for the jobs that run; the others are dropped."""
        for threads in self._threads.values():
            threads.shutdown()

    async def _serve(self, name: SenseName) -> None:
        while True:
            work = await self._turns[name].take()
            self._count(name)
            await self._going.wait()
            async with self._gate.passing():
                if not work.dropped:
                    await self._work(work)
            self._found.set()

    async def _work(self, work: Work) -> None:
        name, part = work.job.sense, work.part
        assert part is not None, "a job without media needs no work"
        began_s = time.monotonic()
        try:
            find = partial(_find, self.senses[name], work)
            outcome = Outcome(work.job, await self._threads[name].run(find))
        except Exception:
            # Once: the same bug may come with every job.
            if name not in self._has_failed:
                log.exception("slow sense %s failed; such jobs come to nothing", name)
            self._has_failed.add(name)
            outcome = left_out(work.job, ERROR)
        self._metrics.slow_seconds.labels(name).observe(time.monotonic() - began_s)
        work.finish(outcome)

    def _count(self, name: SenseName) -> None:
        self._metrics.slow_waiting.labels(name).set(len(self._turns[name]))


def _find(sense: SlowSense, work: Work) -> Finding:
    assert work.part is not None
    payloads = [chunk.payload for chunk in work.part.chunks]
    return sense.find(work.job, job_media(work.job, payloads))
