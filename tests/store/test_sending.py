"""The sending side: order, duplicates, gaps, backpressure, and one connection at a time."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis

from both_sides import Store
from store.folding import chunk, event, payload, send, session_with, state
from ttm_protocol.errors import ProtocolError, SessionNotFound, Superseded
from ttm_protocol.messages import MAX_SEQ
from ttm_server.store import IngestStatus
from ttm_server.store.keys import session_keys


async def test_chunks_are_stored_in_order(store: Store) -> None:
    sid, connection = await session_with(store, 0)
    for seq in (1, 2, 3):
        ingested = await store.ingest(sid, connection, chunk(seq), payload(sid, seq))
        assert ingested.status is IngestStatus.STORED
        assert (ingested.durable, ingested.applied) == (seq, 0)
    assert await store.read_chunks(sid, 0, 10) == [(n, payload(sid, n)) for n in (1, 2, 3)]
    assert await store.read_chunks(sid, 1, 1) == [(2, payload(sid, 2))]
    assert await store.read_chunks(sid, 3, 10) == []


async def test_a_duplicate_is_acknowledged_and_not_stored(store: Store) -> None:
    sid, connection = await session_with(store, 3)
    again = await store.ingest(sid, connection, chunk(2), b"other bytes")
    assert again.status is IngestStatus.DUPLICATE
    assert (again.durable, again.applied) == (3, 0)
    assert await store.read_chunks(sid, 1, 1) == [(2, payload(sid, 2))]


async def test_a_duplicate_of_an_applied_chunk(store: Store) -> None:
    sid, connection = await session_with(store, 3)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 3, state(3), [])
    again = await store.ingest(sid, connection, chunk(1), b"")
    assert (again.status, again.durable, again.applied) == (IngestStatus.DUPLICATE, 3, 3)
    assert await store.read_chunks(sid, 3, 10) == []


async def test_a_gap_names_both_numbers(store: Store) -> None:
    sid, connection = await session_with(store, 2)
    with pytest.raises(ProtocolError, match="expected 3, got 5") as caught:
        await store.ingest(sid, connection, chunk(5), b"")
    assert caught.value.field == "seq"
    assert (await store.session(sid)).durable_seq == 2


async def test_time_must_not_run_backwards(store: Store) -> None:
    sid, connection = await session_with(store, 0)
    t = 0.1 + 0.2  # needs all its digits
    await store.ingest(sid, connection, chunk(1, t), b"")
    with pytest.raises(ProtocolError, match=r"0\.3 lies before 0\.30000000000000004") as caught:
        await store.ingest(sid, connection, chunk(2, 0.3), b"")
    assert caught.value.field == "t"
    assert (await store.ingest(sid, connection, chunk(2, t), b"")).durable == 2


async def test_full_input_is_busy_until_a_commit(store: Store) -> None:
    sid, connection = await session_with(store, 8)
    busy = await store.ingest(sid, connection, chunk(9), b"x")
    assert (busy.status, busy.durable, busy.applied) == (IngestStatus.BUSY, 8, 0)
    assert len(await store.read_chunks(sid, 0, 100)) == 8
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 1, state(1), [])
    stored = await store.ingest(sid, connection, chunk(9), b"x")
    assert (stored.status, stored.durable, stored.applied) == (IngestStatus.STORED, 9, 1)


async def test_numbers_keep_all_their_digits(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 0)
    far = MAX_SEQ - 4
    keys = session_keys(sid)
    raw.hset(keys.meta, mapping={"durable": str(far), "applied": str(far)})
    fields = {"memory": "m", "media_s": "0.0", "gaps": "[]", "model": "{}", "shape": "{}"}
    raw.hset(keys.state, mapping=fields)
    opened = await store.open_stream(sid)
    assert opened.next_seq == far + 1
    await send(store, sid, opened.connection, [far + 1, far + 2])
    with pytest.raises(ProtocolError, match=f"expected {far + 3}, got {MAX_SEQ}"):
        await store.ingest(sid, opened.connection, chunk(MAX_SEQ, 1e8), b"")
    for outside in (0, MAX_SEQ + 1):
        with pytest.raises(ProtocolError, match="seq"):
            await store.ingest(sid, opened.connection, chunk(outside, 1e8), b"")
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    assert owned.applied == far
    assert (await store.session(sid)).durable_seq == far + 2
    assert [seq for seq, _ in await store.read_chunks(sid, far, 9)] == [far + 1, far + 2]
    await store.commit(sid, owned.fence, far, far + 1, state(far + 1, media_s=1.0), [event(1)])
    assert [seq for seq, _ in await store.read_chunks(sid, far + 1, 9)] == [far + 2]
    progress = await store.progress(sid, opened.connection, "0-0")
    assert (progress.applied, progress.last_event_id) == (far + 1, f"{far + 1}-0")


async def test_a_newer_connection_supersedes(store: Store) -> None:
    sid, old = await session_with(store, 2)
    opened = await store.open_stream(sid)
    assert opened.connection != old
    assert (opened.next_seq, opened.applied) == (3, 0)
    with pytest.raises(Superseded):
        await store.ingest(sid, old, chunk(3), b"old")
    with pytest.raises(Superseded):
        await store.ingest(sid, old, chunk(1), b"old")  # not even a duplicate is acknowledged
    assert not (await store.progress(sid, old, "0-0")).current
    assert (await store.progress(sid, opened.connection, "0-0")).current
    assert (await send(store, sid, opened.connection, [3])).durable == 3


async def test_a_closed_connection_cannot_send(store: Store) -> None:
    sid, connection = await session_with(store, 1)
    await store.close_stream(sid, connection, ended=False)
    with pytest.raises(Superseded):
        await store.ingest(sid, connection, chunk(2), b"")
    with pytest.raises(Superseded):
        await store.ingest(sid, "", chunk(2), b"")


async def test_two_racing_connections_never_mix(store: Store) -> None:
    sid, _ = await session_with(store, 0)

    async def sender(mark: bytes) -> int:
        opened = await store.open_stream(sid)
        seq = opened.next_seq
        try:
            for _ in range(100):
                stored = await store.ingest(sid, opened.connection, chunk(seq), mark)
                if stored.status is IngestStatus.BUSY:
                    return 0
                seq += 1
        except Superseded:
            return 1
        return 0

    outcomes = await asyncio.gather(*(sender(bytes([65 + n])) for n in range(5)))
    assert sum(outcomes) == 4  # the last to open is the only one that nobody superseded
    marks = [data for _, data in await store.read_chunks(sid, 0, 100)]
    runs = [mark for n, mark in enumerate(marks) if n == 0 or marks[n - 1] != mark]
    assert len(runs) == len(set(runs))  # once superseded, a sender stored nothing more


async def test_events_are_told_once_and_in_pages(store: Store) -> None:
    sid, connection = await session_with(store, 2)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 1, state(1), [event(1, "a"), event(1, "b")])
    opened = await store.open_stream(sid)
    assert opened.last_event_id == "1-1"
    await store.commit(sid, owned.fence, 1, 2, state(2), [event(2, "c")])
    news = await store.progress(sid, opened.connection, opened.last_event_id)
    assert [found.label for found in news.events] == ["c"]
    assert (news.durable, news.applied, news.last_event_id) == (2, 2, "2-0")
    silence = await store.progress(sid, opened.connection, news.last_event_id)
    assert (silence.events, silence.last_event_id) == ([], "2-0")
    everything = await store.progress(sid, connection, "0-0")
    assert [found.label for found in everything.events] == ["a", "b", "c"]
    assert everything.events[0] == event(1, "a")


async def test_events_are_capped(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 2)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 1, state(1), [event(1, f"a{n}") for n in range(40)])
    await store.commit(sid, owned.fence, 1, 2, state(2), [event(2, "b")])
    assert raw.xlen(f"ttm:{{{sid}}}:events") == 16
    labels = [e.label for e in (await store.progress(sid, connection, "0-0")).events]
    assert labels == [f"a{n}" for n in range(25, 40)] + ["b"]


async def test_a_stored_chunk_of_an_unowned_session_is_claimed(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 1)
    assert await store.claim(1.0) == sid
    assert await store.claim(0.0) is None
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    await send(store, sid, connection, [2])
    assert raw.zcard("ttm:ready:0") == 0  # the owner is woken by the signal instead


async def test_ingest_into_a_session_deleted_meanwhile(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 1)
    await store.delete_session(sid)
    with pytest.raises(SessionNotFound):
        await store.ingest(sid, connection, chunk(2), b"")
    assert list(raw.scan_iter(f"*{sid}*")) == []
