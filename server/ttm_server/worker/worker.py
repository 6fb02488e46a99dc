"""The worker's loops: own sessions, schedule -> step -> publish. The engine is an argument."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from contextlib import nullcontext
from typing import Generic, TypeVar

from ttm_protocol.errors import StoreUnavailable, TTMError
from ttm_server.config import Settings
from ttm_server.scheduler import Scheduler
from ttm_server.store import WorkerStore
from ttm_server.store.types import Ask
from ttm_server.tracing import span
from ttm_server.waiting import happens_within
from ttm_server.worker.background import Background
from ttm_server.worker.changes import Changes
from ttm_server.worker.commit_policy import CommitPolicy
from ttm_server.worker.decoding import ChunkDecoders
from ttm_server.worker.engine import Engine
from ttm_server.worker.feeding import Feeder
from ttm_server.worker.gate import Gate
from ttm_server.worker.holding import Holding
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.probation import Probation
from ttm_server.worker.publishing import Publisher
from ttm_server.worker.session import LiveSession
from ttm_server.worker.slow_work import SlowWork
from ttm_server.worker.stepping import apply_result
from ttm_server.worker.threads import Watching
from ttm_server.worker.tiering import Tiering

log = logging.getLogger(__name__)

S = TypeVar("S")
CLAIM_WAIT_S = 1.0
TICK_S = 0.2
SWEEP_EVERY_S = 1.0
RETRY_S = 0.5
NOT_BEFORE_S = 0.01  # lets a lease end that is due this moment
DRAIN_WITHIN_S = 10.0
LET_END_S = 2.0  # one stuck task must not keep all sessions from being handed over
HAND_OVERS_AT_ONCE = 16
TAKES_AT_ONCE = 16


class Worker(Generic[S]):
    """Owns up to `max_live_sessions` sessions and steps them in batches."""

    def __init__(
        self,
        store: WorkerStore,
        engine: Engine[S],
        settings: Settings,
        metrics: WorkerMetrics | None = None,
        watching: Watching = nullcontext,
        owner: str | None = None,
    ) -> None:
        self.owner = owner or secrets.token_hex(8)
        self._store = store
        self._settings = settings
        self._metrics = metrics or WorkerMetrics()
        self._scheduler = Scheduler(settings.max_batch)
        self._policy = CommitPolicy.within(
            settings.commit_every_steps, settings.commit_every_s, settings.input_capacity_chunks
        )
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()
        self._drained = asyncio.Event()
        self._model = model = ModelThread(engine, watching)
        self._decoders = ChunkDecoders(engine.fit, watching)
        self._gate = Gate()
        self._feeder = Feeder(store, self._decoders, self._work, self._gate)
        self._slow = SlowWork(engine.senses, self._gate, self._work, self._metrics, watching)
        self._publisher = Publisher(store, model, self._decoders)
        self._changes = Changes(
            store, model, self._publisher, self._slow, self._gate, self._stopping
        )
        self._holding = Holding(
            store, model, self._decoders, self._gate, self.owner, settings, self._metrics
        )
        self._probation = Probation(
            store,
            model,
            self._holding,
            self._feeder,
            self._publisher,
            self._changes,
            self._slow,
            settings.lease_ttl_s,
            self._metrics,
        )
        self._tiering = Tiering(store, self._holding.holds, self.owner, settings, self._metrics)
        self._take_slots = asyncio.Semaphore(TAKES_AT_ONCE)
        self._takes, self._feeds, self._publishing = Background(), Background(), Background()
        self._flushes = Background()

    @property
    def live(self) -> dict[str, LiveSession[S]]:
        """The sessions that are owned and stepped now, by id."""
        return self._holding.live

    async def run(self) -> None:
        """Work until `stop`; then commit what is applied and release every session."""
        loops = (
            self._claim_loop,
            self._renew_loop,
            self._sweep_loop,
            self._hand_on_loop,
            self._work_loop,
            self._slow_loop,
            self._tier_loop,
        )
        try:
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    group.create_task(loop())
        finally:
            self._slow.shutdown()
            self._decoders.shutdown()
            self._model.shutdown()

    def stop(self) -> None:
        """Ask the loops to end: no new session, no new step, then commit and release."""
        self._stopping.set()
        self._work.set()

    # --- owning sessions --------------------------------------------------------------------------

    async def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            if self._holding.full:
                await self._stopped_within(TICK_S)
                continue
            try:
                sid = await self._store.claim(CLAIM_WAIT_S)
            except TTMError as error:
                log.warning("claim: %s", error)
                await self._stopped_within(RETRY_S)
                continue
            if sid is not None and self._stopping.is_set():
                await self._announce_again(sid)  # also one that was just handed over
                return
            if sid is not None and not self._holding.holds(sid):
                await self._take_slots.acquire()  # loading waits for the model's thread
                if self._stopping.is_set():  # the drain does not wait for what begins after it
                    await self._announce_again(sid)
                    return
                self._takes.start(self._take(sid))
                await asyncio.sleep(0)  # the take counts from here on

    async def _announce_again(self, sid: str) -> None:
        try:
            await self._store.mark_ready(sid)
        except TTMError as error:
            log.warning("claim: %s; the sweep finds the session", error)

    async def _take(self, sid: str) -> None:
        try:
            session = await self._holding.take(sid)
        except TTMError as error:
            # One session's trouble (unreadable, say) must not end anything else.
            log.warning("claim: %s", error)
            return
        finally:
            self._take_slots.release()
        if session is not None:
            self._begin(session)
        self._work.set()

    def _begin(self, session: LiveSession[S]) -> None:
        """A session that was loaded goes on."""
        self._slow.submit(session.session_id, session.slow.unfinished())
        self._feeds.start(self._feeder.feed(session))

    async def _renew_loop(self) -> None:
        while not self._drained.is_set():
            await happens_within(self._drained, self._settings.lease_ttl_s / 3)
            try:
                await self._holding.renew()
            except StoreUnavailable as error:
                log.warning("renew: store unavailable: %s", error)
            self._work.set()

    async def _sweep_loop(self) -> None:
        # A look costs the store the same whoever looks: were everybody of a large fleet to walk the
        # whole index, that would be most of what the store does.
        share = 1.0
        # At different moments in different workers, also where all were started together.
        while not await self._stopped_within(SWEEP_EVERY_S * share * random.uniform(0.5, 1.0)):
            try:
                await self._store.sweep()
                ready = (await self._store.workers()).ready
                share = max(1.0, ready / await self._store.sweepers())
            except StoreUnavailable as error:
                log.warning("sweep: store unavailable: %s", error)

    async def _hand_on_loop(self) -> None:
        """Notice dead workers by their leases, at the moment these run out."""
        longest_s = self._settings.lease_ttl_s / 4
        wait_s = longest_s
        while not await self._stopped_within(wait_s):
            wait_s = longest_s
            try:
                next_s = await self._store.hand_on_expired()
            except StoreUnavailable as error:
                log.warning("leases: store unavailable: %s", error)
                continue
            if next_s is not None:
                wait_s = min(longest_s, max(NOT_BEFORE_S, next_s))

    async def _slow_loop(self) -> None:
        """Until the worker is told to stop: what is not found by then is found by others."""
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._slow.serve())
            await self._stopping.wait()
            serving.cancel()

    async def _tier_loop(self) -> None:
        await self._tiering.run(self._stopping)

    # --- schedule -> step -> publish --------------------------------------------------------------

    async def _work_loop(self) -> None:
        try:
            while not self._stopping.is_set():
                await happens_within(self._work, TICK_S)
                self._work.clear()
                while await self._round() and not self._stopping.is_set():
                    pass
        finally:
            await self._drain()

    async def _round(self) -> bool:
        """One batch and one trial at most; whether there was anything to do."""
        batch = self._schedule()
        if batch:
            await self._step(batch)
        for session in list(self.live.values()):
            self._publish(session)
        self._slow.pause(bool(self._holding.suspects))
        tried = await self._try_suspect()
        self._slow.pause(bool(self._holding.suspects))
        await self._let_go()
        return bool(batch) or tried

    def _schedule(self) -> list[LiveSession[S]]:
        ready = [sid for sid, session in self.live.items() if session.ready]
        asked = {sid for sid in ready if self.live[sid].awaited}
        return [self.live[sid] for sid in self._scheduler.schedule(ready, asked)]

    async def _step(self, batch: list[LiveSession[S]]) -> None:
        chunks = [session.decoded.popleft() for session in batch]
        states = [session.state for session in batch]
        media = [chunk.media for chunk in chunks]
        due = [session.slow.due(one.end_s) for session, one in zip(batch, media, strict=True)]
        started_s = time.monotonic()
        for session, chunk in zip(batch, chunks, strict=True):
            session.stepping = True
            self._metrics.queue_wait_seconds.observe(started_s - chunk.ready_s)
        with span("step", sessions=len(batch)):
            stepped = await self._model.step(states, media, due)
        now_s = time.monotonic()
        self._metrics.batch_size.observe(len(batch))
        self._metrics.step_seconds.observe(now_s - started_s)
        for session, chunk, one, row in zip(batch, chunks, stepped, due, strict=True):
            apply_result(session, chunk, one.result, row, now_s)
            self._slow.submit(session.session_id, session.slow.stepped(chunk, one.jobs))
            self._slow.count_left_out(row)
            session.stepping = False
            session.room.set()
        lag = sum(session.applied - session.committed.seq for session in self.live.values())
        self._metrics.state_lag_chunks.set(lag)

    def _publish(self, session: LiveSession[S]) -> None:
        if session.lost:
            return
        for ask in session.take_due_asks():
            session.active_at_s = time.monotonic()
            self._publishing.start(self._publisher.reply(session, ask))
        now_s = time.monotonic()
        if session.committing or session.changing or now_s < session.retry_at_s:
            return
        if (change := session.due_change()) is not None:
            session.take(change)
            session.changing = True
            self._publishing.start(self._change(session, change))
        elif self._policy.due(session.uncommitted(now_s)) is not None:
            session.committing = True
            self._publishing.start(self._commit(session))
        elif session.ends_here and not session.flushing and session.caught_up:
            session.flushing = True
            self._flushes.start(self._flush(session))

    async def _change(self, session: LiveSession[S], ask: Ask) -> None:
        await self._changes.change(session, ask)
        self._publish(session)  # questions that waited for it
        self._work.set()

    async def _flush(self, session: LiveSession[S]) -> None:
        try:
            done = await self._changes.flush(session)
        except Exception:
            session.retry_at_s = time.monotonic() + RETRY_S
            raise
        self._metrics.flushes.labels("put_off" if done is None else done.value).inc()
        self._publish(session)  # questions that waited for it
        self._work.set()

    async def _commit(self, session: LiveSession[S]) -> None:
        session.committing = True
        started_s = time.monotonic()
        try:
            done = await self._publisher.commit(session)
            self._metrics.commits.labels("committed" if done else "refused").inc()
            self._metrics.commit_seconds.observe(time.monotonic() - started_s)
            if not done:
                session.retry_at_s = time.monotonic() + RETRY_S
        finally:
            session.committing = False
        if done:
            self._publish(session)  # questions that waited for it
        self._work.set()

    async def _try_suspect(self) -> bool:
        """Try one suspect, alone and with nothing to lose but its own next step."""
        sid = self._probation.next()
        if sid is None:
            return False
        try:
            if not await self._settled():
                return False
            async with self._gate.alone():
                if sid not in self._holding.suspects:
                    return False
                session = await self._probation.try_alone(sid)
        except StoreUnavailable as error:
            log.warning("trial: store unavailable: %s", error)
            await self._stopped_within(RETRY_S)
            return False
        if session is not None:
            self._begin(session)
        return True

    async def _settled(self) -> bool:
        """Commit everything and wait for everything; whether nothing is left."""
        await self._publishing.ended()
        left = [session for session in self.live.values() if session.dirty and not session.lost]
        await asyncio.gather(*(self._commit(session) for session in left))
        await self._publishing.ended()
        return not any(session.dirty and not session.lost for session in left)

    # --- letting sessions go ----------------------------------------------------------------------

    async def _let_go(self) -> None:
        idle_s = self._settings.idle_release_s
        for session in list(self.live.values()):
            if session.lost:
                self._metrics.sessions_lost.inc()
                self._forget(session)
                continue
            if not session.busy and time.monotonic() - session.active_at_s > idle_s:
                self._forget(session)
                await self._holding.release(session.session_id, session.fence)

    def _forget(self, session: LiveSession[S]) -> None:
        self._holding.forget(session.session_id)
        self._scheduler.forget(session.session_id)

    async def _drain(self) -> None:
        """Commit and release everything, so that other workers go on at once."""
        try:
            async with asyncio.timeout(DRAIN_WITHIN_S):
                self._feeds.cancel()
                for tasks in (self._feeds, self._takes, self._publishing, self._flushes):
                    if not await tasks.ended(LET_END_S):
                        log.warning("drain: a task is still running; going on without it")
                at_once = asyncio.Semaphore(HAND_OVERS_AT_ONCE)
                await asyncio.gather(
                    *(self._hand_over(session, at_once) for session in list(self.live.values()))
                )
                for sid, acquired in list(self._holding.suspects.items()):
                    await self._holding.release(sid, acquired.fence)
                    self._holding.forget(sid)
        except TimeoutError:
            log.error("drain: not everything was handed over in %g s", DRAIN_WITHIN_S)
        finally:
            self._drained.set()

    async def _hand_over(self, session: LiveSession[S], at_once: asyncio.Semaphore) -> None:
        async with at_once:
            if session.dirty and not session.lost:
                await self._publisher.commit(session)
            if not session.lost:
                await self._holding.release(session.session_id, session.fence)
            self._forget(session)

    async def _stopped_within(self, delay_s: float) -> bool:
        return await happens_within(self._stopping, delay_s)
