"""Tries one suspect alone: the next crash is its own. Knows no schedule.

A suspect is a session whose last owner died while it had work: any session of that worker may have
been the cause. Nothing of it is touched before its trial, neither its memory nor its media, since
loading and decoding can end a process as well as a step can.
"""

from __future__ import annotations

import logging
import time
from typing import Generic, TypeVar

from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable
from ttm_server.logs import about
from ttm_server.store import WorkerStore
from ttm_server.store.types import Acquired
from ttm_server.worker.changes import Changes
from ttm_server.worker.feeding import Feeder
from ttm_server.worker.holding import Holding
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.publishing import Publisher
from ttm_server.worker.session import LiveSession
from ttm_server.worker.slow_work import SlowWork
from ttm_server.worker.stepping import apply_result

log = logging.getLogger(__name__)

S = TypeVar("S")
# For slow work that is not due yet: what ends a process shows soon, and everybody waits meanwhile.
SLOW_WITHIN_S = 0.25


class Probation(Generic[S]):
    """The caller makes sure that nothing else runs, and that nothing else could be lost."""

    def __init__(
        self,
        store: WorkerStore,
        model: ModelThread[S],
        holding: Holding[S],
        feeder: Feeder,
        publisher: Publisher[S],
        changes: Changes[S],
        slow: SlowWork,
        lease_ttl_s: float,
        metrics: WorkerMetrics,
    ) -> None:
        self._store = store
        self._model = model
        self._holding = holding
        self._feeder = feeder
        self._publisher = publisher
        self._changes = changes
        self._slow = slow
        self._lease_ttl_s = lease_ttl_s
        self._metrics = metrics

    def next(self) -> str | None:
        """The suspect whose turn it is: the least suspected one, then the one taken first."""
        suspects = self._holding.suspects
        return min(suspects, key=lambda sid: suspects[sid].crashes, default=None)

    async def try_alone(self, sid: str) -> LiveSession[S] | None:
        """Answer, do its slow work, step once and commit; the session where it passed, None where
        it is gone.

        Raises StoreUnavailable; the session then stays a suspect.
        """
        with about(session_id=sid):
            return await self._try_alone(sid)

    async def _try_alone(self, sid: str) -> LiveSession[S] | None:
        acquired = self._holding.suspects[sid]
        log.info("trying a session alone after %d crashes", acquired.crashes)
        try:
            session = await self._try(sid, acquired)
        except StoreUnavailable:
            self._metrics.trials.labels("put_off").inc()
            raise
        except (Fenced, SessionNotFound):
            session = None
        except Exception:
            # Without a release: where it happens again and again, this counts as crashes do.
            log.exception("trying a session failed")
            session = None
        self._metrics.trials.labels("failed" if session is None else "passed").inc()
        if session is None:
            self._holding.forget(sid)
        else:
            self._holding.admit(session)
        return session

    async def _try(self, sid: str, acquired: Acquired) -> LiveSession[S] | None:
        if not await self._store.begin_trial(sid, acquired.fence, self._lease_ttl_s):
            return None
        session = await self._holding.open(sid, acquired)
        if session is None:
            return None
        await self._answer(session)
        if not await self._feeder.fetch_chunks(session, 1):
            await self._slow.work_alone(session.slow.unfinished(), SLOW_WITHIN_S)
            if session.ends_here:
                await self._changes.flush(session, alone=True)
                await self._answer(session)
            passed = await self._store.pass_trial(sid, session.fence, self._lease_ttl_s)
            return session if passed else None
        chunk = session.decoded.popleft()
        await self._slow.work_alone(session.slow.unfinished(chunk.media.end_s))
        due = session.slow.due(chunk.media.end_s)
        (stepped,) = await self._model.step([session.state], [chunk.media], [due])
        apply_result(session, chunk, stepped.result, due, time.monotonic())
        self._slow.count_left_out(due)
        session.slow.stepped(chunk, stepped.jobs)
        await self._slow.work_alone(session.slow.unfinished(), SLOW_WITHIN_S)
        if not await self._publisher.commit(session):
            if session.lost:
                return None
            raise StoreUnavailable("the store cannot be used now (commit)")
        await self._answer(session)
        return session

    async def _answer(self, session: LiveSession[S]) -> None:
        await self._feeder.fetch_asks(session)
        for ask in session.take_due_asks():
            await self._publisher.reply(session, ask)
        while (change := session.due_change()) is not None:
            session.take(change)
            await self._changes.change(session, change)
