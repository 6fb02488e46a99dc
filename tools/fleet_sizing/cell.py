"""A few workers and their share of a store, chunk by chunk: how late memory is when things happen.

A discrete-event simulation. Workers step in batches, at most one chunk of a session each; the real
commit policy says when to commit; a session belongs to one worker until that ends or the stream
does, and then to any other that has room. What a dead worker had not committed is folded again.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fleet_sizing.figures import Figures
from ttm_server.worker.commit_policy import CommitPolicy, Uncommitted

MAX_BATCH = 16
INPUT_CAPACITY = 64
EVERY_STEPS, EVERY_S = 8, 2.0
TICK_S = 0.2
NOTICED = 0.1  # chunks that leave an event that somebody may wait for


@dataclass(slots=True)
class Session:
    """Chunks by when they were captured; what is stepped and not committed."""

    number: int
    waiting: deque[float] = field(default_factory=deque)
    uncommitted: list[float] = field(default_factory=list)
    owner: int | None = None
    committing: bool = False
    noticed: bool = False
    dirty_s: float = 0.0
    stepped_s: float = 0.0
    held_until_s: float = 0.0  # a lease that is not over


@dataclass(slots=True)
class Worker:
    """Whether it takes sessions, and the batch that it steps."""

    alive: bool = True
    batch: list[Session] = field(default_factory=list)
    owned: dict[int, Session] = field(default_factory=dict)
    life: int = 0  # what was begun in an earlier life does not end in this one


class Cell:
    """`sessions` streams on `workers` workers, for as long as `run` says.

    `most`: sessions that a worker takes; None: as many as it can fold.
    """

    def __init__(
        self,
        figures: Figures,
        workers: int,
        sessions: int,
        rng: random.Random,
        most: int | None = None,
    ) -> None:
        self.figures = figures
        self.most = figures.worker_sessions if most is None else most
        self.now_s = 0.0
        self.lags: list[tuple[float, float]] = []  # when it was applied, and how late
        self.captured = self.folds = self.commits = self.refolded = 0
        self.busy_core_s = 0.0
        self.workers = [Worker() for _ in range(workers)]
        self.sessions = [Session(number) for number in range(sessions)]
        self._rng = rng
        self._policy = CommitPolicy.within(EVERY_STEPS, EVERY_S, INPUT_CAPACITY)
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0
        self._store_free_s = 0.0
        self._away_until_s = 0.0
        for session in self.sessions:
            self.at(rng.uniform(0, figures.chunk_s), self._capture, session)
            self._claim(session)
        self.at(TICK_S, self._tick)

    def at(self, time_s: float, do: Callable[..., None], *words: Any) -> None:
        """Let something happen."""
        heapq.heappush(self._events, (time_s, self._order, do, words))
        self._order += 1

    def run(self, until_s: float) -> None:
        """Let everything happen that happens until then."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, do, words = heapq.heappop(self._events)
            do(*words)

    @property
    def left(self) -> int:
        """Chunks that are captured and not in committed memory."""
        return sum(len(one.waiting) + len(one.uncommitted) for one in self.sessions)

    # --- what can happen --------------------------------------------------------------------------

    def drain(self, number: int, *, comes_back: bool = True) -> None:
        """A worker commits and hands over: a deploy, where it starts again, or a scale-down."""
        worker = self.workers[number]
        worker.alive = False
        worker.life += 1
        # What is being stepped has its chunk back: the real one ends its batch and commits it.
        for session in self._owned(number):
            self._commit_now(session)
        self.at(self.now_s + self.figures.hand_over_s, self._hand_over, number)
        if comes_back:
            self.at(self.now_s + self.figures.worker_start_s, self._start, number)

    def kill(self, number: int) -> None:
        """A worker dies: its sessions wait for their leases and go on from the last commit."""
        worker = self.workers[number]
        worker.alive = False
        worker.life += 1
        until_s = self.now_s + self.figures.lease_s * self.figures.recovery_leases
        for session in self._owned(number):
            self.refolded += len(session.uncommitted)
            session.waiting.extendleft(reversed(session.uncommitted))
            session.uncommitted, session.committing = [], False
            session.held_until_s = until_s
            self._give(session, None)
        worker.batch = []
        self.at(self.now_s + self.figures.worker_start_s, self._start, number)

    def fail_over(self) -> None:
        """The store takes nothing for a while: clients keep their chunks, workers their states."""
        self._away_until_s = self.now_s + self.figures.failover_s

    def _start(self, number: int) -> None:
        self.workers[number].alive = True

    def _hand_over(self, number: int) -> None:
        for session in self._owned(number):
            self._commit_now(session)
            self._give(session, None)
            self._claim(session)

    def _capture(self, session: Session) -> None:
        self.captured += 1
        session.waiting.append(self.now_s)
        self.at(self.now_s + self.figures.chunk_s, self._capture, session)
        self._work(session.owner)

    def _tick(self) -> None:
        for session in self.sessions:
            if session.owner is None:
                self._claim(session)
            self._consider(session)
        for number in range(len(self.workers)):
            self._work(number)
        self.at(self.now_s + TICK_S, self._tick)

    # --- workers ----------------------------------------------------------------------------------

    def _owned(self, number: int) -> list[Session]:
        return list(self.workers[number].owned.values())

    def _give(self, session: Session, number: int | None) -> None:
        if session.owner is not None:
            del self.workers[session.owner].owned[session.number]
        session.owner = number
        if number is not None:
            self.workers[number].owned[session.number] = session

    def _claim(self, session: Session) -> None:
        """Whoever waits takes it: any that has room, not the one with the least to do."""
        if session.held_until_s > self.now_s or self._away:
            return
        free = [
            number
            for number, worker in enumerate(self.workers)
            if worker.alive and len(worker.owned) < self.most
        ]
        if free:
            self._give(session, self._rng.choice(free))
            self._work(session.owner)

    @property
    def _away(self) -> bool:
        return self.now_s < self._away_until_s

    def _work(self, number: int | None) -> None:
        if number is None or self._away:
            return
        worker = self.workers[number]
        if not worker.alive or worker.batch:
            return
        ready = [one for one in worker.owned.values() if one.waiting]
        if not ready:
            return
        worker.batch = sorted(ready, key=lambda one: one.waiting[0])[:MAX_BATCH]
        cost = self.figures.fold_core_s * self.figures.chunk_s * len(worker.batch)
        done_s = self.now_s + cost / self.figures.worker_cores
        self.at(done_s, self._stepped, number, worker.life, cost)

    def _stepped(self, number: int, life: int, cost: float) -> None:
        worker = self.workers[number]
        if worker.life != life:
            worker.batch = []
            return
        batch, worker.batch = worker.batch, []
        self.busy_core_s += cost
        self.folds += len(batch)
        for session in batch:
            if not session.uncommitted:
                session.dirty_s = self.now_s
            session.uncommitted.append(session.waiting.popleft())
            session.stepped_s = self.now_s
            session.noticed |= self._rng.random() < NOTICED
            self._consider(session)
        self._work(number)

    # --- commits ----------------------------------------------------------------------------------

    def _consider(self, session: Session) -> None:
        if session.committing or session.owner is None or self._away:
            return
        left = Uncommitted(
            steps=len(session.uncommitted),
            age_s=self.now_s - session.dirty_s,
            noticed=session.noticed,
            asked=False,
            quiet_s=None if session.waiting else self.now_s - session.stepped_s,
            chunk_s=self.figures.chunk_s,
        )
        if self._policy.due(left) is None:
            return
        session.committing = True
        self._store_free_s = max(self.now_s, self._store_free_s) + self.figures.commit_store_s
        done_s = self._store_free_s + self.figures.commit_s
        life = self.workers[session.owner].life
        self.at(done_s, self._committed, session, session.owner, life, len(session.uncommitted))

    def _committed(self, session: Session, owner: int, life: int, steps: int) -> None:
        if session.owner != owner or self.workers[owner].life != life:
            return  # its worker is gone: the successor begins at the commit before
        session.committing = False
        if not self._away:
            self._apply(session, steps)

    def _commit_now(self, session: Session) -> None:
        session.committing = False
        if not self._away:
            self._apply(session, len(session.uncommitted))

    def _apply(self, session: Session, steps: int) -> None:
        done, session.uncommitted = session.uncommitted[:steps], session.uncommitted[steps:]
        self.commits += bool(done)
        self.lags += [(self.now_s, self.now_s - captured_s) for captured_s in done]
        session.noticed = session.noticed and bool(session.uncommitted)
        session.dirty_s = self.now_s
