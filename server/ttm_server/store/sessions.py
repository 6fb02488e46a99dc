"""Sessions as a whole: begin, look at, list, copy, delete. Knows nothing of streams and workers."""

from __future__ import annotations

import asyncio
from typing import Any

from ttm_protocol.errors import (
    BadRequest,
    Overloaded,
    SessionNotFound,
    StateIncompatible,
    TierDamaged,
)
from ttm_protocol.messages import MAX_SEQ
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import INDEX, READY, SessionKeys, new_id, session_keys
from ttm_server.store.left_over import AGAIN_AFTER_S, KEEP_AFTER_S, LeftOver
from ttm_server.store.objects import Objects
from ttm_server.store.state_fields import (
    check_state,
    from_fields,
    gaps_of,
    object_of,
    shape_of,
    to_fields,
)
from ttm_server.store.tiered import fetch, name_of
from ttm_server.store.types import SessionInfo, SessionState, Status
from ttm_server.store.wall_clock import is_live

MAX_LIST = 1000
_AT_ONCE = 16
OBJECT_WITHIN_S = 10.0


def not_found() -> SessionNotFound:
    """The error for a session that is not there."""
    return SessionNotFound("session_id: no such session", field="session_id")


class Sessions(Part):
    """The store's part for sessions."""

    def __init__(
        self, edge: Edge, settings: Settings, objects: Objects | None, left_over: LeftOver
    ) -> None:
        super().__init__(edge, settings)
        self._objects = objects
        self._left_over = left_over

    async def create_session(self, state: SessionState | None = None) -> SessionInfo:
        """Begin a session, empty or at a given state (its `seq` is then the position).

        Raises Overloaded when as many sessions exist as may exist, StateIncompatible for a state
        that must not be stored.
        """
        if state is not None:
            check_state(state)
        sid = new_id()
        keys = session_keys(sid)
        code, rest = await self._edge.script("reserve", [INDEX], sid, self._settings.max_sessions)
        if code is Code.FULL:
            raise Overloaded(f"sessions: {rest[0]}, at most {self._settings.max_sessions}")
        fields = ("", "0", "", "", "") if state is None else to_fields(state)
        seq = 0 if state is None else state.seq
        # The index goes first: a crash in between leaves an entry that the sweep removes, never a
        # session that nobody can list.
        await self._edge.script("create", [keys.meta, keys.state], seq, *fields, durable=True)
        return await self.session(sid)

    async def session(self, sid: str) -> SessionInfo:
        """What is known of a session; raises SessionNotFound.

        With strict durability, positions are those that are on disk.
        """
        keys = session_keys(sid)
        on_disk = await self._on_disk(keys.meta) if self._is_strict else MAX_SEQ
        code, rest = await self._edge.script("info", [keys.meta, keys.state])
        if code is Code.GONE:
            raise not_found()
        return _info(sid, rest, on_disk)

    async def sessions(self, limit: int, after: str | None = None) -> list[SessionInfo]:
        """Up to `limit` (1 to 1000) sessions, oldest first, from the one created after `after`.

        Raises BadRequest for a limit out of range, SessionNotFound for an unknown `after`.
        """
        if not 1 <= limit <= MAX_LIST:
            raise BadRequest(f"limit: {limit} is not in 1..{MAX_LIST}", field="limit")
        code, rest = await self._edge.script("list", [INDEX], after or "", limit)
        if code is Code.GONE:
            raise SessionNotFound("after: no such session", field="after")
        sids = [sid.decode() for sid in rest[0]]
        found: list[SessionInfo] = []
        for start in range(0, len(sids), _AT_ONCE):
            looks = [self._look(sid) for sid in sids[start : start + _AT_ONCE]]
            found += [info for info in await asyncio.gather(*looks) if info is not None]
        return found

    async def delete_session(self, sid: str) -> None:
        """Remove every key of a session and tell who works on it; raises SessionNotFound.

        Its object goes too, at once or as soon as its place can be reached again.
        """
        keys = session_keys(sid)
        tiered = await self._moved_to(keys)
        if tiered is not None:  # noted before nobody knows its name any more
            await self._left_over.note(tiered, AGAIN_AFTER_S)
        code, rest = await self._edge.script(
            "delete", keys.all, keys.wake_in, keys.wake_out, durable=True
        )
        if code is Code.OK and rest[0] is not None:
            tiered = name_of(sid, rest[0].decode())  # also one that was moved this moment
        if tiered is not None:
            await self._left_over.delete_now(tiered)
        # After the session itself: until then it has to be found by a list or a sweep. Also where
        # it is gone already, in case an earlier delete stopped half way.
        removed = await self._edge.command("ZREM", INDEX, sid, repeatable=True)
        await self._edge.command("ZREM", READY, sid, repeatable=True)
        if code is Code.GONE and not removed:
            raise not_found()

    async def read_state(self, sid: str) -> SessionState | None:
        """The committed state, or None before the first commit; raises SessionNotFound.

        One that was moved out is read where it lies: TierUnavailable, TierDamaged.
        """
        keys = session_keys(sid)
        missed: bytes | None = None
        while True:
            code, rest = await self._edge.script("read", [keys.meta, keys.state])
            if code is Code.GONE:
                raise not_found()
            applied, tiered = rest[:2]
            if tiered is None:
                return from_fields(applied, rest[2:])
            try:
                return await self._fetch(sid, tiered, applied)
            except TierDamaged:
                if tiered == missed:
                    raise
                missed = tiered  # perhaps it was brought back meanwhile

    async def flush_due(self, sid: str) -> bool:
        """Whether the stream has ended, all of it is applied, and that is not in memory yet."""
        durable, applied, ended, flushed = await self._edge.command(
            "HMGET", session_keys(sid).meta, "durable", "applied", "ended", "flushed",
            repeatable=True,
        )  # fmt: skip
        return bool(ended == b"1" and durable == applied != b"0" and flushed != applied)

    async def replace_state(self, sid: str, state: SessionState) -> None:
        """Put another memory in place; positions stay as they are and the owner is fenced.

        `state.seq` is not used. Raises SessionNotFound, StateIncompatible.
        """
        check_state(state)
        keys = session_keys(sid)
        code, rest = await self._edge.script(
            "replace",
            [keys.meta, keys.state, keys.lease, keys.input],
            *to_fields(state),
            keys.wake_in,
            keys.wake_out,
            durable=True,
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.INVALID:
            raise StateIncompatible("state: refused by the store", field="state")
        if rest[0] is not None:
            await self._left_over.note(name_of(sid, rest[0].decode()), KEEP_AFTER_S)

    async def fork_session(self, sid: str) -> SessionInfo:
        """A new session that starts from this one's committed state; raises SessionNotFound."""
        return await self.create_session(await self.read_state(sid))

    async def _moved_to(self, keys: SessionKeys) -> str | None:
        if self._objects is None:
            return None
        tag = await self._edge.command("HGET", keys.meta, "tier", repeatable=True)
        return None if tag is None else name_of(keys.sid, tag.decode())

    async def _fetch(self, sid: str, tag: bytes, applied: int) -> SessionState:
        name = name_of(sid, tag.decode())
        return (await fetch(self._objects, name, applied, OBJECT_WITHIN_S))[0]

    async def _on_disk(self, meta: str) -> int:
        code, rest = await self._edge.script("sync", [meta], durable=True)
        if code is Code.GONE:
            raise not_found()
        return int(rest[0])

    async def _look(self, sid: str) -> SessionInfo | None:
        try:
            return await self.session(sid)
        except SessionNotFound:
            return None


def _info(sid: str, rest: list[Any], on_disk: int) -> SessionInfo:
    created_ms, durable, applied, conn, beat_ms, ended, now_ms, memory_bytes = rest[:8]
    media_s, gaps, model, shape, quarantined_ms, tiered = rest[8:]
    status: Status = "idle"
    if quarantined_ms:
        status = "quarantined"
    elif is_live(conn, beat_ms, now_ms):
        status = "live"
    elif ended and applied >= durable:
        status = "ended"
    return SessionInfo(
        session_id=sid,
        status=status,
        created_at=created_ms / 1000,
        durable_seq=min(durable, on_disk),
        applied_seq=min(applied, on_disk),
        media_s=0.0 if media_s is None else float(media_s),
        gaps=gaps_of(gaps),
        model=object_of(model),
        memory=shape_of(shape, memory_bytes),
        tiered=bool(tiered),
    )
