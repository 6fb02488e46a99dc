"""Moves idle sessions out of the store, a few at a time. Knows no model: bytes go as they are.

Whoever sweeps a session that nobody has used for so long owns it for the moment that takes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from ttm_protocol.errors import (
    Fenced,
    Quarantined,
    SessionNotFound,
    StateIncompatible,
    StoreUnavailable,
    TTMError,
    outcome_of,
)
from ttm_server.config import Settings
from ttm_server.store import WorkerStore
from ttm_server.store.types import Acquired
from ttm_server.waiting import happens_within
from ttm_server.worker.metrics import WorkerMetrics

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
CLEAR_EVERY_S = 5.0
AT_ONCE = 4


class Tiering:
    """`holds`: the sessions that this worker has for their work, which are not touched here."""

    def __init__(
        self,
        store: WorkerStore,
        holds: Callable[[str], bool],
        owner: str,
        settings: Settings,
        metrics: WorkerMetrics,
    ) -> None:
        self._store = store
        self._holds = holds
        # Another owner than the worker's own: nobody takes a session up while it is on its way.
        self._owner = f"{owner}:tier"
        self._settings = settings
        self._metrics = metrics

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; sessions that are on their way then still arrive."""
        if not self._store.moves_sessions:
            return
        clear_at_s = time.monotonic()
        while not await happens_within(stopping, LOOK_EVERY_S):
            try:
                await self.look()
                if time.monotonic() >= clear_at_s:
                    clear_at_s = time.monotonic() + CLEAR_EVERY_S
                    await self.clear()
            except StoreUnavailable as error:
                log.warning("tier: store unavailable: %s", error)

    async def look(self) -> None:
        """Move out what sweeps have found unused."""
        while found := self._store.idle_sessions(AT_ONCE):
            await asyncio.gather(*(self._move(sid) for sid in found if not self._holds(sid)))

    async def clear(self) -> None:
        """Delete objects that nobody needs any more."""
        await self._store.list_left_over()
        cleared = await self._store.clear_left_over()
        self._metrics.tier_left_over.set(cleared.left)
        if cleared.failed:
            self._metrics.tier_errors.labels("delete", "tier_unavailable").inc(cleared.failed)

    async def _move(self, sid: str) -> None:
        started_s = time.monotonic()
        try:
            acquired = await self._store.acquire(sid, self._owner, self._settings.lease_ttl_s)
        except (SessionNotFound, Quarantined):
            return
        except (StateIncompatible, StoreUnavailable) as error:
            log.warning("tier: %s", error)
            return
        if acquired is None:
            return
        if not await self._moved(sid, acquired):
            await self._release(sid, acquired)
            return
        self._metrics.tiered.labels("out").inc()
        self._metrics.tier_seconds.labels("out").observe(time.monotonic() - started_s)

    async def _moved(self, sid: str, acquired: Acquired) -> bool:
        try:
            # One whose last owner died with work left is tried alone first.
            return not acquired.crashes and await self._store.move_out(sid, acquired)
        except (Fenced, SessionNotFound):
            return False
        except TTMError as error:
            log.warning("tier: a session stays in the store: %s", error)
            self._metrics.tier_errors.labels("out", outcome_of(error).code).inc()
            return False

    async def _release(self, sid: str, acquired: Acquired) -> None:
        try:
            await self._store.release(sid, acquired.fence)
        except (Fenced, SessionNotFound):
            return
        except StoreUnavailable as error:
            log.warning("tier: store unavailable: %s", error)
