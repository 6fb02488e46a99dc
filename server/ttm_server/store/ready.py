"""The ready set: which sessions a worker should look at. Hints, with a sweep behind them."""

from __future__ import annotations

import asyncio
import logging
import time

from ttm_protocol.errors import StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import INDEX, READY, session_keys
from ttm_server.store.left_over import LeftOver
from ttm_server.store.tiered import name_of
from ttm_server.store.wall_clock import STALE_AFTER_S

log = logging.getLogger(__name__)

SWEEP_SESSIONS = 256
SWEEPERS = 4  # so many workers sweep as often as one would by itself; more share what these do
ROUND_S = 30.0  # in which together they look at every session, at a sweep a second each
ORPHAN_AFTER_S = 60.0  # longer than any create can take
URGENT_LEAD_S = 3600.0
EXPIRY_LOOK_S = 60.0  # between looks for unused sessions, at most
_WAIT_SLICE_S = 2.0  # below the socket timeout, so that a wait never looks like a dead server
_AT_ONCE = 16
MAX_IDLE = 256


def sweepers_for(sessions: int) -> float:
    """Workers that look at so many sessions within ROUND_S, SWEEPERS at least."""
    return max(float(SWEEPERS), sessions / SWEEP_SESSIONS / ROUND_S)


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

    def __init__(self, edge: Edge, settings: Settings, left_over: LeftOver) -> None:
        super().__init__(edge, settings)
        self._left_over = left_over
        self._sweep_at = 0  # place in the index
        self._looked_for_unused_s = float("-inf")
        self._looks_for_unused = False  # in this round
        self._idle: dict[str, None] = {}  # in the order in which they were found

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

        Looks at the next 256 sessions of the index per call, round and round, removes entries that
        a crash left without a session, and once in a while deletes sessions that nobody has used
        for `session_ttl_s`.
        """
        first = self._sweep_at
        if first == 0:
            self._begin_round()
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

    async def sweepers(self) -> float:
        """How many workers that sweep once a second the index needs, SWEEPERS at least."""
        sessions = int(await self._edge.command("ZCARD", INDEX, repeatable=True))
        return sweepers_for(sessions)

    def idle_sessions(self, most: int) -> list[str]:
        """Take up to `most` sessions that sweeps found unused for `tier_after_s`, with a memory."""
        found = list(self._idle)[:most]
        for sid in found:
            del self._idle[sid]
        return found

    async def _look_after(self, sid: str, created_ms: float) -> str:
        keys = session_keys(sid)
        if self._looks_for_unused and await self._expire(sid):
            return "removed"
        code, rest = await self._edge.script("peek", [keys.meta, keys.lease, keys.asks, keys.state])
        if code is Code.GONE:
            if time.time() - created_ms / 1000 < ORPHAN_AFTER_S:
                return ""  # perhaps about to be created
            await self._edge.command("ZREM", INDEX, sid, repeatable=True)
            return "removed"
        waiting, asks, leased, unused_ms = rest
        if leased:
            return ""
        if not (waiting > 0 or asks):
            self._note_idle(sid, unused_ms)
            return ""
        await put_ready(self._edge, sid, urgent=asks > 0)
        return "marked"

    def _note_idle(self, sid: str, unused_ms: int) -> None:
        if self._settings.tier_url is None or unused_ms < self._settings.tier_after_s * 1000:
            return
        if len(self._idle) < MAX_IDLE:  # the others are found again
            self._idle[sid] = None

    def _begin_round(self) -> None:
        ttl_s = self._settings.session_ttl_s
        now_s = time.monotonic()
        every_s = min(EXPIRY_LOOK_S, ttl_s / 4) if ttl_s else EXPIRY_LOOK_S
        self._looks_for_unused = now_s - self._looked_for_unused_s >= every_s
        if self._looks_for_unused:
            self._looked_for_unused_s = now_s

    async def _expire(self, sid: str) -> bool:
        """Delete a session that nobody has used for so long; False where somebody has."""
        keys = session_keys(sid)
        ttl_s = self._settings.session_ttl_s
        code, rest = await self._edge.script(
            "expire",
            keys.all,
            round(ttl_s * 1000),
            round(STALE_AFTER_S * 1000),
            round(min(ttl_s, STALE_AFTER_S) * 1000),
            keys.wake_in,
            keys.wake_out,
        )
        if code is not Code.OK:
            return False
        log.info("a session was deleted: unused for %g s", ttl_s)
        # After the session itself; what a crash leaves in between, a later sweep removes.
        await self._edge.command("ZREM", INDEX, sid, repeatable=True)
        await self._edge.command("ZREM", READY, sid, repeatable=True)
        if rest[0] is not None:
            await self._left_over.delete_now(name_of(sid, rest[0].decode()))
        return True
