"""The worker's loops: own sessions, schedule -> step -> publish. The engine is an argument."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from ttm_model.errors import ModelError
from ttm_server.config import Settings
from ttm_server.errors import (
    Fenced,
    SessionNotFound,
    StateIncompatible,
    StoreUnavailable,
    TTMError,
)
from ttm_server.scheduler import Scheduler
from ttm_server.store import Store
from ttm_server.store.types import Acquired
from ttm_server.worker.engine import Engine
from ttm_server.worker.feeding import Feeder
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.publishing import Publisher, refusal
from ttm_server.worker.session import LiveSession
from ttm_server.worker.stepping import apply_result, run_step

log = logging.getLogger(__name__)

S = TypeVar("S")
R = TypeVar("R")
DECODE_THREADS = 2
CLAIM_WAIT_S = 1.0
TICK_S = 0.2
SWEEP_EVERY_S = 1.0
RETRY_S = 0.5


class Worker(Generic[S]):
    """Owns up to `max_live_sessions` sessions and steps them in batches."""

    def __init__(
        self,
        store: Store,
        engine: Engine[S],
        settings: Settings,
        metrics: WorkerMetrics | None = None,
    ) -> None:
        self.owner = secrets.token_hex(8)
        self.live: dict[str, LiveSession[S]] = {}
        self._store = store
        self._engine = engine
        self._settings = settings
        self._metrics = metrics or WorkerMetrics()
        self._scheduler = Scheduler(settings.max_batch)
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()
        self._model_thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._decoders = ThreadPoolExecutor(DECODE_THREADS, thread_name_prefix="decode")
        self._feeder = Feeder(store, engine.fit, self._decoders, self._work)
        self._publisher = Publisher(store, engine, self._in_model)
        self._feeds: set[asyncio.Task[None]] = set()
        self._publishing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until `stop`; then commit what is applied and release every session."""
        loops = (self._claim_loop, self._renew_loop, self._sweep_loop, self._step_loop)
        try:
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    group.create_task(loop())
        finally:
            await self._drain()
            self._decoders.shutdown(wait=True, cancel_futures=True)
            self._model_thread.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """Ask the loops to end."""
        self._stopping.set()
        self._work.set()

    # --- owning sessions --------------------------------------------------------------------------

    async def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            try:
                if len(self.live) >= self._settings.max_live_sessions:
                    await asyncio.sleep(TICK_S)
                    continue
                session_id = await self._store.claim(CLAIM_WAIT_S)
                if session_id is not None and session_id not in self.live:
                    await self._take(session_id)
            except TTMError as error:
                # One session's trouble (deleted meanwhile, unreadable) must not end the loop.
                log.warning("claim: %s", error)
                await asyncio.sleep(RETRY_S)

    async def _take(self, session_id: str) -> None:
        try:
            acquired = await self._store.acquire(session_id, self.owner, self._settings.lease_ttl_s)
        except SessionNotFound:
            return
        if acquired is None:
            return
        try:
            session = await self._open(session_id, acquired)
        except StateIncompatible as error:
            log.error("a stored memory cannot be continued: %s", error)
            await self._refuse(session_id, acquired, error)
            return
        self.live[session_id] = session
        self._metrics.sessions_active.set(len(self.live))
        _spawn(self._feeds, self._feeder.feed(session))

    async def _open(self, session_id: str, acquired: Acquired) -> LiveSession[S]:
        stored = acquired.state
        if stored is None:
            state = await self._in_model(self._engine.initial)
        else:
            try:
                state = await self._in_model(lambda: self._engine.load(stored.memory))
            except ModelError as error:
                raise StateIncompatible(str(error)) from error
        now_s = time.monotonic()
        return LiveSession(
            session_id=session_id,
            fence=acquired.fence,
            state=state,
            applied=acquired.applied,
            committed=acquired.applied,
            fetched=acquired.applied,
            gaps=[] if stored is None else list(stored.gaps),
            media_s=0.0 if stored is None else stored.media_s,
            committed_at_s=now_s,
            active_at_s=now_s,
        )

    async def _refuse(self, session_id: str, acquired: Acquired, error: StateIncompatible) -> None:
        for ask in await self._store.pending_asks(session_id):
            await self._store.reply(session_id, acquired.fence, refusal(ask, error))
        await self._store.release(session_id, acquired.fence)

    async def _renew_loop(self) -> None:
        ttl_s = self._settings.lease_ttl_s
        while not await self._stopped_within(ttl_s / 3):
            for session in list(self.live.values()):
                try:
                    if not await self._store.renew(session.session_id, session.fence, ttl_s):
                        session.lost = True
                except StoreUnavailable as error:
                    log.warning("renew: store unavailable: %s", error)
                    break
            self._work.set()

    async def _sweep_loop(self) -> None:
        while not await self._stopped_within(SWEEP_EVERY_S):
            try:
                await self._store.sweep()
            except StoreUnavailable as error:
                log.warning("sweep: store unavailable: %s", error)

    # --- schedule -> step -> publish --------------------------------------------------------------

    async def _step_loop(self) -> None:
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(TICK_S):
                    await self._work.wait()
            except TimeoutError:
                pass
            self._work.clear()
            while batch := self._schedule():
                await self._step(batch)
                self._publish()
            self._publish()
            await self._let_go()

    def _schedule(self) -> list[LiveSession[S]]:
        ready = (sid for sid, session in self.live.items() if session.decoded and not session.lost)
        return [self.live[sid] for sid in self._scheduler.schedule(ready)]

    async def _step(self, batch: list[LiveSession[S]]) -> None:
        chunks = [session.decoded.popleft() for session in batch]
        states = [session.state for session in batch]
        media = [chunk.media for chunk in chunks]
        started_s = time.monotonic()
        for chunk in chunks:
            self._metrics.queue_wait_seconds.observe(started_s - chunk.ready_s)
        results = await self._in_model(lambda: run_step(self._engine, states, media))
        self._metrics.batch_size.observe(len(batch))
        self._metrics.step_seconds.observe(time.monotonic() - started_s)
        for session, chunk, result in zip(batch, chunks, results, strict=True):
            apply_result(session, chunk, result)
            session.active_at_s = time.monotonic()
            session.room.set()
        lag = sum(session.applied - session.committed for session in self.live.values())
        self._metrics.state_lag_chunks.set(lag)

    def _publish(self) -> None:
        for session in list(self.live.values()):
            if session.lost:
                continue
            for ask in session.take_due_asks():
                session.active_at_s = time.monotonic()
                _spawn(self._publishing, self._publisher.reply(session, ask))
            if self._commit_is_due(session):
                session.committing = True
                _spawn(self._publishing, self._commit(session))

    def _commit_is_due(self, session: LiveSession[S]) -> bool:
        if not session.dirty or session.committing:
            return False
        return (
            session.caught_up
            or session.applied - session.committed >= self._settings.commit_every_steps
            or time.monotonic() - session.committed_at_s >= self._settings.commit_every_s
        )

    async def _commit(self, session: LiveSession[S]) -> None:
        try:
            done = await self._publisher.commit(session)
            self._metrics.commits.labels("committed" if done else "refused").inc()
            if not done and not session.lost:
                await asyncio.sleep(RETRY_S)
            session.committed_at_s = time.monotonic()
        finally:
            session.committing = False
            self._work.set()

    # --- letting sessions go ----------------------------------------------------------------------

    async def _let_go(self) -> None:
        idle_s = self._settings.idle_release_s
        for session in list(self.live.values()):
            if session.lost:
                self._forget(session)
                continue
            busy = session.dirty or session.committing or session.asks or not session.caught_up
            if not busy and time.monotonic() - session.active_at_s > idle_s:
                self._forget(session)
                try:
                    await self._release(session)
                except StoreUnavailable as error:
                    log.warning("release: store unavailable: %s", error)

    def _forget(self, session: LiveSession[S]) -> None:
        session.lost = True  # ends its feeder
        session.room.set()
        self.live.pop(session.session_id, None)
        self._scheduler.forget(session.session_id)
        self._metrics.sessions_active.set(len(self.live))

    async def _release(self, session: LiveSession[S]) -> None:
        """Give the lease back; what arrived meanwhile is announced again, for any worker."""
        sid = session.session_id
        try:
            await self._store.release(sid, session.fence)
            waiting = await self._store.read_chunks(sid, session.applied, 1)
            if waiting or await self._store.pending_asks(sid):
                await self._store.mark_ready(sid)
        except (Fenced, SessionNotFound):
            return

    async def _drain(self) -> None:
        for task in list(self._feeds):
            task.cancel()
        await asyncio.gather(*self._feeds, *self._publishing, return_exceptions=True)
        for session in list(self.live.values()):
            try:
                if session.dirty and not session.lost:
                    await self._publisher.commit(session)
                if not session.lost:
                    await self._release(session)
            except StoreUnavailable as error:
                log.warning("drain: store unavailable: %s", error)
            self._forget(session)

    # --- small helpers ----------------------------------------------------------------------------

    async def _in_model(self, work: Callable[[], R]) -> R:
        """Run in the one thread that touches the model."""
        return await asyncio.get_running_loop().run_in_executor(self._model_thread, work)

    async def _stopped_within(self, delay_s: float) -> bool:
        try:
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True


def _spawn(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """Start a task, keep it in `tasks` until it ends, and log it if it fails."""

    def ended(task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a worker task failed", exc_info=task.exception())

    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(ended)
