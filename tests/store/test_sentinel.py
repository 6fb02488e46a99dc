"""A master, a replica and three Sentinels: a failover in mid-stream, and roles that change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from both_sides import Store
from servers import KINDS
from store.clusters import Watched, ask
from store.folding import folded, send, session_with
from store.streaming import LONG_S, apply, every_operation, stream
from ttm_protocol.errors import ConfigError, StoreUnavailable
from ttm_server.config import Settings


@pytest.mark.parametrize("kind", KINDS)
async def test_failovers_in_mid_stream(kind: str, tmp_path: Path, settings: Settings) -> None:
    chunks = 150
    with Watched(kind, tmp_path) as watched:
        async with await Store.connect(watched.url, settings) as store:
            await every_operation(store)
            await refuses_a_replica(watched, settings)
            sid = (await store.create_session()).session_id
            master = watched.master()
            async with store.watch(sid, "in") as wake, asyncio.timeout(LONG_S):
                sender = asyncio.create_task(stream(store, sid, chunks, 0.01))
                worker = asyncio.create_task(apply(store, sid, chunks))
                await asyncio.sleep(0.5)
                master.kill()
                away, _ = await asyncio.gather(sender, worker)
                assert away > 0
                while await wake.wait(0.2):
                    pass
                opened = await store.open_stream(sid)
                await send(store, sid, opened.connection, [chunks + 1])
                assert await wake.wait(LONG_S)
            assert watched.master() is not master
            info = await store.session(sid)
            assert (info.durable_seq, info.applied_seq) == (chunks + 1, chunks)
            found = await store.read_state(sid)
            assert found is not None
            assert found.memory == folded(sid, chunks)


async def refuses_a_replica(watched: Watched, settings: Settings) -> None:
    """Sentinels that have not noticed yet may name what is no master: reads there are too old."""
    replica = next(server for server in watched.servers if server is not watched.master())
    port = watched.sentinel_ports[0]
    ask(port, "SENTINEL", "MONITOR", "late", "127.0.0.1", replica.port, 1)
    with pytest.raises(StoreUnavailable) as caught:
        await Store.connect(f"redis+sentinel://127.0.0.1:{port}/late", settings)
    assert "as the master" in str(caught.value.__cause__)
    ask(port, "SENTINEL", "REMOVE", "late")


@pytest.mark.slow  # a Sentinel waits eight seconds before it tells the one before
async def test_a_demoted_master_is_left(tmp_path: Path, settings: Settings) -> None:
    with Watched("valkey", tmp_path) as watched:
        async with await Store.connect(watched.url, settings) as store:
            sid, _ = await session_with(store, 1)
            await asyncio.to_thread(watched.failover)
            async with asyncio.timeout(LONG_S):
                await stream(store, sid, 5)
                await apply(store, sid, 5)
            assert (await store.session(sid)).applied_seq == 5
            assert watched.role(watched.master())[0] == b"master"


async def test_no_sentinel_answers(settings: Settings) -> None:
    with pytest.raises(StoreUnavailable):
        await Store.connect("redis+sentinel://127.0.0.1:1/ttm", settings)
    for bad in ("redis+sentinel://h:1", "redis+sentinel:///ttm", "redis+sentinel://h:1/ttm/x"):
        with pytest.raises(ConfigError, match="redis_url"):
            await Store.connect(bad, settings)
