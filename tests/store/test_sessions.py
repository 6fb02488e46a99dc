"""Sessions: begin, look, list, copy, delete; and that a deleted one never comes back."""

from __future__ import annotations

import re

import pytest
from redis import Redis

from both_sides import Store
from store.folding import chunk, event, send, session_with, state
from ttm_protocol.errors import (
    AuthError,
    BadRequest,
    Fenced,
    Overloaded,
    SessionNotFound,
    StateIncompatible,
)
from ttm_server.store import CommitResult, Reply


async def test_new_session_is_idle_and_empty(store: Store) -> None:
    info = await store.create_session()
    assert re.fullmatch(r"[a-z0-9]{26}", info.session_id)
    assert (info.status, info.durable_seq, info.applied_seq) == ("idle", 0, 0)
    assert (info.media_s, info.gaps, info.model, info.memory) == (0.0, [], {}, {"bytes": 0})
    assert info.created_at > 1.7e9
    assert await store.session(info.session_id) == info
    assert await store.read_state(info.session_id) is None


async def test_ids_differ(store: Store) -> None:
    ids = {(await store.create_session()).session_id for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize(
    "sid", ["nosuchsessionnosuchsession", "", "a", "x}y{zzzzzzzzzzzzzz", "é" * 20]
)
async def test_unknown_session(store: Store, sid: str) -> None:
    with pytest.raises(SessionNotFound):
        await store.session(sid)
    with pytest.raises(SessionNotFound):
        await store.delete_session(sid)
    with pytest.raises(SessionNotFound):
        await store.read_state(sid)
    with pytest.raises(SessionNotFound):
        await store.replace_state(sid, state(0))
    with pytest.raises(SessionNotFound):
        await store.open_stream(sid)
    with pytest.raises(SessionNotFound):
        await store.ingest(sid, "c", chunk(1), b"")
    with pytest.raises(SessionNotFound):
        await store.progress(sid, "c", "0-0")
    with pytest.raises(SessionNotFound):
        await store.acquire(sid, "me", 1.0)
    with pytest.raises(SessionNotFound):
        await store.commit(sid, "f", 0, 1, state(1), [])
    with pytest.raises(SessionNotFound):
        await store.ask(sid, "question", {}, 1.0)
    with pytest.raises(SessionNotFound):
        await store.pending_asks(sid)
    with pytest.raises(SessionNotFound):
        await store.wait_reply(sid, "a", 1.0)
    with pytest.raises(SessionNotFound):
        await store.reply(sid, "f", Reply(ask_id="a"))
    with pytest.raises(SessionNotFound):
        await store.issue_ticket(sid)


async def test_status_follows_the_connection(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 1)
    assert (await store.session(sid)).status == "live"

    raw.hset(f"ttm:{{{sid}}}:meta", "beat", "1")  # its last sign of life is long ago
    assert (await store.session(sid)).status == "idle"
    await store.progress(sid, connection, "0-0")
    assert (await store.session(sid)).status == "live"

    await store.close_stream(sid, connection, ended=True)
    assert (await store.session(sid)).status == "idle"  # chunk 1 is not applied yet
    owned = await store.acquire(sid, "me", 1.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 1, state(1), [])
    assert (await store.session(sid)).status == "ended"

    await store.open_stream(sid)
    assert (await store.session(sid)).status == "live"


async def test_close_without_end_is_idle(store: Store) -> None:
    sid, connection = await session_with(store, 0)
    await store.close_stream(sid, connection, ended=False)
    assert (await store.session(sid)).status == "idle"


async def test_a_superseded_connection_cannot_end_the_session(store: Store) -> None:
    sid, old = await session_with(store, 0)
    await store.open_stream(sid)
    await store.close_stream(sid, old, ended=True)
    assert (await store.session(sid)).status == "live"


async def test_listing_pages_in_order_of_creation(store: Store, raw: Redis) -> None:
    ids = [(await store.create_session()).session_id for _ in range(5)]
    for place, sid in enumerate(ids):  # created within one millisecond, perhaps
        raw.zadd("ttm:sessions", {sid: place})
    first = await store.sessions(2)
    assert [info.session_id for info in first] == ids[:2]
    rest = await store.sessions(1000, after=ids[1])
    assert [info.session_id for info in rest] == ids[2:]
    assert await store.sessions(5, after=ids[-1]) == []
    with pytest.raises(SessionNotFound):
        await store.sessions(5, after="nosuchsessionnosuchsession")
    for limit in (0, 1001):
        with pytest.raises(BadRequest, match="limit"):
            await store.sessions(limit)


async def test_listing_leaves_out_half_made_sessions(store: Store, raw: Redis) -> None:
    sid = (await store.create_session()).session_id
    raw.zadd("ttm:sessions", {"halfmadehalfmadehalfmade22": 1})
    assert [info.session_id for info in await store.sessions(10)] == [sid]


async def test_no_more_sessions_than_allowed(store: Store) -> None:
    ids = [(await store.create_session()).session_id for _ in range(50)]
    with pytest.raises(Overloaded, match="50"):
        await store.create_session()
    await store.delete_session(ids[0])
    await store.create_session()


async def test_deleted_session_leaves_no_key(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 3)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 2, state(2), [event(1)])
    answered = await store.ask(sid, "question", {"q": "x"}, 30.0, "talk")
    await store.reply(sid, owned.fence, Reply(ask_id=answered, body={}), "talk", {"a": 1})
    await store.ask(sid, "question", {"q": "y"}, 30.0)
    await store.mark_ready(sid)
    ticket, _ = await store.issue_ticket(sid)
    present = {key.rpartition(":")[2] for key in raw.scan_iter(f"*{{{sid}}}*")}
    assert present == {
        *("meta", "in", "state", "events", "lease"),
        *("asks", "ask_bodies", "replies", "reply_bodies", "conversations"),
    }

    await store.delete_session(sid)

    # Everything that could still arrive from those who have not heard of it:
    with pytest.raises(SessionNotFound):
        await store.ingest(sid, connection, chunk(4), b"late")
    with pytest.raises(SessionNotFound):
        await store.progress(sid, connection, "0-0")
    with pytest.raises(SessionNotFound):
        await store.commit(sid, owned.fence, 2, 3, state(3), [event(3)])
    with pytest.raises(SessionNotFound):
        await store.acquire(sid, "me", 5.0)
    with pytest.raises(SessionNotFound):
        await store.ask(sid, "question", {}, 5.0)
    with pytest.raises(SessionNotFound):
        await store.reply(sid, owned.fence, Reply(ask_id=answered))
    with pytest.raises(SessionNotFound):
        await store.replace_state(sid, state(0))
    with pytest.raises(SessionNotFound):
        await store.open_stream(sid)
    with pytest.raises(SessionNotFound):
        await store.wait_reply(sid, answered, 1.0)
    assert not await store.renew(sid, owned.fence, 5.0)
    await store.release(sid, owned.fence)
    await store.close_stream(sid, connection, ended=True)
    assert await store.read_chunks(sid, 2, 10) == []

    assert list(raw.scan_iter(f"*{sid}*")) == []
    assert raw.zscore("ttm:sessions", sid) is None
    assert raw.zscore("ttm:ready:0", sid) is None
    with pytest.raises(SessionNotFound):
        await store.delete_session(sid)
    with pytest.raises(AuthError):
        await store.redeem_ticket(ticket)


