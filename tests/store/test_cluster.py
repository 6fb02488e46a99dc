"""A cluster of three masters: every operation, moving slots, nodes that end and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from both_sides import Store
from servers import KINDS
from store.clusters import Cluster, ask, slot_of, wait_until
from store.folding import folded, send, session_with
from store.streaming import LONG_S, apply, every_operation, stream
from ttm_protocol.errors import ConfigError, StoreUnavailable
from ttm_server.config import Settings


@pytest.fixture(scope="module", params=KINDS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    with Cluster(request.param, tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"tier_url": (tmp_path / "tier").as_uri()})


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    running.flush()
    return running


@pytest.fixture
async def store(cluster: Cluster, settings: Settings) -> AsyncIterator[Store]:
    async with await Store.connect(cluster.url, settings) as connected:
        yield connected


async def test_every_operation(store: Store, cluster: Cluster) -> None:
    for _ in range(6):  # sessions in slots of every node
        await every_operation(store)
    # Nothing is left but what expires by itself.
    passing = ("ttm:ticket:", "ttm:model", "ttm:tier:")
    assert [key for key in cluster.all_keys() if not key.startswith(passing)] == []


async def test_one_node_of_the_url_is_enough(cluster: Cluster, settings: Settings) -> None:
    url = f"redis+cluster://127.0.0.1:1,127.0.0.1:{cluster.nodes[2].port}"
    async with await Store.connect(url, settings) as store:
        await every_operation(store)


async def test_no_node_answers(settings: Settings) -> None:
    with pytest.raises(StoreUnavailable):
        await Store.connect("redis+cluster://127.0.0.1:1", settings)
    for bad in ("redis+cluster://", "redis+cluster://h:0", "redis+cluster://h:1/3"):
        with pytest.raises(ConfigError, match="redis_url"):
            await Store.connect(bad, settings)


async def test_signals_reach_every_node(cluster: Cluster, settings: Settings) -> None:
    """Listeners are connected to some node, and sessions live at any."""
    stores = [await Store.connect(cluster.url, settings) for _ in range(4)]
    try:
        for _ in range(4):
            sid, connection = await session_with(stores[0], 0)
            async with AsyncExitStack() as stack:
                watches = [store.watch(sid, "in") for store in stores]
                wakes = [await stack.enter_async_context(watch) for watch in watches]
                await send(stores[0], sid, connection, [1])
                assert all(await asyncio.gather(*(wake.wait(LONG_S) for wake in wakes)))
    finally:
        for each in stores:
            await each.close()


async def test_a_slot_moves_while_its_session_streams(store: Store, cluster: Cluster) -> None:
    sid = (await store.create_session()).session_id
    chunks = 60
    slot = slot_of(sid)
    async with asyncio.timeout(LONG_S):
        sender = asyncio.create_task(stream(store, sid, chunks, 0.01))
        worker = asyncio.create_task(apply(store, sid, chunks))
        for to in cluster.nodes:
            if cluster.owner(slot) is not to:
                await asyncio.to_thread(cluster.migrate, slot, to, 0.05)
        await asyncio.gather(sender, worker)
    info = await store.session(sid)
    assert (info.durable_seq, info.applied_seq) == (chunks, chunks)
    found = await store.read_state(sid)
    assert found is not None
    assert found.memory == folded(sid, chunks)


async def test_a_move_that_stops_half_way(
    store: Store, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that are elsewhere already are found there; what needs absent ones too has to wait."""
    monkeypatch.setattr("ttm_server.store.cluster.REDIRECT_WITHIN_S", 0.2)
    sid, connection = await session_with(store, 2)
    slot = slot_of(sid)
    source = cluster.owner(slot)
    to = next(node for node in cluster.nodes if node is not source)
    await asyncio.to_thread(cluster.move_keys, slot, to)
    calls = [store.read_chunks(sid, 0, 9) for _ in range(20)]
    assert {len(chunks) for chunks in await asyncio.gather(*calls)} == {2}
    with pytest.raises(StoreUnavailable):  # there is no lease, here or there
        await send(store, sid, connection, [3])
    await asyncio.to_thread(cluster.migrate, slot, to)
    await send(store, sid, connection, [3])


async def test_a_slot_moves_in_one_step(store: Store, cluster: Cluster) -> None:
    """Valkey 9 moves slots as a whole, so that nobody is refused meanwhile."""
    sid = (await store.create_session()).session_id
    slot = slot_of(sid)
    source = cluster.owner(slot)
    if b"MIGRATESLOTS" not in b" ".join(
        word for word in ask(source.port, "CLUSTER", "HELP") if isinstance(word, bytes)
    ):
        pytest.skip("this server cannot move a slot in one step")
    to = next(node for node in cluster.nodes if node is not source)
    async with asyncio.timeout(LONG_S):
        sender = asyncio.create_task(stream(store, sid, 60, 0.01))
        worker = asyncio.create_task(apply(store, sid, 60))
        words = ("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE")
        ask(source.port, *words, ask(to.port, "CLUSTER", "MYID"))
        await asyncio.to_thread(wait_until, "it has moved", lambda: cluster.owner(slot) is to)
        away, _ = await asyncio.gather(sender, worker)
    assert away == 0
    found = await store.read_state(sid)
    assert found is not None
    assert found.memory == folded(sid, 60)


async def test_a_moved_session_is_found_by_who_never_heard_of_it(
    store: Store, cluster: Cluster
) -> None:
    sid, connection = await session_with(store, 2)
    slot = slot_of(sid)
    source = cluster.owner(slot)
    to = next(node for node in cluster.nodes if node is not source)
    await asyncio.to_thread(cluster.migrate, slot, to)
    calls = [store.session(sid) for _ in range(20)]
    assert {info.durable_seq for info in await asyncio.gather(*calls)} == {2}
    await send(store, sid, connection, [3])


async def test_a_node_ends_and_comes_back(
    request: pytest.FixtureRequest, running: Cluster, settings: Settings
) -> None:
    running.flush()
    async with await Store.connect(running.url, settings) as store:
        sid = (await store.create_session()).session_id
        chunks = 30
        node = running.owner(slot_of(sid))
        async with asyncio.timeout(LONG_S):
            sender = asyncio.create_task(stream(store, sid, chunks, 0.01))
            worker = asyncio.create_task(apply(store, sid, chunks))
            async with store.watch(sid, "in") as wake:
                await asyncio.sleep(0.1)
                node.kill()
                with pytest.raises(StoreUnavailable):
                    await store.session(sid)
                await asyncio.to_thread(node.start)
                assert await asyncio.gather(sender, worker)
                assert await wake.wait(LONG_S)
        found = await store.read_state(sid)
        assert found is not None
        assert found.memory == folded(sid, chunks)
    await asyncio.to_thread(wait_until, "the cluster is whole", running.is_whole)
