"""Objects that nobody needs any more: noted, looked at again, deleted. Knows no memory.

An object is noted before it can become an orphan, so a crash leaves a note behind it; a list of all
objects, once a day, finds what a store lost with its last seconds. Deletion waits long enough for
the store to have on disk that the object is not needed.
"""

from __future__ import annotations

import asyncio
import logging
import time

import msgspec

from ttm_protocol.errors import TierUnavailable
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import LEFT_OVER, LISTED, session_keys
from ttm_server.store.objects import Objects
from ttm_server.store.tiered import session_of

log = logging.getLogger(__name__)

# Longer than any lease, and than a store or its replicas may lag behind what they answered.
KEEP_AFTER_S = 600.0
AGAIN_AFTER_S = 60.0
LIST_EVERY_S = 86_400.0
AT_ONCE = 16


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the objects that were due, and how many are still noted."""

    deleted: int
    failed: int
    left: int


class LeftOver(Part):
    """The store's part for objects to delete; without a place to look at it only notes them."""

    def __init__(self, edge: Edge, settings: Settings, objects: Objects | None) -> None:
        super().__init__(edge, settings)
        self._objects = objects

    async def note(self, name: str, after_s: float) -> None:
        """Look after so many seconds whether an object is to be deleted."""
        await self._edge.script("left_note", [LEFT_OVER], name, round(after_s * 1000))

    async def delete_now(self, name: str) -> None:
        """Delete the object of a session that is gone; where that fails it is tried again."""
        if self._objects is None:
            await self.note(name, 0)
            return
        try:
            await self._objects.delete(name)
        except TierUnavailable:
            log.warning("tier: the object of a deleted session is left for later")
            await self.note(name, AGAIN_AFTER_S)
            return
        await self._edge.command("ZREM", LEFT_OVER, name, repeatable=True)

    async def clear(self) -> Cleared:
        """Delete up to AT_ONCE objects that are due and that nobody needs.

        Those that cannot be deleted now are due again after a minute.
        """
        _, (found, noted) = await self._edge.script(
            "left_due", [LEFT_OVER], AT_ONCE, round(AGAIN_AFTER_S * 1000)
        )
        done = await asyncio.gather(*(self._clear(name.decode()) for name in found))
        over = done.count("deleted") + done.count("needed")
        return Cleared(
            deleted=done.count("deleted"), failed=done.count("failed"), left=noted - over
        )

    async def list_all(self) -> int | None:
        """Note objects that nobody needs and that were not noted; None: listed a while ago."""
        if self._objects is None or not await self._edge.command(
            "SET", LISTED, 1, "NX", "PX", round(LIST_EVERY_S * 1000), repeatable=False
        ):
            return None
        found = 0
        async for name, stored_s in self._objects.names():
            if time.time() - stored_s > KEEP_AFTER_S and await self._is_unused(name) is Code.OK:
                await self.note(name, 0)
                found += 1
        return found

    async def _clear(self, name: str) -> str:
        used = await self._is_unused(name)
        if used is Code.HELD:
            return "held"
        if used is Code.OK:
            if self._objects is None:
                return "failed"
            try:
                await self._objects.delete(name)
            except TierUnavailable:
                return "failed"
        await self._edge.command("ZREM", LEFT_OVER, name, repeatable=True)
        return "deleted" if used is Code.OK else "needed"

    async def _is_unused(self, name: str) -> Code:
        whose = session_of(name)
        if whose is None:
            return Code.ALREADY  # not ours
        sid, tag = whose
        keys = session_keys(sid)
        attempt = tag.rpartition(".")[2]
        code, _ = await self._edge.script("unused", [keys.meta, keys.lease], tag, attempt)
        return code