async def test_delete_finishes_what_a_crash_left(store: Store, raw: Redis) -> None:
    sid = (await store.create_session()).session_id
    raw.delete(f"ttm:{{{sid}}}:meta")
    await store.delete_session(sid)
    assert raw.zscore("ttm:sessions", sid) is None


async def test_state_comes_back_as_it_went_in(store: Store) -> None:
    sid, _ = await session_with(store, 2)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    memory = bytes(range(256)) * 4
    before = state(2, memory, media_s=0.1 + 0.2, shape={"tokens": 3, "dim": 5, "x": [1.5, None]})
    assert await store.commit(sid, owned.fence, 0, 2, before, []) is CommitResult.COMMITTED
    assert await store.read_state(sid) == before
    info = await store.session(sid)
    assert (info.media_s, info.gaps, info.model) == (0.1 + 0.2, before.gaps, before.model)
    assert info.memory == {"tokens": 3, "dim": 5, "x": [1.5, None], "bytes": 1024}


async def test_fork_goes_on_from_the_committed_state(store: Store) -> None:
    sid, _ = await session_with(store, 3)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 2, state(2), [event(1)])
    other = await store.fork_session(sid)
    assert other.session_id != sid
    assert (other.durable_seq, other.applied_seq) == (2, 2)
    assert await store.read_state(other.session_id) == state(2)
    opened = await store.open_stream(other.session_id)
    assert (opened.next_seq, opened.last_event_id) == (3, "0-0")
    await send(store, other.session_id, opened.connection, [3])
    fork = await store.acquire(other.session_id, "me", 5.0)
    assert fork is not None
    assert fork.state == state(2)
    await store.commit(other.session_id, fork.fence, 2, 3, state(3), [])
    assert (await store.session(sid)).applied_seq == 2


async def test_fork_of_an_empty_session_is_empty(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    other = await store.fork_session(sid)
    assert (other.durable_seq, other.memory) == (0, {"bytes": 0})


async def test_replaced_memory_fences_the_owner(store: Store) -> None:
    sid, _ = await session_with(store, 2)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.replace_state(sid, state(0, b"imported"))
    with pytest.raises(Fenced):
        await store.commit(sid, owned.fence, 0, 2, state(2), [])
    again = await store.acquire(sid, "other", 5.0)
    assert again is not None
    assert again.state == state(0, b"imported")
    assert [seq for seq, _ in await store.read_chunks(sid, again.applied, 9)] == [1, 2]


async def test_states_that_must_not_be_stored(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 1)
    for bad in (
        state(0, b""),
        state(0, media_s=float("nan")),
        state(0, media_s=-1.0),
        state(-1),
        state(2**53),
        state(0, model={"x": object()}),
    ):
        with pytest.raises(StateIncompatible):
            await store.replace_state(sid, bad)
        with pytest.raises(StateIncompatible):
            await store.create_session(bad)
    assert not raw.exists(f"ttm:{{{sid}}}:state")
