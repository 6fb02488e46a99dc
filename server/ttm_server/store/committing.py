"""A worker's commits: what chunks, the end of a stream or a question make of a memory.

The promise kept here: the state at position n is the fold over chunks 1..n, and a chunk is never
applied twice. The fence and the compare-and-set of the position carry it. Knows no model.
"""

from __future__ import annotations

import asyncio
import logging

import msgspec

from ttm_protocol.errors import Fenced, StateIncompatible
from ttm_protocol.messages import MAX_SEQ, Event
from ttm_server.store.codes import Code
from ttm_server.store.edge import Part
from ttm_server.store.keys import session_keys
from ttm_server.store.ownership import GRACE_S, checked_fence, milliseconds
from ttm_server.store.sessions import not_found
from ttm_server.store.state_fields import check_state, to_fields
from ttm_server.store.types import CommitResult, Kept, Reply, SessionState

log = logging.getLogger(__name__)


class Committing(Part):
    """The store's part for workers' commits."""

    async def commit(
        self,
        sid: str,
        fence: str,
        prev_seq: int,
        new_seq: int,
        state: SessionState,
        events: list[Event],
        kept: Kept | None = None,
    ) -> CommitResult:
        """Store the state after chunk `new_seq` with its events, trim the input: all or nothing.

        None of what was taken in is kept, except from `kept.first` on. ALREADY: this very commit
        happened before. Raises Fenced when another worker owns the session or its position is not
        `prev_seq`, SessionNotFound when it was deleted, StateIncompatible (nothing written) for a
        state that must not be stored.
        """
        if prev_seq >= new_seq:
            raise _misplaced(state, prev_seq, new_seq)
        return await self._commit(sid, fence, prev_seq, new_seq, state, events, kept, "chunks")

    async def flush(
        self, sid: str, fence: str, seq: int, state: SessionState, events: list[Event], said: str
    ) -> CommitResult:
        """Store what the end of a stream makes of the state at `seq`; no input is kept.

        Once for a position. REFUSED (nothing written): the stream goes on, or has gone on. Raises
        as `commit`.
        """
        kept = Kept(first=seq + 1, said=said)
        return await self._commit(sid, fence, seq, seq, state, events, kept, "flush")

    async def commit_ask(
        self,
        sid: str,
        fence: str,
        prev_seq: int,
        new_seq: int,
        state: SessionState,
        events: list[Event],
        kept: Kept | None,
        reply: Reply,
    ) -> CommitResult:
        """Store a state that a question has changed together with the reply to it, once.

        The position may stay as it is. REFUSED (nothing written): nobody waits for the reply any
        more. Raises as `commit`.
        """
        return await self._commit(sid, fence, prev_seq, new_seq, state, events, kept, "ask", reply)

    async def _commit(
        self,
        sid: str,
        fence: str,
        prev_seq: int,
        new_seq: int,
        state: SessionState,
        events: list[Event],
        kept: Kept | None,
        why: str,
        reply: Reply | None = None,
    ) -> CommitResult:
        if not 0 <= prev_seq <= new_seq <= MAX_SEQ or state.seq != new_seq:
            raise _misplaced(state, prev_seq, new_seq)
        check_state(state)
        keys = session_keys(sid)
        kept = Kept(first=new_seq + 1) if kept is None else kept
        # Packing a whole memory takes a moment, and other sessions share this thread.
        fields = await asyncio.to_thread(to_fields, state)
        code, rest = await self._edge.script(
            "commit",
            [keys.meta, keys.state, keys.input, keys.events, keys.lease, *keys.questions],
            checked_fence(fence),
            prev_seq,
            new_seq,
            f"{min(kept.first, new_seq + 1)}-0",
            self._settings.events_capacity,
            keys.wake_out,
            why,
            "" if reply is None else reply.ask_id,
            b"" if reply is None else msgspec.json.encode(reply),
            milliseconds(GRACE_S),
            *fields,
            kept.said,
            *map(msgspec.msgpack.encode, events[-self._settings.events_capacity :]),
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.FENCED:
            log.info("commit %d -> %d refused: another fence is current", prev_seq, new_seq)
            raise Fenced("another worker owns the session")
        if code is Code.CONFLICT:
            log.warning("commit %d -> %d refused: applied %d, durable %d", prev_seq, new_seq, *rest)
            raise Fenced(f"the session is at chunk {rest[0]}, not at {prev_seq}")
        if code is Code.INVALID:
            raise StateIncompatible(f"{rest[0].decode()}: refused by the store")
        if code in (Code.MOVED, Code.LOST):
            return CommitResult.REFUSED
        return CommitResult.ALREADY if code is Code.ALREADY else CommitResult.COMMITTED


def _misplaced(state: SessionState, prev_seq: int, new_seq: int) -> StateIncompatible:
    return StateIncompatible(
        f"seq: a state at {state.seq} cannot go from {prev_seq} to {new_seq}", field="seq"
    )
