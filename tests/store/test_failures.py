"""What happens when Redis is away, forgets, is full, or is a cluster."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from both_sides import Store
from servers import KINDS, free_port, make_server
from store.clusters import sync_always
from store.folding import chunk, event, payload, send, session_with, state
from ttm_protocol.errors import ConfigError, SessionNotFound, StoreUnavailable, outcome_of
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, Reply

LONG_S = 20.0


async def test_no_server(settings: Settings) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await Store.connect("redis://127.0.0.1:1/0", settings)
    assert outcome_of(caught.value).retryable
    with pytest.raises(ConfigError, match="redis_url"):
        await Store.connect("nonsense", settings)


async def test_every_call_says_that_the_store_is_away(
    own_server: EmbeddedServer, settings: Settings
) -> None:
    async with await Store.connect(own_server.url, settings) as store:
        sid, connection = await session_with(store, 1)
        owned = await store.acquire(sid, "me", 30.0)
        assert owned is not None
        sync_always(own_server)
        await store.renew(sid, owned.fence, 30.0)  # a write, and with it all before it
        own_server.kill()
        calls: list[Coroutine[Any, Any, object]] = [
            store.ping(),
            store.create_session(),
            store.session(sid),
            store.sessions(1),
            store.delete_session(sid),
            store.issue_ticket(sid),
            store.redeem_ticket("x"),
            store.open_stream(sid),
            store.close_stream(sid, connection, True),
            store.ingest(sid, connection, chunk(2), b""),
            store.progress(sid, connection, "0-0"),
            store.claim(0.1),
            store.mark_ready(sid),
            store.sweep(),
            store.acquire(sid, "me", 1.0),
            store.renew(sid, owned.fence, 1.0),
            store.release(sid, owned.fence),
            store.read_chunks(sid, 0, 1),
            store.commit(sid, owned.fence, 0, 1, state(1), []),
            store.ask(sid, "question", {}, 1.0),
            store.wait_reply(sid, "a", 1.0),
            store.pending_asks(sid),
            store.reply(sid, owned.fence, Reply(ask_id="a")),
            store.read_state(sid),
            store.replace_state(sid, state(0)),
        ]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [StoreUnavailable] * len(calls)
        assert "127.0.0.1" not in "".join(str(result) for result in results)

        own_server.start()
        assert (await store.session(sid)).durable_seq == 1
        await store.commit(sid, owned.fence, 0, 1, state(1), [])
        assert await store.read_state(sid) == state(1)


async def test_a_lost_connection_is_tried_again(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 0)
    for seq in range(1, 6):
        raw.client_kill_filter(_type="normal", skipme=True)
        await send(store, sid, connection, [seq])
    assert len(await store.read_chunks(sid, 0, 9)) == 5


async def test_a_redis_that_forgot_the_scripts(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 0)
    raw.script_flush()
    await send(store, sid, connection, [1])
    raw.script_flush()
    await send(store, sid, connection, [2])


async def test_a_full_redis_takes_no_chunks_but_takes_commits(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 3)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    raw.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable):
            await store.ingest(sid, connection, chunk(4), payload(sid, 4))
        assert (await store.session(sid)).durable_seq == 3
        await store.commit(sid, owned.fence, 0, 3, state(3), [event(1)])
        await store.release(sid, owned.fence)
        assert await store.acquire(sid, "me", 30.0) is not None
        await store.close_stream(sid, connection, ended=True)
    finally:
        raw.config_set("maxmemory", "0")
    assert (await store.session(sid)).status == "ended"
    await store.delete_session(sid)


async def test_a_broken_script_is_no_crash(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 0)
    raw.delete(f"ttm:{{{sid}}}:in")
    raw.set(f"ttm:{{{sid}}}:in", "not a stream")
    with pytest.raises(StoreUnavailable) as caught:
        await store.ingest(sid, connection, chunk(1), b"")
    assert isinstance(caught.value.__cause__, ResponseError)
    assert (await store.session(sid)).durable_seq == 0  # nothing was written before the failure


async def test_cancelled_calls_do_not_mix_up_replies(store: Store) -> None:
    sids = [(await store.create_session()).session_id for _ in range(20)]

    first = [info.session_id for info in await store.sessions(1)]

    async def look(sid: str) -> None:
        for _ in range(20):
            assert (await store.session(sid)).session_id == sid
            assert [i.session_id for i in await store.sessions(1)] == first

    tasks = [asyncio.create_task(look(sid)) for sid in sids]
    for task in tasks[::2]:
        await asyncio.sleep(0.002)
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(r is None or isinstance(r, asyncio.CancelledError) for r in results)
    await look(sids[1])


async def test_a_cancelled_task_ends_whenever_it_is_cancelled(store: Store) -> None:
    rng = random.Random(7)

    async def claim_for_ever() -> None:
        while True:
            await store.claim(0.001)

    for _ in range(100):
        tasks = [asyncio.create_task(claim_for_ever()) for _ in range(3)]
        await asyncio.sleep(rng.random() * 0.004)
        for task in tasks:
            task.cancel()
        _, alive = await asyncio.wait(tasks, timeout=LONG_S)
        assert not alive


async def test_operations_are_observed(clean_server: EmbeddedServer, settings: Settings) -> None:
    seen: list[tuple[str, float]] = []

    def observe(op: str, seconds: float) -> None:
        seen.append((op, seconds))

    async with await Store.connect(clean_server.url, settings, observe=observe) as store:
        with pytest.raises(SessionNotFound):
            await store.session("nosuchsessionnosuchsession")
    assert [op for op, _ in seen] == ["ping", "info"]
    assert all(seconds >= 0 for _, seconds in seen)


@pytest.fixture(params=KINDS)
def cluster_node(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EmbeddedServer]:
    return lambda: make_server(
        request.param,
        tmp_path / "node",
        cluster_enabled="yes",
        # By default 10,000 above the other port, which may be beyond 65535.
        cluster_port=str(free_port()),
    )


async def test_each_script_keeps_to_one_hash_slot(
    cluster_node: Callable[[], EmbeddedServer], settings: Settings
) -> None:
    """A cluster of one node has every key and refuses all the same what crosses slots."""
    with cluster_node() as node:
        with Redis.from_url(node.url) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            async with asyncio.timeout(LONG_S):
                while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                    await asyncio.sleep(0.02)
            with pytest.raises(ResponseError, match="same slot"):
                client.execute_command("DEL", "a", "b")
        async with await Store.connect(node.url, settings) as store:
            sid, connection = await session_with(store, 3)
            ticket, _ = await store.issue_ticket(sid)
            assert await store.redeem_ticket(ticket) == sid
            assert await store.claim(1.0) == sid
            assert await store.sweep() == 1
            owned = await store.acquire(sid, "me", 30.0)
            assert owned is not None
            async with store.watch(sid) as wake:
                await store.commit(sid, owned.fence, 0, 2, state(2), [event(1)])
                assert await wake.wait(LONG_S)
            assert len((await store.progress(sid, connection, "0-0")).events) == 1
            ask_id = await store.ask(sid, "question", {}, 30.0)
            assert len(await store.pending_asks(sid)) == 1
            await store.reply(sid, owned.fence, Reply(ask_id=ask_id, body={}))
            await store.wait_reply(sid, ask_id, 1.0)
            assert await store.renew(sid, owned.fence, 5.0)
            await store.release(sid, owned.fence)
            await store.replace_state(sid, state(0))
            await store.close_stream(sid, connection, ended=True)
            fork = await store.fork_session(sid)
            assert len(await store.sessions(10)) == 2
            for known in (sid, fork.session_id):
                await store.delete_session(known)
