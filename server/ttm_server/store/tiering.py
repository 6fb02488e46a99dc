"""Idle sessions out of the store and back. Knows objects by name, no model and no schedule.

A whole object is there before the store lets go of a memory, and the store has the memory before
the object may be deleted. One script decides each, by fence and by the object's name.
"""

from __future__ import annotations

import asyncio
import logging

import msgspec

from ttm_protocol.errors import Fenced
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import session_keys
from ttm_server.store.left_over import KEEP_AFTER_S, LeftOver
from ttm_server.store.objects import Objects, unavailable
from ttm_server.store.ownership import Ownership, checked_fence
from ttm_server.store.sessions import not_found
from ttm_server.store.state_fields import pack
from ttm_server.store.tiered import fetch, name_of, object_of
from ttm_server.store.types import Acquired
from ttm_server.store.wall_clock import STALE_AFTER_S

log = logging.getLogger(__name__)

MAX_KEPT_CHUNKS = 4096
LEASE_SHARE = 0.8  # an object takes no longer than that of a lease, or it is given up


class Tiering(Part):
    """The store's part for moving sessions; `objects` None: it moves none."""

    def __init__(
        self,
        edge: Edge,
        settings: Settings,
        objects: Objects | None,
        ownership: Ownership,
        left_over: LeftOver,
    ) -> None:
        super().__init__(edge, settings)
        self._objects = objects
        self._ownership = ownership
        self._left_over = left_over

    @property
    def moves(self) -> bool:
        """Whether there is a place to move sessions to."""
        return self._objects is not None

    async def move_out(self, sid: str, acquired: Acquired) -> bool:
        """Move an owned session's memory and kept input into an object, and release it.

        False, nothing moved and still owned: something waits, a client is connected, or there is
        no memory. Raises TierUnavailable, Fenced, SessionNotFound; it is then still owned, too.
        """
        state, objects = acquired.state, self._objects
        if state is None or objects is None:
            return False
        keys = session_keys(sid)
        kept = await self._ownership.read_kept(sid, acquired.applied, MAX_KEPT_CHUNKS)
        tag, data = await asyncio.to_thread(object_of, acquired.fence, state, kept)
        name = name_of(sid, tag)
        await self._left_over.note(name, KEEP_AFTER_S)
        try:
            async with asyncio.timeout(self._within_s):
                await objects.put(name, data)
        except TimeoutError:
            raise unavailable("put") from None
        code, _ = await self._edge.script(
            "move_out",
            [keys.meta, keys.state, keys.input, keys.events, keys.lease, keys.asks],
            checked_fence(acquired.fence),
            acquired.applied,
            tag,
            len(kept),
            round(STALE_AFTER_S * 1000),
        )
        if code in (Code.OK, Code.ALREADY):
            await self._ownership.forget_lease(sid)
            return True
        await self._left_over.note(name, 0)
        if code is Code.GONE:
            raise not_found()
        if code is Code.FENCED:
            raise Fenced("another worker owns the session")
        return False

    async def bring_back(self, sid: str, acquired: Acquired) -> Acquired:
        """An owned session whose memory is in the store, exactly as it was moved out.

        Raises TierUnavailable, TierDamaged (nothing is changed by either), Fenced, SessionNotFound.
        """
        if acquired.tiered is None:
            return acquired
        keys, name = session_keys(sid), name_of(sid, acquired.tiered)
        state, kept = await fetch(self._objects, name, acquired.applied, self._within_s)
        # Before the store has it back: a crash in between leaves a note for an object in use.
        await self._left_over.note(name, KEEP_AFTER_S)
        memory = await asyncio.to_thread(pack, state.memory)
        words = [word for seq, payload in kept for word in (f"{seq}-0", payload)]
        code, _ = await self._edge.script(
            "bring_back",
            [keys.meta, keys.state, keys.input, keys.lease],
            checked_fence(acquired.fence),
            acquired.tiered,
            memory,
            *words,
        )
        if code is Code.GONE:
            raise not_found()
        if code in (Code.FENCED, Code.CONFLICT):
            raise Fenced("another worker owns the session")
        return msgspec.structs.replace(acquired, state=state, tiered=None)

    @property
    def _within_s(self) -> float:
        return self._settings.lease_ttl_s * LEASE_SHARE
