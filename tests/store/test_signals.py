"""Wake-up calls: who is woken by what, and that they survive a restart of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis import Redis

from both_sides import Store
from store.clusters import sync_always
from store.folding import send, session_with, state
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, Reply, Wake

LONG_S = 20.0  # a wake-up that does not come fails the test after this
SHORT_S = 0.1  # how long to listen for one that must not come


async def quiet(wake: Wake) -> bool:
    return not await wake.wait(SHORT_S)


async def test_the_two_sides_hear_different_things(store: Store) -> None:
    sid, connection = await session_with(store, 1)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    async with store.watch(sid) as out, store.watch(sid, "in") as inner:
        assert await quiet(out)

        async def expect(heard: Wake, silent: Wake, act: Awaitable[object]) -> object:
            result = await act
            assert await heard.wait(LONG_S)
            assert await quiet(silent)
            return result

        await expect(inner, out, send(store, sid, connection, [2]))
        await expect(out, inner, store.commit(sid, owned.fence, 0, 2, state(2), []))
        ask_id = await expect(inner, out, store.ask(sid, "question", {}, 30.0))
        reply = Reply(ask_id=str(ask_id), body={})
        await expect(out, inner, store.reply(sid, owned.fence, reply))
        await expect(out, inner, store.open_stream(sid))
        await store.replace_state(sid, state(0))
        assert await out.wait(LONG_S)
        assert await inner.wait(LONG_S)
        await store.delete_session(sid)
        assert await out.wait(LONG_S)
        assert await inner.wait(LONG_S)


async def test_other_sessions_are_not_woken(store: Store) -> None:
    sid, connection = await session_with(store, 0)
    other, _ = await session_with(store, 0)
    async with store.watch(other, "in") as wake:
        await send(store, sid, connection, [1])
        assert await quiet(wake)


async def test_a_change_before_the_wait_is_not_lost(store: Store) -> None:
    sid, connection = await session_with(store, 0)
    async with store.watch(sid, "in") as wake:
        await send(store, sid, connection, [1])
        await asyncio.sleep(0.1)
        assert await wake.wait(0.0) or await wake.wait(LONG_S)
        assert await quiet(wake)


async def test_many_watchers_of_one_session(store: Store) -> None:
    sid, connection = await session_with(store, 0)
    async with store.watch(sid, "in") as first:
        async with store.watch(sid, "in") as second:
            await send(store, sid, connection, [1])
            assert await first.wait(LONG_S)
            assert await second.wait(LONG_S)
        await send(store, sid, connection, [2])
        assert await first.wait(LONG_S)
    async with store.watch(sid, "in") as again:  # subscribed anew after the last has left
        await send(store, sid, connection, [3])
        assert await again.wait(LONG_S)


async def test_unwatched_channels_are_unsubscribed(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 0)
    for _ in range(3):
        async with store.watch(sid):
            assert f"ttm:{{{sid}}}:wake:out" in raw.pubsub_channels("ttm:*")
        async with asyncio.timeout(LONG_S):
            while f"ttm:{{{sid}}}:wake:out" in raw.pubsub_channels("ttm:*"):
                await asyncio.sleep(0.01)


async def test_two_processes_wake_each_other(
    store: Store, clean_server: EmbeddedServer, settings: Settings
) -> None:
    sid, connection = await session_with(store, 0)
    async with (
        await Store.connect(clean_server.url, settings) as worker,
        worker.watch(sid, "in") as wake,
    ):
        await send(store, sid, connection, [1])
        assert await wake.wait(LONG_S)


@pytest.mark.parametrize("end", [EmbeddedServer.stop, EmbeddedServer.kill])
async def test_signals_survive_a_restart_of_the_server(
    own_server: EmbeddedServer, settings: Settings, end: Callable[[EmbeddedServer], None]
) -> None:
    async with await Store.connect(own_server.url, settings) as store:
        sync_always(own_server)
        sid, _ = await session_with(store, 2)
        async with store.watch(sid, "in") as wake:
            end(own_server)
            own_server.start()
            assert await wake.wait(LONG_S)  # something may have been missed
            opened = await store.open_stream(sid)
            assert opened.next_seq == 3  # nothing was lost
            while await wake.wait(0.2):
                pass
            await send(store, sid, opened.connection, [3])
            assert await wake.wait(LONG_S)


async def test_watching_works_while_the_server_is_away(
    own_server: EmbeddedServer, settings: Settings
) -> None:
    async with await Store.connect(own_server.url, settings) as store:
        sid, connection = await session_with(store, 0)
        own_server.stop()
        async with store.watch(sid, "in") as wake:
            assert not await wake.wait(0.05)
            own_server.start()
            assert await wake.wait(LONG_S)
            while await wake.wait(0.2):
                pass
            await send(store, sid, connection, [1])
            assert await wake.wait(LONG_S)
