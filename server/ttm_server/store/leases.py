"""When leases run out: so that the sessions of a dead worker are handed on at that moment.

A hint, never the truth: that is each session's own lease, and a sweep is behind it. Entries are
times on the clocks of the workers, which need not agree.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from ttm_protocol.errors import StoreUnavailable
from ttm_server.store.codes import Code
from ttm_server.store.edge import Part
from ttm_server.store.keys import LEASES, session_keys
from ttm_server.store.ready import put_ready

log = logging.getLogger(__name__)

AT_ONCE = 256


class Leases(Part):
    """The store's part for noticing that owners have died."""

    async def note_leases(self, sids: Sequence[str], ttl_s: float) -> None:
        """Note that these sessions were leased just now; a failure costs time, nothing else."""
        if not sids:
            return
        ends_s = time.time() + ttl_s
        words: list[str | float] = []
        for sid in sids:
            words += [ends_s, sid]
        await self._hint("ZADD", LEASES, *words)

    async def forget_lease(self, sid: str) -> None:
        """Note that a session was given back."""
        await self._hint("ZREM", LEASES, sid)

    async def hand_on_expired(self) -> float | None:
        """Mark sessions with work whose lease has run out; -> seconds until the next noted end.

        None: no lease is noted.
        """
        words = ("ZRANGE", LEASES, "-inf", time.time(), "BYSCORE", "LIMIT", 0, AT_ONCE)
        ended = [sid.decode() for sid in await self._edge.command(*words, repeatable=True)]
        await asyncio.gather(*(self._hand_on(sid) for sid in ended))
        first = await self._edge.command("ZRANGE", LEASES, 0, 0, "WITHSCORES", repeatable=True)
        return max(0.0, float(first[1]) - time.time()) if first else None

    async def _hand_on(self, sid: str) -> None:
        # Who removes the entry looks after the session, so that many workers do not all do it.
        if not await self._edge.command("ZREM", LEASES, sid, repeatable=True):
            return
        keys = session_keys(sid)
        code, rest = await self._edge.script("peek", [keys.meta, keys.lease, keys.asks, keys.state])
        if code is Code.GONE:
            return
        waiting, asks, held_ms = rest[:3]
        if held_ms > 0:  # a commit has lengthened it since, or it is in quarantine
            await self._hint("ZADD", LEASES, "NX", time.time() + held_ms / 1000, sid)
        elif waiting > 0 or asks > 0:
            await put_ready(self._edge, sid, urgent=asks > 0)

    async def _hint(self, *words: str | float) -> None:
        try:
            await self._edge.command(*words, repeatable=True)
        except StoreUnavailable as error:
            log.debug("a lease is left to the sweep: %s", error)
