"""Idle sessions leave the store and come back exactly, whatever was written meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from both_sides import Store
from store.folding import chunk, event, payload, send, state
from store.tiering import (
    MEMORY,
    acquired,
    big,
    bytes_of,
    everything,
    idle_session,
    make_due,
    moved_session,
    noted,
    object_of,
    settings_with,
)
from tiers import names_in, place_of
from ttm_protocol.errors import (
    Fenced,
    ProtocolError,
    SessionNotFound,
    TierDamaged,
    TierUnavailable,
)
from ttm_server.config import Settings
from ttm_server.store import Acquired, EmbeddedServer, IngestStatus, Kept, Reply, memory_file
from ttm_server.store.keys import LEASES, session_keys
from ttm_server.store.tiering import LEASE_SHARE

RECORD_BYTES = 1536


@pytest.fixture
def settings(settings: Settings, tier: dict[str, Any]) -> Settings:
    return settings_with(settings, tier).model_copy(update={"lease_ttl_s": 20.0})


@pytest.fixture
async def store(clean_server: EmbeddedServer, settings: Settings) -> AsyncIterator[Store]:
    async with await Store.connect(clean_server.url, settings) as connected:
        yield connected


async def back(store: Store, sid: str) -> Acquired:
    return await store.bring_back(sid, await acquired(store, sid, "other"))


async def test_a_session_comes_back_exactly(store: Store, clean_server: EmbeddedServer) -> None:
    sid = await idle_session(store)
    before, told = everything(clean_server.url, sid), await store.session(sid)
    assert await store.move_out(sid, await acquired(store, sid))
    assert (await store.session(sid)) == replaced(told, tiered=True)
    moved = everything(clean_server.url, sid)
    assert b"memory" not in moved["state"]
    assert moved["in"] == []
    owned = await back(store, sid)
    assert owned.tiered is None
    assert (owned.state, owned.kept, owned.applied) == (big(6), "said of it", 6)
    assert await store.read_kept(sid, 6, 99) == [(seq, payload(sid, seq)) for seq in (4, 5, 6)]
    after = everything(clean_server.url, sid)
    assert after == before
    assert (await store.session(sid)) == told


def replaced(told: Any, **changes: Any) -> Any:
    return type(told)(**{name: getattr(told, name) for name in told.__struct_fields__} | changes)


async def test_only_a_small_record_stays(store: Store, clean_server: EmbeddedServer) -> None:
    sid = await idle_session(store)
    assert bytes_of(clean_server.url, sid) > 150_000
    assert await store.move_out(sid, await acquired(store, sid))
    assert bytes_of(clean_server.url, sid) < RECORD_BYTES
    with Redis.from_url(clean_server.url) as client:
        assert client.zscore(LEASES, sid) is None


async def test_the_object_is_an_export_file(store: Store, settings: Settings) -> None:
    sid = await idle_session(store)
    exported = memory_file.pack(await store.read_state(sid))
    assert await store.move_out(sid, await acquired(store, sid))
    (name,) = [one for one in await names_in(settings) if one.startswith(sid)]
    data = await place_of(settings).get(name)
    assert memory_file.unpack(data, len(MEMORY)) == big(6)
    assert memory_file.unpack_all(data, len(MEMORY))[1] == [
        (seq, payload(sid, seq)) for seq in (4, 5, 6)
    ]
    # What is exported is the same wherever the memory is, and moves nothing.
    assert memory_file.pack(await store.read_state(sid)) == exported
    assert (await store.session(sid)).tiered


async def test_chunks_wait_for_a_moved_session_in_order_and_once(
    store: Store, clean_server: EmbeddedServer
) -> None:
    sid = await moved_session(store)
    opened = await store.open_stream(sid)
    assert opened.next_seq == 7
    assert (await send(store, sid, opened.connection, [6])).status is IngestStatus.DUPLICATE
    with pytest.raises(ProtocolError, match="expected 7"):
        await send(store, sid, opened.connection, [8])
    with pytest.raises(ProtocolError, match="lies before"):
        await store.ingest(sid, opened.connection, chunk(7, t=1.0), b"x")
    await send(store, sid, opened.connection, [7, 8])
    assert await store.claim(1.0) == sid  # somebody is told
    owned = await back(store, sid)
    assert await store.read_kept(sid, 6, 99) == [(seq, payload(sid, seq)) for seq in (4, 5, 6)]
    assert await store.read_chunks(sid, 6, 9) == [(seq, payload(sid, seq)) for seq in (7, 8)]
    await send(store, sid, opened.connection, [9])
    await store.commit(sid, owned.fence, 6, 9, big(9), [event(9)], Kept(first=5))
    assert [seq for seq, _ in await store.read_kept(sid, 9, 99)] == [5, 6, 7, 8, 9]
    progress = await store.progress(sid, opened.connection, opened.last_event_id)
    assert [one.seq for one in progress.events] == [9]


@pytest.mark.parametrize("what", ["chunk", "question", "connection", "flush", "memory", "fence"])
async def test_nothing_moves_while_something_waits(
    store: Store, clean_server: EmbeddedServer, settings: Settings, what: str
) -> None:
    sid = await idle_session(store)
    owned = await acquired(store, sid)
    if what in ("chunk", "connection"):
        connection = (await store.open_stream(sid)).connection
        if what == "chunk":
            await send(store, sid, connection, [7])
            await store.close_stream(sid, connection, ended=False)
    elif what == "question":
        await store.ask(sid, "question", {}, 30.0)
    elif what == "flush":
        connection = (await store.open_stream(sid)).connection
        await store.close_stream(sid, connection, ended=True)
    elif what == "memory":
        await store.replace_state(sid, state(0, b"another"))
    else:
        await acquired(store, sid)
    before = everything(clean_server.url, sid)
    if what in ("memory", "fence"):
        with pytest.raises(Fenced):
            await store.move_out(sid, owned)
    else:
        assert not await store.move_out(sid, owned)
    assert everything(clean_server.url, sid) == before
    await store.release(sid, owned.fence)
    assert (await store.clear_left_over()).deleted == 1  # the object that was for nothing
    assert [one for one in await names_in(settings) if one.startswith(sid)] == []


async def test_a_question_finds_its_moved_session(store: Store) -> None:
    sid = await moved_session(store)
    ask_id = await store.ask(sid, "question", {"question": "What?"}, 30.0)
    assert await store.claim(1.0) == sid
    owned = await back(store, sid)
    assert [one.ask_id for one in await store.pending_asks(sid)] == [ask_id]
    await store.reply(sid, owned.fence, Reply(ask_id=ask_id, body={"a": 1}))
    assert (await store.wait_reply(sid, ask_id, 1.0)).body == {"a": 1}


async def test_nothing_is_committed_before_the_memory_is_back(store: Store) -> None:
    sid = await moved_session(store)
    connection = (await store.open_stream(sid)).connection
    await send(store, sid, connection, [7])
    owned = await acquired(store, sid)
    assert owned.state is None
    with pytest.raises(Fenced):
        await store.commit(sid, owned.fence, 6, 7, state(7), [])


async def test_a_fork_and_a_list_need_no_owner(store: Store) -> None:
    sid = await moved_session(store)
    forked = await store.fork_session(sid)
    assert await store.read_state(forked.session_id) == big(6)
    assert [one.tiered for one in await store.sessions(10)] == [True, False]


async def test_another_memory_replaces_one_that_was_moved(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await moved_session(store)
    await store.replace_state(sid, state(0, b"another"))
    assert not (await store.session(sid)).tiered
    assert (await store.read_state(sid)).memory == b"another"
    make_due(clean_server.url)
    assert (await store.clear_left_over()).deleted == 1
    assert [one for one in await names_in(settings) if one.startswith(sid)] == []


async def test_deleting_a_session_deletes_its_object(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await moved_session(store)
    await store.delete_session(sid)
    assert [one for one in await names_in(settings) if one.startswith(sid)] == []
    assert noted(clean_server.url) == []
    with pytest.raises(SessionNotFound):
        await store.read_state(sid)


async def test_an_object_outlives_its_return_until_the_store_has_it_on_disk(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await moved_session(store)
    name = object_of(clean_server.url, sid)
    await back(store, sid)
    assert (await store.clear_left_over()).deleted == 0
    assert name in await names_in(settings)
    make_due(clean_server.url)
    cleared = await store.clear_left_over()
    assert (cleared.deleted, cleared.failed, cleared.left) == (1, 0, 0)
    assert name not in await names_in(settings)


async def test_an_object_in_use_is_not_deleted(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await moved_session(store)
    make_due(clean_server.url)
    cleared = await store.clear_left_over()
    assert (cleared.deleted, cleared.left) == (0, 0)
    assert (await back(store, sid)).state == big(6)


async def test_whoever_comes_late_moves_nothing_out(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    """A worker stands still between writing the object and letting the store know."""
    sid = await idle_session(store)
    owned = await acquired(store, sid)
    edge = store._parts.edge
    run, may_go, standing = edge.script, asyncio.Event(), asyncio.Event()

    async def stand_still(name: str, *words: Any, **options: Any) -> Any:
        if name == "move_out":
            standing.set()
            await may_go.wait()
        return await run(name, *words, **options)

    edge.script = stand_still  # type: ignore[method-assign]
    moving = asyncio.create_task(store.move_out(sid, owned))
    await standing.wait()
    make_due(clean_server.url)
    assert (await store.clear_left_over()).deleted == 0  # it may still come
    with Redis.from_url(clean_server.url) as client:
        client.delete(session_keys(sid).lease)  # as time would
    make_due(clean_server.url)
    assert (await store.clear_left_over()).deleted == 1
    may_go.set()
    with pytest.raises(Fenced):
        await moving
    assert (await store.read_state(sid)) == big(6)


@pytest.mark.parametrize("trouble", ["missing", "cut off", "changed"])
async def test_a_damaged_object_is_named_and_the_session_kept(
    store: Store, clean_server: EmbeddedServer, settings: Settings, trouble: str
) -> None:
    sid = await moved_session(store)
    name = str(object_of(clean_server.url, sid))
    place, before = place_of(settings), everything(clean_server.url, sid)
    data = await place.get(name)
    assert data is not None
    if trouble == "missing":
        await place.delete(name)
    else:
        changed = data[:-1] + bytes([data[-1] ^ 1])
        await place.put(name, data[:-1] if trouble == "cut off" else changed)
    owned = await acquired(store, sid)
    for call in (store.bring_back(sid, owned), store.read_state(sid), store.fork_session(sid)):
        with pytest.raises(TierDamaged, match=name):
            await call
    assert everything(clean_server.url, sid) == before
    assert (await store.session(sid)).tiered
    await place.put(name, data)  # from a backup, say
    assert (await store.bring_back(sid, owned)).state == big(6)


async def test_without_the_place_everything_else_goes_on(
    store: Store, clean_server: EmbeddedServer, settings: Settings, tmp_path: Path
) -> None:
    sid, other = await moved_session(store), await idle_session(store)
    nowhere = settings.model_copy(
        update={"tier_url": (tmp_path / "file" / "x").as_uri(), "tier_endpoint": None}
    )
    (tmp_path / "file").write_text("no folder")
    for away in (nowhere, Settings(lease_ttl_s=20.0)):
        async with await Store.connect(clean_server.url, away) as blind:
            assert (await blind.session(sid)).tiered
            assert len(await blind.sessions(10)) == 2
            for call in (blind.read_state(sid), blind.bring_back(sid, await acquired(blind, sid))):
                with pytest.raises(TierUnavailable):
                    await call
            if away is nowhere:
                with pytest.raises(TierUnavailable):
                    await blind.move_out(other, await acquired(blind, other))
            connection = (await blind.open_stream(sid)).connection
            seq = (await blind.session(sid)).durable_seq + 1
            assert (await send(blind, sid, connection, [seq])).status is IngestStatus.STORED
    assert (await store.read_state(other)) == big(6)
    owned = await store.bring_back(sid, await acquired(store, sid))
    assert owned.state == big(6)
    assert [seq for seq, _ in await store.read_chunks(sid, 6, 9)] == [7, 8]


async def test_what_cannot_be_deleted_now_is_deleted_later(
    store: Store, clean_server: EmbeddedServer, settings: Settings, tmp_path: Path
) -> None:
    gone, unused = await moved_session(store), await moved_session(store)
    await back(store, unused)
    (tmp_path / "file").write_text("no folder")
    nowhere = settings.model_copy(
        update={"tier_url": (tmp_path / "file" / "x").as_uri(), "tier_endpoint": None}
    )
    async with await Store.connect(clean_server.url, nowhere) as blind:
        await blind.delete_session(gone)
        make_due(clean_server.url)
        cleared = await blind.clear_left_over()
        assert (cleared.deleted, cleared.failed, cleared.left) == (0, 2, 2)
        assert (await blind.clear_left_over()).failed == 0  # not at once again
    make_due(clean_server.url)
    cleared = await store.clear_left_over()
    assert (cleared.deleted, cleared.failed, cleared.left) == (2, 0, 0)
    left = await names_in(settings)
    assert [one for one in left if one.startswith((gone, unused))] == []


async def test_without_a_place_a_deleted_session_leaves_a_note(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await moved_session(store)
    async with await Store.connect(clean_server.url, Settings()) as blind:
        await blind.delete_session(sid)
        assert (await blind.clear_left_over()).failed == 1
    make_due(clean_server.url)
    assert (await store.clear_left_over()).deleted == 1
    assert [one for one in await names_in(settings) if one.startswith(sid)] == []


async def test_an_expired_session_takes_its_object_along(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await moved_session(store)
    with Redis.from_url(clean_server.url) as client:
        for look in range(2):
            for name in ("created", "beat", "used", "doomed"):
                if client.hexists(session_keys(sid).meta, name):
                    client.hset(session_keys(sid).meta, name, 1000 + look)
            store._parts.ready._looked_for_unused_s = float("-inf")
            await store.sweep()
        assert list(client.scan_iter(f"*{sid}*")) == []
    assert [one for one in await names_in(settings) if one.startswith(sid)] == []


async def test_objects_that_nobody_noted_are_found(
    store: Store, clean_server: EmbeddedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = await moved_session(store)
    kept = str(object_of(clean_server.url, sid))
    orphan = kept.replace(kept.split(".")[2], "0" * 16)
    strange = "somebodys.own.file"
    for name in (orphan, strange):
        await place_of(settings).put(name, os.urandom(10))
    assert await store.list_left_over() == 0  # too young: perhaps it is on its way
    assert await store.list_left_over() is None  # not so soon again
    monkeypatch.setattr("ttm_server.store.left_over.KEEP_AFTER_S", -5.0)
    with Redis.from_url(clean_server.url) as client:
        client.delete("ttm:tier:listed")
    assert await store.list_left_over() == 1
    assert (await store.clear_left_over()).deleted == 1
    assert sorted(await names_in(settings)) == sorted([kept, strange])


async def test_an_object_that_takes_longer_than_a_lease_is_given_up(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await idle_session(store)
    slow = settings.model_copy(update={"lease_ttl_s": 0.2 / LEASE_SHARE})
    async with await Store.connect(clean_server.url, slow) as hurried:

        async def never(*_: object) -> None:
            await asyncio.Event().wait()

        hurried._parts.tiering._objects.put = never
        with pytest.raises(TierUnavailable):
            await hurried.move_out(sid, await acquired(hurried, sid))
    assert (await store.read_state(sid)) == big(6)


async def test_a_sweep_finds_what_is_idle(store: Store, clean_server: EmbeddedServer) -> None:
    idle, busy = await idle_session(store), await idle_session(store)
    await store.ask(busy, "question", {}, 30.0)
    empty = (await store.create_session()).session_id
    moved = await moved_session(store)
    with Redis.from_url(clean_server.url) as client:
        for sid in (idle, busy, empty, moved):
            client.hset(session_keys(sid).meta, mapping={"created": 1, "beat": 1, "used": 1})
    await store.sweep()
    assert store.idle_sessions(9) == [idle]
    assert store.idle_sessions(9) == []
