"""What is committed without a chunk: the end of a stream and questions that change a memory; and
which input is kept.
"""

from __future__ import annotations

import pytest
from redis import Redis

from both_sides import Store
from store.folding import event, payload, send, session_with, state
from ttm_protocol.errors import Fenced, StateIncompatible
from ttm_server.store import CommitResult, Kept, Reply
from ttm_server.store.keys import session_keys


async def applied(store: Store, chunks: int = 3, kept: Kept | None = None) -> tuple[str, str, str]:
    """A session whose chunks are all committed: id, connection, fence."""
    sid, connection = await session_with(store, chunks)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, chunks, state(chunks), [event(1)], kept)
    return sid, connection, owned.fence


def work_left(raw: Redis) -> None:
    raw.delete("ttm:ready:0")


async def kept(store: Store, sid: str) -> list[int]:
    return [seq for seq, _ in await store.read_kept(sid, 10_000, 1000)]


async def test_a_commit_keeps_the_input_that_it_is_told_to(store: Store) -> None:
    sid, connection, fence = await applied(store, 5, Kept(first=3, said="1.5 7"))
    await send(store, sid, connection, [6, 7])
    assert await store.read_kept(sid, 5, 9) == [(n, payload(sid, n)) for n in (3, 4, 5)]
    assert await store.read_kept(sid, 5, 2) == [(n, payload(sid, n)) for n in (4, 5)]
    assert [seq for seq, _ in await store.read_chunks(sid, 5, 9)] == [6, 7]
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    assert (owned.applied, owned.kept) == (5, "1.5 7")
    await store.commit(sid, owned.fence, 5, 6, state(6), [], Kept(first=99))
    assert await kept(store, sid) == [7]  # never what waits
    assert fence != owned.fence


async def test_kept_input_is_no_work_and_takes_no_room(store: Store, raw: Redis) -> None:
    sid, connection, fence = await applied(store, 8, Kept(first=1))
    await send(store, sid, connection, range(9, 17))  # as many as may wait
    await store.commit(sid, fence, 8, 16, state(16), [], Kept(first=1))
    await store.release(sid, fence)
    work_left(raw)
    assert await store.sweep() == 0
    assert len(await kept(store, sid)) == 16
    await store.delete_session(sid)
    assert list(raw.scan_iter(f"*{sid}*")) == []


async def test_the_end_is_flushed_once_and_keeps_no_input(store: Store) -> None:
    sid, connection, fence = await applied(store, 3, Kept(first=1))
    await store.close_stream(sid, connection, ended=True)
    assert (await store.open_work(sid)).flush_at == 3
    after = state(3, b"flushed")
    for expected in (CommitResult.COMMITTED, CommitResult.ALREADY):
        done = await store.flush(sid, fence, 3, after, [event(3, "last words")], "-inf")
        assert done is expected
    assert await store.read_state(sid) == after
    assert await kept(store, sid) == []
    assert (await store.open_work(sid)).flush_at is None
    info = await store.session(sid)
    assert (info.status, info.applied_seq, info.durable_seq) == ("ended", 3, 3)
    opened = await store.open_stream(sid)
    events = (await store.progress(sid, opened.connection, "0-0")).events
    assert events == [event(1), event(3, "last words")]
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    assert owned.kept == "-inf"


async def test_a_stream_that_goes_on_is_not_flushed(store: Store) -> None:
    sid, connection, fence = await applied(store)
    flush = (sid, fence, 3, state(3, b"flushed"), [], "-inf")
    assert await store.flush(*flush) is CommitResult.REFUSED  # has not ended
    await store.close_stream(sid, connection, ended=True)
    opened = await store.open_stream(sid)
    assert await store.flush(*flush) is CommitResult.REFUSED  # was taken up again
    await send(store, sid, opened.connection, [4])
    await store.close_stream(sid, opened.connection, ended=True)
    assert await store.flush(*flush) is CommitResult.REFUSED  # a chunk came in between
    assert (await store.open_work(sid)).flush_at == 4
    await store.commit(sid, fence, 3, 4, state(4), [])
    with pytest.raises(Fenced, match="at chunk 4"):
        await store.flush(*flush)
    assert await store.read_state(sid) == state(4)
    assert await store.flush(sid, fence, 4, state(4), [], "") is CommitResult.COMMITTED
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    with pytest.raises(Fenced):
        await store.flush(sid, fence, 4, state(4, b"stale"), [], "")


