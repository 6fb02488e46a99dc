"""A sender and a worker as small as can be, and every operation of a store once."""

from __future__ import annotations

import asyncio

import pytest

from both_sides import Store
from store.folding import chunk, event, fold, payload, session_with, state
from store.tiering import acquired, big, moved_session
from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable, Superseded
from ttm_server.store import ModelAnnounced, Reply, WorkerBeat

LONG_S = 60.0
PAUSE_S = 0.05


async def every_operation(store: Store) -> str:
    """Call everything that a store can do; returns the id of the session, deleted by now."""
    await store.ping()
    sid, connection = await session_with(store, 3)
    ticket, _ = await store.issue_ticket(sid)
    assert await store.redeem_ticket(ticket) == sid
    assert await store.claim(1.0) == sid
    assert await store.sweep() == 1
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    assert [seq for seq, _ in await store.read_chunks(sid, 0, 9)] == [1, 2, 3]
    async with store.watch(sid) as wake:
        await store.commit(sid, owned.fence, 0, 2, state(2), [event(1)])
        assert await wake.wait(LONG_S)
    progress = await store.progress(sid, connection, "0-0")
    assert (progress.durable, progress.applied, len(progress.events)) == (3, 2, 1)
    ask_id = await store.ask(sid, "question", {}, 30.0, "c")
    assert len(await store.pending_asks(sid)) == 1
    await store.reply(sid, owned.fence, Reply(ask_id=ask_id, body={"a": 1}), "c", {"b": 2})
    assert (await store.wait_reply(sid, ask_id, 1.0)).body == {"a": 1}
    assert await store.renew(sid, owned.fence, 5.0)
    assert await store.begin_trial(sid, owned.fence, 5.0)
    assert await store.pass_trial(sid, owned.fence, 5.0)
    await store.release(sid, owned.fence)
    assert (await store.read_state(sid)) == state(2)
    if store.moves_sessions:
        await _move_out_and_back(store)
    await store.replace_state(sid, state(0))
    await store.mark_ready(sid, urgent=True)
    await store.close_stream(sid, connection, ended=True)
    assert (await store.session(sid)).durable_seq == 3
    announced = ModelAnnounced(model={"schema": "one"}, memory={}, fingerprint="f")
    await store.announce_model(announced)
    assert await store.announced_model("one") == announced
    await store.beat(WorkerBeat(worker_id="w", state="ready", since=1.0))
    assert (await store.workers()).ready == 1
    await store.leave("w")
    assert (await store.workers()).ready == 0
    assert (await store.memory()).used_bytes > 0
    await store.note_leases([sid], 0.001)
    await asyncio.sleep(0.01)
    assert await store.hand_on_expired() is None
    assert await store.claim(1.0) == sid
    fork = await store.fork_session(sid)
    assert len(await store.sessions(10)) == 2
    for known in (sid, fork.session_id):
        await store.delete_session(known)
        with pytest.raises(SessionNotFound):
            await store.session(known)
    assert await store.claim(0.1) is None
    assert await store.sessions(10) == []
    return sid


async def _move_out_and_back(store: Store) -> None:
    moved = await moved_session(store)
    assert await store.read_state(moved) == big(6)
    owned = await store.bring_back(moved, await acquired(store, moved))
    assert owned.state == big(6)
    assert await store.move_out(moved, owned)
    await store.delete_session(moved)
    assert (await store.clear_left_over()).failed == 0
    await store.list_left_over()


async def stream(store: Store, sid: str, last: int, pause_s: float = 0.0) -> int:
    """Send chunks 1..last, from wherever the store says, as often as it takes.

    Returns how often the store was away.
    """
    away = 0
    while True:
        try:
            opened = await store.open_stream(sid)
            for seq in range(opened.next_seq, last + 1):
                await _until_stored(store, sid, opened.connection, seq)
                await asyncio.sleep(pause_s)
            return away
        except (StoreUnavailable, Superseded):
            away += 1
            await asyncio.sleep(PAUSE_S)


async def _until_stored(store: Store, sid: str, connection: str, seq: int) -> None:
    while True:
        ingested = await store.ingest(sid, connection, chunk(seq), payload(sid, seq))
        if ingested.durable >= seq:
            return
        await asyncio.sleep(PAUSE_S)


async def apply(store: Store, sid: str, last: int) -> int:
    """Fold chunks into the session's state until chunk `last` is in; how often it began anew."""
    begun = 0
    while True:
        try:
            owned = await store.acquire(sid, "worker", 30.0)
            assert owned is not None  # there is only one worker
            begun += 1
            memory = b"" if owned.state is None else owned.state.memory
            if await _fold_on(store, sid, owned.fence, owned.applied, memory, last):
                return begun
        except (StoreUnavailable, Fenced):
            await asyncio.sleep(PAUSE_S)


async def _fold_on(
    store: Store, sid: str, fence: str, applied: int, memory: bytes, last: int
) -> bool:
    while applied < last:
        chunks = await store.read_chunks(sid, applied, 3)
        for _, data in chunks:
            memory = fold(memory, data)
        if not chunks:
            await asyncio.sleep(PAUSE_S)
            continue
        new = chunks[-1][0]
        await store.commit(sid, fence, applied, new, state(new, memory), [event(new)])
        applied = new
    return True
