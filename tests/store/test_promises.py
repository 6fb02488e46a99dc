"""What the store needs of a client of Redis, whichever that is; see docs/adr/0009.

The store's other tests show what follows from it. Here each promise stands alone, so that a client
that does not keep one is seen at once: `tools/clients_compared` runs others through this file.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from servers import free_port, make_server
from store.clusters import SLOTS, Cluster, ask, wait_until
from store.wire import LosesReplies, Recorder, Sent
from ttm_server.store import EmbeddedServer, links
from ttm_server.store.cancelling import not_swallowed
from ttm_server.store.strict import Strict

LONG_S = 30.0
LOST = (RedisConnectionError, RedisTimeoutError)  # nobody knows whether the command was run


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with Cluster("valkey", folder, appendfsync="always") as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    folder = tmp_path_factory.mktemp("single")
    with make_server("valkey", folder, appendfsync="always") as running:
        yield running


@pytest.fixture(params=["single", "cluster"])
def where(request: pytest.FixtureRequest, server: EmbeddedServer, cluster: Cluster) -> str:
    """A URL of each kind."""
    return server.url if request.param == "single" else cluster.url


@pytest.fixture
async def opened(where: str) -> AsyncIterator[links.Links]:
    async with asyncio.timeout(LONG_S):
        found = links.open_links(where)
        yield found
        await _close(found)


async def _close(found: links.Links) -> None:
    for link in (found.work, found.blocking, found.signals):
        await link.close()


def _give_all_slots(node: EmbeddedServer) -> None:
    ask(node.port, "CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1)
    wait_until("whole", lambda: b"cluster_state:ok" in ask(node.port, "CLUSTER", "INFO"))


def _elsewhere(cluster: Cluster, key: str) -> tuple[EmbeddedServer, EmbeddedServer]:
    """Who has the key, and who could have it."""
    source = cluster.owner(key_slot(key.encode()))
    return source, next(node for node in cluster.nodes if node is not source)


def _from_one_connection(heard: list[Sent], *words: str) -> bool:
    """Whether some connection sent these commands, one after the other."""
    for connection in {(sent.port, sent.connection) for sent in heard}:
        lines = [sent.words.upper() for sent in heard if sent[:2] == connection]
        found = [line.split()[0] for line in lines]
        if any(found[n : n + len(words)] == list(words) for n in range(len(found))):
            return True
    return False


async def test_a_write_is_waited_for_on_its_own_connection(
    opened: links.Links, where: str, server: EmbeddedServer, cluster: Cluster
) -> None:
    nodes = [server] if where == server.url else cluster.nodes
    with Recorder(*nodes) as recorder:
        calls = [
            opened.work.run(f"own:{n}", ("SET", f"own:{n}", n), follow=Strict().follow())
            for n in range(100)
        ]
        assert await asyncio.gather(*calls) == [[b"OK", [1, 0]]] * len(calls)
        heard = recorder.heard()
    ways: dict[tuple[int, str], list[str]] = {}
    for sent in heard:
        ways.setdefault((sent.port, sent.connection), []).append(sent.words)
    for n in range(100):
        way = next(words for words in ways.values() if f"SET own:{n} {n}" in words)
        assert "WAITAOF" in [line.split()[0] for line in way[way.index(f"SET own:{n} {n}") :]]
    for node in nodes:  # and where all connections were in use, calls have waited for one
        writers = {s.connection for s in heard if s.port == node.port and "own:" in s.words}
        assert len(writers) <= links.MAX_CONNECTIONS


async def test_a_redirect_takes_the_wait_along(cluster: Cluster) -> None:
    """MOVED: the write and the wait for the disk go to the new owner, over one connection."""
    key = "{moved}:a"
    found = links.open_links(cluster.url)
    try:
        await found.work.run(key, ("SET", key, 0))
        source, to = _elsewhere(cluster, key)
        await asyncio.to_thread(cluster.migrate, key_slot(key.encode()), to)
        with Recorder(source, to) as recorder:
            replies = await found.work.run(key, ("SET", key, 1), follow=Strict().follow())
            heard = recorder.heard()
        assert replies == [b"OK", [1, 0]]
        at_new = [sent for sent in heard if sent.port == to.port]
        assert _from_one_connection(at_new, "SET", "WAITAOF")
        assert ask(to.port, "GET", key) == b"1"
    finally:
        await _close(found)


async def test_a_question_to_the_next_owner_takes_the_wait_along(cluster: Cluster) -> None:
    """ASK: ASKING, the write and the wait go to who will have the slot, over one connection."""
    key = "{asked}:a"
    slot = key_slot(key.encode())
    found = links.open_links(cluster.url)
    try:
        await found.work.run(key, ("SET", key, 0))
        _, to = _elsewhere(cluster, key)
        await asyncio.to_thread(cluster.move_keys, slot, to)
        with Recorder(to) as recorder:
            calls = [
                found.work.run(key, ("INCR", key), follow=Strict().follow()) for _ in range(20)
            ]
            assert sorted(await asyncio.gather(*calls)) == [[n, [1, 0]] for n in range(1, 21)]
            heard = recorder.heard()
        assert _from_one_connection(heard, "ASKING", "INCR", "WAITAOF")
        await asyncio.to_thread(cluster.migrate, slot, to)
        assert await found.work.run(key, ("GET", key)) == [b"20"]
    finally:
        await _close(found)


@pytest.mark.parametrize("kind", ["single", "cluster"])
async def test_nothing_is_sent_twice(kind: str, tmp_path: Path) -> None:
    """A command whose answer is lost has been run, or will be, or never: the caller must decide."""
    options: dict[str, str] = {}
    if kind == "cluster":
        options = {"cluster_enabled": "yes", "cluster_port": str(free_port())}
    async with AsyncExitStack() as stack:
        server = stack.enter_context(make_server("valkey", tmp_path, **options))
        proxy = stack.enter_context(LosesReplies(b"INCR", server.port))
        url = f"redis://127.0.0.1:{proxy.port}/0"
        if kind == "cluster":
            ask(server.port, "CONFIG", "SET", "cluster-announce-port", proxy.port)
            _give_all_slots(server)
            url = f"redis+cluster://127.0.0.1:{proxy.port}"
        found = links.open_links(url)
        stack.push_async_callback(_close, found)
        assert await found.work.run("n", ("SET", "n", 0)) == [b"OK"]
        with pytest.raises(LOST):
            await found.work.run("n", ("INCR", "n"))
        assert await found.work.run("n", ("GET", "n")) == [b"1"]


async def test_who_waits_for_a_disk_stops_nobody(
    server: EmbeddedServer, cluster: Cluster, where: str
) -> None:
    found = links.open_links(where)
    key = "{busy}:a"
    port = server.port if where == server.url else cluster.owner(key_slot(key.encode())).port
    waiting = asyncio.create_task(
        found.work.run(key, ("SET", key, 1), follow=Strict(replicas=1).follow())
    )
    try:
        while b"cmd=waitaof" not in await asyncio.to_thread(ask, port, "CLIENT", "LIST"):
            await asyncio.sleep(0.005)
        assert await found.work.run(key, ("GET", key)) == [b"1"]
        # The last command of the writer's connection is still the wait, so nobody went behind it.
        assert b"cmd=waitaof" in await asyncio.to_thread(ask, port, "CLIENT", "LIST")
        assert not waiting.done()
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await _close(found)


async def test_who_gives_up_leaves_no_trace(
    opened: links.Links, where: str, server: EmbeddedServer, cluster: Cluster
) -> None:
    """Cancelled while it connects, waits for a connection or for a reply: all stay of use."""
    rng = random.Random(1)
    nodes = [server] if where == server.url else cluster.nodes
    for round_ in range(20):
        keys = [f"{{one}}:idle:{round_}:{n}" for n in range(3 * links.MAX_BLOCKING_CONNECTIONS)]
        calls = [opened.blocking.run(key, ("BLPOP", key, 0.05)) for key in keys]
        waiting = [asyncio.create_task(not_swallowed(call)) for call in calls]
        await asyncio.sleep(rng.random() * 0.02)
        for task in waiting:
            task.cancel()
            await asyncio.sleep(0)
        results = await asyncio.gather(*waiting, return_exceptions=True)
        # Some have met a connection that was killed before they were cancelled.
        assert all(isinstance(result, (asyncio.CancelledError, *LOST)) for result in results)
        for node in nodes:
            ask(node.port, "CLIENT", "KILL", "TYPE", "normal")
    await _all_are_of_use(opened)


async def test_connections_that_break_are_replaced(
    opened: links.Links, where: str, server: EmbeddedServer, cluster: Cluster
) -> None:
    nodes = [server] if where == server.url else cluster.nodes
    for round_ in range(3):
        keys = [f"{{one}}:broken:{round_}:{n}" for n in range(links.MAX_BLOCKING_CONNECTIONS)]
        waiting = [asyncio.create_task(opened.blocking.run(k, ("BLPOP", k, 0))) for k in keys]
        await asyncio.sleep(0.1)
        for node in nodes:
            await asyncio.to_thread(ask, node.port, "CLIENT", "KILL", "TYPE", "normal")
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, LOST) for result in results)
    await _all_are_of_use(opened)


async def _all_are_of_use(opened: links.Links) -> None:
    """As many calls at a time as a node may have connections, and each gets its own reply."""
    pings = [opened.blocking.run("{one}", ("PING",)) for _ in range(links.MAX_BLOCKING_CONNECTIONS)]
    await asyncio.gather(*pings, return_exceptions=True)  # who had one that was killed, knows now
    keys = [f"{{one}}:full:{n}" for n in range(links.MAX_BLOCKING_CONNECTIONS)]
    waiting = [asyncio.create_task(opened.blocking.run(k, ("BLPOP", k, 0))) for k in keys]
    await asyncio.sleep(0.1)
    for key in reversed(keys):
        await opened.work.run(key, ("RPUSH", key, f"for {key}"))
    replies = await asyncio.gather(*waiting)
    assert replies == [[[key.encode(), f"for {key}".encode()]] for key in keys]


async def test_a_slot_that_nobody_has_is_an_error_until_somebody_has_it(tmp_path: Path) -> None:
    """CLUSTERDOWN; TRYAGAIN is a part of `test_cluster`."""
    options = {
        "cluster_enabled": "yes",
        "cluster_port": str(free_port()),
        "cluster_require_full_coverage": "no",
    }
    slot = key_slot(b"{lost}")
    with make_server("valkey", tmp_path, **options) as node:
        _give_all_slots(node)
        found = links.open_links(f"redis+cluster://127.0.0.1:{node.port}")
        try:
            assert await found.work.run("{lost}:a", ("SET", "{lost}:a", 1)) == [b"OK"]
            ask(node.port, "CLUSTER", "DELSLOTS", slot)
            try:
                replies = await found.work.run("{lost}:a", ("GET", "{lost}:a"))
            except RedisError as error:
                replies = [error]
            assert isinstance(replies[0], RedisError)
            ask(node.port, "CLUSTER", "ADDSLOTS", slot)
            async with asyncio.timeout(LONG_S):
                while True:
                    try:
                        replies = await found.work.run("{lost}:a", ("SET", "{lost}:a", 2))
                    except RedisError:
                        await asyncio.sleep(0.05)
                        continue
                    if replies == [b"OK"]:
                        break
        finally:
            await _close(found)