async def test_a_flush_is_work_for_somebody(store: Store, raw: Redis) -> None:
    sid, connection, fence = await applied(store)
    await store.release(sid, fence)
    work_left(raw)
    await store.close_stream(sid, connection, ended=True)
    assert await store.claim(1.0) == sid
    assert await store.sweep() == 1
    assert await store.claim(1.0) == sid
    owned = await store.acquire(sid, "a", 30.0)
    assert owned is not None
    assert await store.sweep() == 0
    await store.release(sid, owned.fence)
    assert await store.claim(1.0) == sid  # was not done
    owned = await store.acquire(sid, "b", 30.0)
    assert owned is not None
    await store.flush(sid, owned.fence, 3, state(3), [], "")
    await store.release(sid, owned.fence)
    assert await store.sweep() == 0
    opened = await store.open_stream(sid)
    await store.close_stream(sid, opened.connection, ended=True)
    assert await store.claim(0.05) is None  # ended once more, and nothing came
    await store.close_stream(sid, opened.connection, ended=False)


async def test_who_dies_at_the_end_of_a_stream_is_a_suspect(store: Store, raw: Redis) -> None:
    sid, connection, fence = await applied(store)
    await store.release(sid, fence)
    await store.close_stream(sid, connection, ended=True)
    told = []
    for _ in range(2):
        owned = await store.acquire(sid, f"owner{len(told)}", 30.0)
        assert owned is not None
        told.append(owned.crashes)
        raw.delete(session_keys(sid).lease)
    assert told == [0, 1]


async def test_who_cannot_read_a_memory_gives_its_flush_up(store: Store, raw: Redis) -> None:
    sid, connection, fence = await applied(store, 3, Kept(first=1))
    await store.close_stream(sid, connection, ended=True)
    await store.release(sid, fence, unreadable=True)
    work_left(raw)
    assert await store.sweep() == 0
    assert await kept(store, sid) == []
    assert await store.read_state(sid) == state(3)


async def test_a_new_memory_keeps_none_of_the_old_ones_input(store: Store) -> None:
    sid, connection, fence = await applied(store, 3, Kept(first=1))
    await send(store, sid, connection, [4])
    await store.close_stream(sid, connection, ended=True)
    await store.commit(sid, fence, 3, 4, state(4), [], Kept(first=2))
    await store.flush(sid, fence, 4, state(4), [], "")
    opened = await store.open_stream(sid)
    await send(store, sid, opened.connection, [5])
    await store.replace_state(sid, state(0, b"imported"))
    assert await kept(store, sid) == [5]
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    assert owned.kept is None
    await store.commit(sid, owned.fence, 4, 5, state(5), [])
    await store.close_stream(sid, opened.connection, ended=True)
    await store.replace_state(sid, state(0, b"another"))
    assert (await store.open_work(sid)).flush_at == 5
    fork = await store.fork_session(sid)
    assert await kept(store, fork.session_id) == []
    owned = await store.acquire(fork.session_id, "me", 30.0)
    assert owned is not None
    assert owned.kept is None


async def test_a_change_and_its_reply_are_one(store: Store) -> None:
    sid, connection, fence = await applied(store)
    await send(store, sid, connection, [4])
    ask_id = await store.ask(sid, "teach", {"name": "cup"}, 30.0)
    (ask,) = await store.pending_asks(sid)
    assert (ask.kind, ask.barrier) == ("teach", 4)
    reply = Reply(ask_id=ask_id, body={"things": ["cup"]})
    change = (sid, fence, 3, 4, state(4, b"taught"), [event(4)], Kept(first=2), reply)
    for expected in (CommitResult.COMMITTED, CommitResult.ALREADY):
        assert await store.commit_ask(*change) is expected
    assert await store.pending_asks(sid) == []
    assert await store.wait_reply(sid, ask_id, 5.0) == reply
    assert await store.read_state(sid) == state(4, b"taught")
    # Also where the position stays; and never again, though its reply was taken meanwhile.
    other = await store.ask(sid, "forget", {"name": "cup"}, 30.0)
    again = (sid, fence, 4, 4, state(4, b"forgot"), [], None, Reply(ask_id=other, body={}))
    assert await store.commit_ask(*again) is CommitResult.COMMITTED
    assert await store.commit_ask(sid, fence, 4, 4, *change[4:]) is CommitResult.REFUSED
    assert await store.read_state(sid) == state(4, b"forgot")


async def test_a_change_that_nobody_waits_for_is_not_made(store: Store, raw: Redis) -> None:
    sid, _, fence = await applied(store)
    ask_id = await store.ask(sid, "teach", {"name": "cup"}, 30.0)
    raw.zadd(session_keys(sid).asks, {ask_id: 1})  # its deadline is long past
    change = (state(3, b"taught"), [], None, Reply(ask_id=ask_id, body={}))
    assert await store.commit_ask(sid, fence, 3, 3, *change) is CommitResult.REFUSED
    assert await store.read_state(sid) == state(3)
    with pytest.raises(StateIncompatible):
        await store.commit_ask(sid, fence, 3, 2, *change)
    with pytest.raises(Fenced):
        await store.commit_ask(sid, fence, 1, 3, *change)
