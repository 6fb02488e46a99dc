"""The ready set: which sessions a worker should look at. Hints, with a sweep behind them."""

from __future__ import annotations

import asyncio
import logging
import time

from ttm_server.errors import StoreUnavailable
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import INDEX, READY, session_keys

log = logging.getLogger(__name__)

SWEEP_SESSIONS = 256
ORPHAN_AFTER_S = 60.0  # longer than any create can take
URGENT_LEAD_S = 3600.0
_WAIT_SLICE_S = 2.0  # below the socket timeout, so that a wait never looks like a dead server
_AT_ONCE = 16


async def put_ready(edge: Edge, sid: str, *, urgent: bool = False) -> None:
    """Put a session into the ready set; a place that is nearer to the front is kept."""
    score = time.time() - (URGENT_LEAD_S if urgent else 0.0)
    await edge.command("ZADD", READY, "LT", score, sid, repeatable=True)


async def hint_ready(edge: Edge, sid: str, *, urgent: bool = False) -> None:
    """`put_ready` where the work itself is already safe: a failure costs time, nothing else."""
    try:
        await put_ready(edge, sid, urgent=urgent)
    except StoreUnavailable as error:
        log.debug("session left to the sweep: %s", error)


class Ready(Part):
    """The store's part for handing sessions to workers."""

    _sweep_at = 0

    async def mark_ready(self, sid: str, *, urgent: bool = False) -> None:
        """Say that a session has work; `urgent` (questions) goes before all that is not."""
        session_keys(sid)  # refuses what is no session id
        await put_ready(self._edge, sid, urgent=urgent)

    async def claim(self, timeout_s: float) -> str | None:
        """Take a session that has work; None after `timeout_s` without one.

        A hint is used up by this: who claims and does not acquire leaves the session to the sweep.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        while True:
            left_s = until_s - loop.time()
            # Zero would wait for ever.
            wait_s = max(0.001, min(left_s, _WAIT_SLICE_S))
            popped = await self._edge.blocking("BZPOPMIN", READY, f"{wait_s:.3f}")
            if popped is not None:
                return str(popped[1].decode())
            if loop.time() >= until_s:
                return None

    async def sweep(self) -> int:
        """Mark sessions that have work and no live lease; returns how many it marked.

        Looks at the next 256 sessions of the index per call, round and round, and removes entries
        that a crash left without a session.
        """
        first = self._sweep_at
        last = first + SWEEP_SESSIONS - 1
        entries = await self._edge.command(
            "ZRANGE", INDEX, first, last, "WITHSCORES", repeatable=True
        )
        found = [
            (sid.decode(), float(score))
            for sid, score in zip(entries[::2], entries[1::2], strict=True)
        ]
        marked = removed = 0
        for start in range(0, len(found), _AT_ONCE):
            part = found[start : start + _AT_ONCE]
            results = await asyncio.gather(*(self._look_after(*entry) for entry in part))
            marked += results.count("marked")
            removed += results.count("removed")
        self._sweep_at = 0 if len(found) < SWEEP_SESSIONS else last + 1 - removed
        return marked

    async def _look_after(self, sid: str, created_ms: float) -> str:
        keys = session_keys(sid)
        code, rest = await self._edge.script("peek", [keys.meta, keys.lease, keys.asks])
        if code is Code.GONE:
            if time.time() - created_ms / 1000 < ORPHAN_AFTER_S:
                return ""  # perhaps about to be created
            await self._edge.command("ZREM", INDEX, sid, repeatable=True)
            return "removed"
        waiting, asks, leased = rest
        if leased or not (waiting > 0 or asks):
            return ""
        await put_ready(self._edge, sid, urgent=asks > 0)
        return "marked"
