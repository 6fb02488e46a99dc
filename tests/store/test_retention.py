"""Sessions that nobody uses go, wholly; whatever counts as use keeps them; and quarantine."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis import Redis

from both_sides import Store
from store.folding import chunk, event, payload, send, session_with, state
from ttm_protocol.errors import Quarantined, SessionNotFound, outcome_of
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, Reply

LONG_S = 20.0
TTL_S = 1000.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"session_ttl_s": TTL_S})


def meta(sid: str) -> str:
    return f"ttm:{{{sid}}}:meta"


def now_ms(raw: Redis) -> int:
    seconds, micros = raw.time()
    return int(seconds) * 1000 + int(micros) // 1000


def age(raw: Redis, sid: str, by_s: float) -> None:
    """Let everything that was noted of a session have happened so much earlier."""
    for name in ("created", "beat", "used", "doomed"):
        stored = raw.hget(meta(sid), name)
        if stored is not None and int(str(stored)) > 0:
            raw.hset(meta(sid), name, int(str(stored)) - round(by_s * 1000))


async def look(store: Store) -> None:
    """A sweep that looks for unused sessions, whenever the last one was."""
    store._parts.ready._looked_for_unused_s = float("-inf")
    await store.sweep()


async def expired(store: Store, raw: Redis, sid: str) -> bool:
    """Whether two looks, with time between them, delete a session."""
    await look(store)
    age(raw, sid, 16.0)
    await look(store)
    return not raw.exists(meta(sid))


async def idle_session(store: Store) -> str:
    sid, connection = await session_with(store, 2)
    owned = await store.acquire(sid, "me", 5.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 2, state(2), [event(1)])
    ask_id = await store.ask(sid, "question", {}, 30.0, "talk")
    await store.reply(sid, owned.fence, Reply(ask_id=ask_id, body={}), "talk", {"a": 1})
    await store.wait_reply(sid, ask_id, 1.0)
    await store.release(sid, owned.fence)
    await store.close_stream(sid, connection, ended=False)
    return sid


async def test_an_unused_session_leaves_no_key(store: Store, raw: Redis) -> None:
    sid, other = await idle_session(store), await idle_session(store)
    await store.mark_ready(sid)
    age(raw, sid, TTL_S + 1)
    async with store.watch(sid, "in") as inner, store.watch(sid) as out:
        assert await expired(store, raw, sid)
        assert await inner.wait(LONG_S)
        assert await out.wait(LONG_S)
    assert list(raw.scan_iter(f"*{sid}*")) == []
    assert raw.zscore("ttm:sessions", sid) is None
    assert raw.zscore("ttm:ready:0", sid) is None
    with pytest.raises(SessionNotFound):
        await store.session(sid)
    assert (await store.session(other)).applied_seq == 2


async def test_one_look_deletes_nothing(store: Store, raw: Redis) -> None:
    sid = await idle_session(store)
    age(raw, sid, TTL_S + 1)
    for _ in range(3):  # within the time that a heartbeat may take
        await look(store)
    assert raw.exists(meta(sid))
    assert raw.hexists(meta(sid), "doomed")
    await store.open_stream(sid)
    assert not await expired(store, raw, sid)
    assert not raw.hexists(meta(sid), "doomed")


async def test_zero_keeps_for_ever(store: Store, raw: Redis, clean_server: EmbeddedServer) -> None:
    sid = await idle_session(store)
    age(raw, sid, 1e9)
    never = store._parts.ready._settings.model_copy(update={"session_ttl_s": 0.0})
    async with await Store.connect(clean_server.url, never) as other:
        assert not await expired(other, raw, sid)


async def test_what_counts_as_use(store: Store, raw: Redis) -> None:
    sid = await idle_session(store)

    async def opened() -> None:
        await store.open_stream(sid)

    async def closed() -> None:
        connection = (await store.open_stream(sid)).connection
        age(raw, sid, TTL_S + 1)
        await store.close_stream(sid, connection, ended=False)

    async def heard() -> None:
        connection = (await store.open_stream(sid)).connection
        age(raw, sid, TTL_S + 1)
        await store.progress(sid, connection, "0-0")

    async def sent() -> None:
        connection = (await store.open_stream(sid)).connection
        durable = (await store.session(sid)).durable_seq
        age(raw, sid, TTL_S + 1)
        await send(store, sid, connection, [durable + 1])

    async def asked() -> None:
        ask_id = await store.ask(sid, "question", {}, 30.0)
        owned = await store.acquire(sid, "me", 5.0)
        assert owned is not None
        await store.reply(sid, owned.fence, Reply(ask_id=ask_id, body={}))
        await store.wait_reply(sid, ask_id, 1.0)
        await store.release(sid, owned.fence)

    async def replaced() -> None:
        await store.replace_state(sid, state(0))

    for use in (opened, closed, heard, sent, asked, replaced):
        raw.hset(meta(sid), "conn", "")
        age(raw, sid, 2 * TTL_S + 1)
        await use()
        raw.hset(meta(sid), "conn", "")  # only what was noted of it counts
        assert not await expired(store, raw, sid), use.__name__
    raw.hset(meta(sid), "conn", "")
    age(raw, sid, 2 * TTL_S + 1)
    assert await expired(store, raw, sid)


async def test_a_lease_keeps_it(store: Store, raw: Redis) -> None:
    sid = await idle_session(store)
    age(raw, sid, TTL_S + 1)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    assert not await expired(store, raw, sid)
    await store.release(sid, owned.fence)
    assert await expired(store, raw, sid)


async def test_an_open_question_keeps_it(store: Store, raw: Redis) -> None:
    sid = await idle_session(store)
    await store.ask(sid, "question", {}, 30.0)
    age(raw, sid, TTL_S + 1)
    assert not await expired(store, raw, sid)


async def test_waiting_chunks_keep_it_for_twice_the_time(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 1)
    await store.close_stream(sid, connection, ended=True)
    age(raw, sid, 1.9 * TTL_S)
    assert not await expired(store, raw, sid)
    age(raw, sid, 0.2 * TTL_S)
    assert await expired(store, raw, sid)


async def test_back_to_life_between_the_look_and_the_script(store: Store, raw: Redis) -> None:
    """Two stores at once: one deletes what the other opens, or finds it open."""
    for _ in range(20):
        sid = await idle_session(store)
        age(raw, sid, TTL_S + 1)
        await look(store)
        age(raw, sid, 16.0)
        store._parts.ready._looked_for_unused_s = float("-inf")
        results = await asyncio.gather(
            store.sweep(), store.open_stream(sid), return_exceptions=True
        )
        if isinstance(results[1], BaseException):
            assert isinstance(results[1], SessionNotFound)
            assert not raw.exists(meta(sid))
        else:
            await send(store, sid, results[1].connection, [3])
            assert (await store.session(sid)).durable_seq == 3
            await store.delete_session(sid)


async def test_a_short_time_on_the_servers_own_clock(
    clean_server: EmbeddedServer, settings: Settings, raw: Redis
) -> None:
    short = settings.model_copy(update={"session_ttl_s": 0.3})
    async with await Store.connect(clean_server.url, short) as store:
        kept, connection = await session_with(store, 0)
        sid = (await store.create_session()).session_id
        began_ms = now_ms(raw)
        async with asyncio.timeout(LONG_S):
            while raw.exists(meta(sid)):
                await store.sweep()
                await asyncio.sleep(0.02)
        assert now_ms(raw) - began_ms >= 300
        assert (await store.session(kept)).status == "live"
        assert (await store.progress(kept, connection, "0-0")).current


async def test_quarantine_refuses_chunks_streams_and_questions(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 2)
    raw.hset(meta(sid), mapping={"quarantined_until": now_ms(raw) + 60_000, "crashes": 3})
    until = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(now_ms(raw) / 1000 + 60))
    with pytest.raises(Quarantined, match=until[:13]) as caught:
        await send(store, sid, connection, [3])
    assert not outcome_of(caught.value).retryable
    with pytest.raises(Quarantined):
        await store.ingest(sid, connection, chunk(2), payload(sid, 2))
    with pytest.raises(Quarantined):
        await store.open_stream(sid)
    with pytest.raises(Quarantined):
        await store.ask(sid, "question", {}, 5.0)
    info = await store.session(sid)
    assert (info.status, info.durable_seq) == ("quarantined", 2)
    await store.close_stream(sid, connection, ended=False)  # leaving is always possible

    raw.hset(meta(sid), "quarantined_until", now_ms(raw) - 1)  # over
    opened = await store.open_stream(sid)
    await send(store, sid, opened.connection, [3])
    await store.ask(sid, "question", {}, 5.0)


async def test_a_new_memory_ends_a_quarantine(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 2)
    until = now_ms(raw) + 60_000
    raw.hset(meta(sid), mapping={"quarantined_until": until, "crashes": 3, "trial": 1})
    await store.replace_state(sid, state(0))
    assert not {"quarantined_until", "crashes", "trial"} & set(raw.hgetall(meta(sid)))
    await send(store, sid, connection, [3])
    assert (await store.session(sid)).status == "live"
