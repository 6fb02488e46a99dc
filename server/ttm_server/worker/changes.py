"""Changes of a memory that are no chunk: the end of a stream, and questions that change it.

Each is committed once or not at all, whatever becomes of this worker or of the way to the store.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Generic, TypeVar

from ttm_model.asking import Teaching
from ttm_model.slow import Job
from ttm_model.step_result import StepResult
from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable, TTMError
from ttm_protocol.messages import Gap
from ttm_server.logs import about
from ttm_server.store import WorkerStore
from ttm_server.store.types import Ask, CommitResult, Reply
from ttm_server.waiting import happens_within
from ttm_server.worker.gaps import add_gaps
from ttm_server.worker.gate import Gate
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.publishing import Publisher, asked
from ttm_server.worker.session import LiveSession, Snapshot
from ttm_server.worker.slow_jobs import Work, said_of_flush
from ttm_server.worker.slow_work import SlowWork
from ttm_server.worker.stepping import ENGINE_FAULT, events_of

log = logging.getLogger(__name__)

S = TypeVar("S")
RETRY_S = 0.5
LOOK_EVERY_S = 0.2


class Changes(Generic[S]):
    """One change of a session at a time; `stopping` ends the wait for slow work."""

    def __init__(
        self,
        store: WorkerStore,
        model: ModelThread[S],
        publisher: Publisher[S],
        slow: SlowWork,
        gate: Gate,
        stopping: asyncio.Event,
    ) -> None:
        self._store = store
        self._model = model
        self._publisher = publisher
        self._slow = slow
        self._gate = gate
        self._stopping = stopping

    # --- the end of a stream ----------------------------------------------------------------------

    async def flush(self, session: LiveSession[S], *, alone: bool = False) -> CommitResult | None:
        """Close what the end of the stream leaves open, and commit that at the same position.

        None where the session went on, or was lost, before it came to that. `alone`: nothing else
        runs, and the caller sees to it.
        """
        session.flushing = True
        try:
            with about(session_id=session.session_id):
                return await self._flush(session, alone)
        finally:
            session.flushing = False

    async def _flush(self, session: LiveSession[S], alone: bool) -> CommitResult | None:
        told = session.committed
        result, gaps = StepResult(told.state), list[Gap]()
        try:
            if not await self._model.flushed(told.state):
                async with self._passing(alone):
                    open_state, jobs = await self._model.flush(told.state)
                works = await self._worked(session, told, jobs, alone)
                if works is None:
                    return None
                outcomes = [session.slow.settled(work) for work in works]
                self._slow.count_left_out(outcomes)
                gaps = [gap for one in outcomes for gap in one.gaps]
                async with self._passing(alone):
                    findings = {one.job.number: one.finding for one in outcomes}
                    result = await self._model.settle(open_state, findings)
                if result.fault is not None:
                    gaps.append(Gap(told.media_s, told.media_s, result.fault))
        except Exception:
            # Rather without its last words than for ever waiting for them.
            log.exception("the end of a stream was left out")
            result, gaps = StepResult(told.state), [Gap(told.media_s, told.media_s, ENGINE_FAULT)]
        if not self._still(session, told) or session.committing or session.stepping:
            return None
        session.changing = True
        try:
            return await self._commit_flush(session, told, result, gaps)
        finally:
            session.changing = False

    async def _worked(
        self, session: LiveSession[S], told: Snapshot[S], jobs: Sequence[Job], alone: bool
    ) -> list[Work] | None:
        """The works of a flushed state's jobs, all done; None where that is not wanted any more."""
        new = session.slow.new_works(jobs)
        known = [work for job in jobs if (work := session.slow.of(job)) is not None]
        works = sorted([*known, *new], key=lambda work: work.job.number)
        if alone:
            await self._slow.work_alone([work for work in works if work.outcome is None])
        else:
            unknown = [work for work in new if work.outcome is None]
            self._slow.submit(session.session_id, unknown)
        for work in works:
            while not work.done.is_set():
                if self._stopping.is_set() or not self._still(session, told):
                    for one in new:
                        one.dropped = True
                    return None
                await happens_within(work.done, LOOK_EVERY_S)
        return works

    @staticmethod
    def _still(session: LiveSession[S], told: Snapshot[S]) -> bool:
        """Whether what was to be flushed is still all there is."""
        is_same = session.committed is told and session.caught_up and not session.dirty
        return is_same and session.ends_here and not session.lost

    async def _commit_flush(
        self,
        session: LiveSession[S],
        told: Snapshot[S],
        result: StepResult[S],
        gaps: Sequence[Gap],
    ) -> CommitResult | None:
        after = Snapshot(result.state, told.seq, add_gaps(told.gaps, gaps), told.media_s, told.kept)
        record = await self._publisher.record(after)
        events = events_of(told.seq, result, gaps)
        done = await self._until_known(
            session,
            lambda: self._store.flush(
                session.session_id, session.fence, told.seq, record, events, said_of_flush()
            ),
        )
        if done in (CommitResult.COMMITTED, CommitResult.ALREADY):
            session.flushed_at = told.seq
            session.slow.clear()
            self._adopt(session, after.state, after.gaps)
        elif done is CommitResult.REFUSED:
            session.flush_at = None  # until the next look says otherwise
        return done

    def _passing(self, alone: bool) -> AbstractAsyncContextManager[None]:
        return nullcontext() if alone else self._gate.passing()

    # --- questions that change the memory ---------------------------------------------------------

    async def change(self, session: LiveSession[S], ask: Ask) -> None:
        """Teach or forget as asked: the new memory and the reply are committed together."""
        with asked(session.session_id, ask):
            await self._change(session, ask)

    async def _change(self, session: LiveSession[S], ask: Ask) -> None:
        session.changing = True
        try:
            state, body = await self._changed(session, ask)
        except TTMError as error:
            session.changing = False
            await self._publisher.refuse(session, ask, error)
            return
        except Exception:
            log.exception("a question that changes the memory failed")
            session.changing = False
            problem = TTMError("the question could not be answered")
            await self._publisher.refuse(session, ask, problem)
            return
        try:
            await self._commit_change(session, state, Reply(ask_id=ask.ask_id, body=body))
        finally:
            session.changing = False

    async def _changed(self, session: LiveSession[S], ask: Ask) -> tuple[S, dict[str, Any]]:
        name = str(ask.body["name"])
        if ask.kind == "forget":
            return await self._model.forget(session.state, name)
        asked_s = session.slow.history.end_of(ask.barrier)
        since_s, until_s = ask.body.get("since_s"), ask.body.get("until_s")
        asked_s = session.media_s if asked_s is None else asked_s
        return await self._model.teach(session.state, Teaching(name, since_s, until_s, asked_s))

    async def _commit_change(self, session: LiveSession[S], state: S, reply: Reply) -> None:
        before = session.snapshot()
        after = Snapshot(state, before.seq, before.gaps, before.media_s, before.kept)
        record, events = await self._publisher.record(after), list(session.events)
        done = await self._until_known(
            session,
            lambda: self._store.commit_ask(
                session.session_id,
                session.fence,
                session.committed.seq,
                after.seq,
                record,
                events,
                after.kept,
                reply,
            ),
        )
        if done in (CommitResult.COMMITTED, CommitResult.ALREADY):
            del session.events[: len(events)]
            self._adopt(session, state, session.gaps)

    # --- both -------------------------------------------------------------------------------------

    @staticmethod
    def _adopt(session: LiveSession[S], state: S, gaps: list[Gap]) -> None:
        """Go on from what was committed."""
        session.state, session.gaps = state, gaps
        session.committed = session.snapshot()
        session.active_at_s = session.dirty_since_s = time.monotonic()

    @staticmethod
    async def _until_known(
        session: LiveSession[S], commit: Callable[[], Awaitable[CommitResult]]
    ) -> CommitResult | None:
        """Commit, again and again until it is known what became of it; None: not ours any more.

        Until then the session can go on neither from the old state nor from the new one.
        """
        while not session.lost:
            try:
                return await commit()
            except StoreUnavailable as error:
                log.warning("a change: store unavailable: %s", error)
                await asyncio.sleep(RETRY_S)
            except (Fenced, SessionNotFound) as error:
                log.info("a change was refused, letting the session go: %s", error)
                session.lost = True
        return None
