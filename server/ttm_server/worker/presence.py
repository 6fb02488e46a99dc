"""Says that this worker lives and what it is doing: to the store, in a beat, and to probes."""

from __future__ import annotations

import asyncio
import logging
import time

from ttm_protocol.errors import StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store import WorkerBeat, WorkerState, WorkerStore
from ttm_server.store.workers import BEAT_EVERY_S, KEEP_S
from ttm_server.waiting import happens_within

log = logging.getLogger(__name__)


class Presence:
    """One worker's state; from its start on it is `starting`. Read from any thread."""

    def __init__(self, worker_id: str, settings: Settings) -> None:
        self.worker_id = worker_id
        self._preset = settings.preset
        self._device = settings.device
        self._capacity = settings.max_live_sessions
        self._changed = asyncio.Event()
        self._told_at_s: float | None = None  # monotonic: when the store last took a beat
        self.state: WorkerState = "starting"
        self._doing = "starting"
        self._since = time.time()

    def become(self, state: WorkerState, doing: str = "") -> None:
        """Go on to a state; `doing` says what it is at where it is not ready."""
        self.state, self._doing, self._since = state, doing, time.time()
        self._changed.set()

    def waits_for(self) -> list[str]:
        """What is missing until this worker can answer, in words; nothing where it can."""
        if self.state != "ready":
            return [since(self._doing, self._since)]
        told_at_s = self._told_at_s
        if told_at_s is None or time.monotonic() - told_at_s > KEEP_S:
            return ["the store: it has not taken a sign of life for a while"]
        return []

    async def keep(self, store: WorkerStore) -> None:
        """Beat until cancelled; a store that is away hears it the next time."""
        while True:
            self._changed.clear()
            try:
                await store.beat(self._beat())
            except StoreUnavailable as error:
                log.debug("sign of life: %s", error)
            else:
                self._told_at_s = time.monotonic()
            await happens_within(self._changed, BEAT_EVERY_S)

    async def leave(self, store: WorkerStore) -> None:
        """Take the sign of life out, so that nobody waits for it to run out."""
        try:
            await store.leave(self.worker_id)
        except StoreUnavailable as error:
            log.debug("sign of life: %s", error)

    def _beat(self) -> WorkerBeat:
        return WorkerBeat(
            worker_id=self.worker_id,
            state=self.state,
            since=self._since,
            doing=self._doing,
            preset=self._preset,
            device=self._device,
            capacity=self._capacity,
        )


def since(doing: str, began: float) -> str:
    """What somebody is at, and for how long, on the wall clock."""
    return f"{doing} since {max(0.0, time.time() - began):.0f} s"
