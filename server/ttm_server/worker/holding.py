"""The sessions a worker owns: take, renew, give back. Knows no schedule and no step."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Generic, TypeVar

from ttm_protocol.errors import (
    Fenced,
    Quarantined,
    SessionNotFound,
    StateIncompatible,
    StoreUnavailable,
    TierDamaged,
    TTMError,
    outcome_of,
)
from ttm_server.config import Settings
from ttm_server.logs import about
from ttm_server.store import WorkerStore
from ttm_server.store.types import Acquired
from ttm_server.worker.decoding import ChunkDecoders
from ttm_server.worker.gate import Gate
from ttm_server.worker.history import MAX_KEPT_CHUNKS
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.publishing import refusal
from ttm_server.worker.session import LiveSession, Snapshot
from ttm_server.worker.slow_jobs import SlowJobs

log = logging.getLogger(__name__)

S = TypeVar("S")
RENEWS_AT_ONCE = 16


class Holding(Generic[S]):
    """Live sessions, and suspects: those whose last owner died, which wait for their trial."""

    def __init__(
        self,
        store: WorkerStore,
        model: ModelThread[S],
        decoders: ChunkDecoders,
        gate: Gate,
        owner: str,
        settings: Settings,
        metrics: WorkerMetrics,
    ) -> None:
        self.live: dict[str, LiveSession[S]] = {}
        self.suspects: dict[str, Acquired] = {}
        self._taking: set[str] = set()
        self._store = store
        self._model = model
        self._decoders = decoders
        self._gate = gate
        self._owner = owner
        self._settings = settings
        self._metrics = metrics

    @property
    def full(self) -> bool:
        """Whether no further session may be taken now."""
        held = len(self.live) + len(self.suspects) + len(self._taking)
        return held >= self._settings.max_live_sessions

    def holds(self, sid: str) -> bool:
        """Whether this worker has the session, or is taking it."""
        return sid in self.live or sid in self.suspects or sid in self._taking

    async def take(self, sid: str) -> LiveSession[S] | None:
        """Own a session and load it; None where it is another's, gone, set aside or a suspect.

        Raises StoreUnavailable, and StateIncompatible for a stored state that is damaged.
        """
        self._taking.add(sid)
        with about(session_id=sid):
            try:
                return await self._take(sid)
            except SessionNotFound:
                return None
            except Quarantined as error:
                log.warning("session left alone: %s", error)
                self._metrics.quarantined.inc()
                return None
            finally:
                self._taking.discard(sid)
                self._count()

    async def _take(self, sid: str) -> LiveSession[S] | None:
        acquired = await self._store.acquire(sid, self._owner, self._settings.lease_ttl_s)
        if acquired is None:
            return None
        if acquired.crashes:
            self.suspects[sid] = acquired
            return None
        async with self._gate.passing():
            session = await self.open(sid, acquired)
        if session is not None:
            self.live[sid] = session
        return session

    async def open(self, sid: str, acquired: Acquired) -> LiveSession[S] | None:
        """Load an acquired session; one whose state this model cannot continue is given back, and
        so is one whose state cannot be brought back into the store.
        """
        try:
            acquired = await self._brought_back(sid, acquired)
        except (TierDamaged, StoreUnavailable) as problem:
            log.error("a memory cannot be brought back: %s", problem)
            self._metrics.tier_errors.labels("in", outcome_of(problem).code).inc()
            await self._refuse(sid, acquired, problem)
            return None
        stored = acquired.state
        try:
            if stored is None:
                state = await self._model.initial()
            else:
                state = await self._model.load(stored.memory)
        except StateIncompatible as problem:
            log.error("a stored memory cannot be continued: %s", problem)
            self._metrics.states_refused.inc()
            await self._refuse(sid, acquired, problem)
            return None
        now_s = time.monotonic()
        gaps = [] if stored is None else list(stored.gaps)
        slow = await self._slow_jobs(sid, acquired)
        slow.follow(await self._model.jobs(state))
        media_s = 0.0 if stored is None else stored.media_s
        kept = slow.kept(acquired.applied)
        return LiveSession(
            session_id=sid,
            fence=acquired.fence,
            state=state,
            applied=acquired.applied,
            committed=Snapshot(state, acquired.applied, list(gaps), media_s, kept),
            slow=slow,
            fetched=acquired.applied,
            gaps=gaps,
            media_s=media_s,
            active_at_s=now_s,
        )

    async def _brought_back(self, sid: str, acquired: Acquired) -> Acquired:
        if acquired.tiered is None:
            return acquired
        started_s = time.monotonic()
        acquired = await self._store.bring_back(sid, acquired)
        self._metrics.tiered.labels("in").inc()
        self._metrics.tier_seconds.labels("in").observe(time.monotonic() - started_s)
        return acquired

    async def _slow_jobs(self, sid: str, acquired: Acquired) -> SlowJobs:
        """What slow senses are to go on from: the input that the last owner's commit kept."""
        senses = self._model.senses.keys()
        if not senses:
            return SlowJobs()
        kept = "" if acquired.state is None else acquired.kept
        found = []
        if kept:
            found = await self._store.read_kept(sid, acquired.applied, MAX_KEPT_CHUNKS)
        places = await self._decoders.places([payload for _, payload in found])
        return SlowJobs.resumed(senses, kept, places)

    def admit(self, session: LiveSession[S]) -> None:
        """A suspect that passed its trial goes on as any other session."""
        self.suspects.pop(session.session_id, None)
        self.live[session.session_id] = session
        self._count()

    def forget(self, sid: str) -> None:
        """Hold a session no longer; its lease stays as it is."""
        session = self.live.pop(sid, None)
        if session is not None:
            session.lost = True  # ends its feeder
            session.slow.abandon()
            session.room.set()
        self.suspects.pop(sid, None)
        self._count()

    async def renew(self) -> None:
        """Renew every lease, and mark the sessions that are not owned any more."""
        ttl_s = self._settings.lease_ttl_s
        fences = {sid: session.fence for sid, session in self.live.items()}
        fences |= {sid: acquired.fence for sid, acquired in self.suspects.items()}
        due = list(fences.items())
        for start in range(0, len(due), RENEWS_AT_ONCE):
            part = due[start : start + RENEWS_AT_ONCE]
            kept = await asyncio.gather(*(self._store.renew(*one, ttl_s) for one in part))
            for (sid, fence), owned in zip(part, kept, strict=True):
                if not owned:
                    self._lose(sid, fence)
        await self._store.note_leases([sid for sid in fences if self.holds(sid)], ttl_s)

    async def release(
        self, sid: str, fence: str, *, unreadable: bool = False, hint: bool = True
    ) -> None:
        """Release a session; work that is left is announced to other workers.

        `unreadable`: no worker like this one can flush it. Without `hint` the next sweep announces.
        """
        try:
            await self._store.release(sid, fence, unreadable=unreadable, hint=hint)
        except (Fenced, SessionNotFound):
            return
        except StoreUnavailable as error:
            log.warning("release: store unavailable: %s", error)

    def _lose(self, sid: str, fence: str) -> None:
        session, suspect = self.live.get(sid), self.suspects.get(sid)
        if session is not None and session.fence == fence:
            session.lost = True
        if suspect is not None and suspect.fence == fence:
            del self.suspects[sid]

    async def _refuse(self, sid: str, acquired: Acquired, error: TTMError) -> None:
        try:
            # Again and again: of a conversation only the first question is told at a time.
            while asks := await self._store.pending_asks(sid):
                for ask in asks:
                    await self._store.reply(sid, acquired.fence, refusal(ask, error))
        except (Fenced, SessionNotFound):
            return
        if isinstance(error, StateIncompatible):
            await self.release(sid, acquired.fence, unreadable=True)
        else:  # soon perhaps: at the next sweep, or when more comes
            await self.release(sid, acquired.fence, hint=False)

    def _count(self) -> None:
        self._metrics.sessions_active.set(len(self.live) + len(self.suspects))
