"""Strict durability: nothing is acknowledged that is not on disk; servers that cannot say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis

from both_sides import Store
from servers import KINDS, make_server
from store.clusters import Cluster, Watched, ask, wait_until
from store.folding import chunk, payload, send, session_with
from store.streaming import LONG_S, every_operation
from ttm_protocol.errors import ConfigError, StoreUnavailable, outcome_of
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, IngestStatus

SHORT_WAIT = "ttm_server.store.strict.WAIT_S"


def follows_on_disk(master: EmbeddedServer) -> bool:
    """Whether the replica writes a file of its own by now, which it begins after the first copy."""
    with Redis(port=master.port, single_connection_client=True) as client:
        client.set("ttm:probe", 1, px=1000)
        return bool(client.execute_command("WAITAOF", 1, 1, 100) == [1, 1])


@pytest.fixture
def strict(settings: Settings, tmp_path: Path) -> Settings:
    tier_url = (tmp_path / "tier").as_uri()
    return settings.model_copy(update={"durability": "strict", "tier_url": tier_url})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with make_server("valkey", tmp_path / "strict", appendfsync="always") as started:
        yield started


@pytest.fixture
async def store(server: EmbeddedServer, strict: Settings) -> AsyncIterator[Store]:
    async with await Store.connect(server.url, strict) as connected:
        yield connected


async def test_every_operation(store: Store) -> None:
    await every_operation(store)


async def test_an_account_that_may_do_little_else(server: EmbeddedServer, strict: Settings) -> None:
    allowed = "on >secret ~ttm:* &ttm:* +@all -@dangerous +info +config|get"
    ask(server.port, "ACL", "SETUSER", "ttm", *allowed.split())
    url = f"redis://ttm:secret@127.0.0.1:{server.port}/0"
    async with await Store.connect(url, strict) as store:
        await every_operation(store)


async def test_every_operation_on_a_cluster(tmp_path: Path, strict: Settings) -> None:
    with Cluster("valkey", tmp_path, appendfsync="always") as cluster:
        async with await Store.connect(cluster.url, strict) as store:
            for _ in range(4):
                await every_operation(store)
        ask(cluster.nodes[1].port, "CONFIG", "SET", "appendfsync", "everysec")
        with pytest.raises(ConfigError, match="appendfsync always"):
            await Store.connect(cluster.url, strict)


async def test_scripts_are_loaded_again(store: Store, server: EmbeddedServer) -> None:
    sid, connection = await session_with(store, 1)
    ask(server.port, "SCRIPT", "FLUSH")
    assert (await send(store, sid, connection, [2])).durable == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [("appendfsync", "everysec"), ("appendonly", "no"), ("no-appendfsync-on-rewrite", "yes")],
)
async def test_servers_that_cannot_promise_it(
    server: EmbeddedServer, strict: Settings, option: str, value: str
) -> None:
    ask(server.port, "CONFIG", "SET", option, value)
    with pytest.raises(ConfigError, match=option) as caught:
        await Store.connect(server.url, strict)
    assert caught.value.field == "durability"
    async with await Store.connect(
        server.url, strict.model_copy(update={"durability": "everysec"})
    ):
        pass


async def test_a_server_without_waitaof(tmp_path: Path, strict: Settings) -> None:
    with make_server("redis", tmp_path / "old", appendfsync="always") as server:
        version = str(Redis(port=server.port).info("server")["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) >= (7, 2):
            pytest.skip(f"this redis-server ({version}) has WAITAOF")
        with pytest.raises(ConfigError, match="WAITAOF"):
            await Store.connect(server.url, strict)


async def test_a_server_that_became_lax_is_not_written_to(
    store: Store, server: EmbeddedServer
) -> None:
    sid, connection = await session_with(store, 1)
    ask(server.port, "CONFIG", "SET", "appendfsync", "everysec")
    ask(server.port, "CLIENT", "KILL", "TYPE", "normal")
    with pytest.raises(StoreUnavailable) as caught:
        await send(store, sid, connection, [2])
    assert outcome_of(caught.value).retryable
    ask(server.port, "CONFIG", "SET", "appendfsync", "always")
    assert (await send(store, sid, connection, [2])).durable == 2


class TestReplicas:
    """Chunks have to be on a replica's disk as well."""

    @pytest.fixture
    def pair(self, tmp_path: Path) -> Iterator[list[EmbeddedServer]]:
        options = {"appendfsync": "always", "repl_diskless_sync_delay": "0"}
        servers = [make_server("valkey", tmp_path / name, **options) for name in ("one", "two")]
        one, two = servers
        with one, two:
            ask(two.port, "REPLICAOF", "127.0.0.1", one.port)
            wait_until("it follows", lambda: follows_on_disk(one))
            yield servers

    @pytest.fixture
    async def store(self, pair: list[EmbeddedServer], strict: Settings) -> AsyncIterator[Store]:
        one = strict.model_copy(update={"strict_replicas": 1})
        async with await Store.connect(pair[0].url, one) as connected:
            yield connected

    async def test_nothing_is_announced_that_one_disk_has_alone(
        self,
        store: Store,
        pair: list[EmbeddedServer],
        strict: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        one, two = pair
        await every_operation(store)
        sid, connection = await session_with(store, 2)
        assert (await store.progress(sid, connection, "0-0")).durable == 2
        two.kill()
        monkeypatch.setattr(SHORT_WAIT, 0.3)

        for _ in range(2):  # stored the first time, a repeat the second
            with pytest.raises(StoreUnavailable, match="replicas"):
                await store.ingest(sid, connection, chunk(3), payload(sid, 3))
        assert ask(one.port, "HGET", f"ttm:{{{sid}}}:meta", "durable") == b"3"
        assert (await store.progress(sid, connection, "0-0")).durable == 2
        with pytest.raises(StoreUnavailable):
            await store.session(sid)
        with pytest.raises(StoreUnavailable):
            await store.open_stream(sid)

        # A gateway that never saw the connection does not know better either.
        replicated = strict.model_copy(update={"strict_replicas": 1})
        async with await Store.connect(one.url, replicated) as other:
            current = ask(one.port, "HGET", f"ttm:{{{sid}}}:meta", "conn").decode()
            with pytest.raises(StoreUnavailable):
                await other.progress(sid, current, "0-0")
            # A repeat over a connection to the server that has written nothing so far.
            with pytest.raises(StoreUnavailable):
                await other.ingest(sid, current, chunk(3), payload(sid, 3))

            monkeypatch.undo()
            two.start()
            ask(two.port, "REPLICAOF", "127.0.0.1", one.port)
            wait_until("it follows again", lambda: follows_on_disk(one))
            opened = await store.open_stream(sid)
            again = await store.ingest(sid, opened.connection, chunk(3), payload(sid, 3))
            assert (again.status, again.durable) == (IngestStatus.DUPLICATE, 3)
            for each in (store, other):
                assert (await each.progress(sid, opened.connection, "0-0")).durable == 3
                assert (await each.session(sid)).durable_seq == 3

    async def test_what_was_announced_survives_the_loss_of_the_master(
        self, store: Store, pair: list[EmbeddedServer], strict: Settings
    ) -> None:
        one, two = pair
        sid, connection = await session_with(store, 0)
        announced = 0
        for seq in range(1, 8):
            announced = (await send(store, sid, connection, [seq])).durable
        one.kill()
        ask(two.port, "REPLICAOF", "NO", "ONE")
        two.kill()  # and of everything in memory
        two.start()
        async with await Store.connect(two.url, strict) as other:
            assert (await other.session(sid)).durable_seq >= announced == 7


@pytest.mark.parametrize("kind", KINDS)
async def test_everysec_asks_for_nothing(kind: str, tmp_path: Path, settings: Settings) -> None:
    with make_server(kind, tmp_path / kind) as server:
        async with await Store.connect(server.url, settings) as store:
            sid, connection = await session_with(store, 1)
            await send(store, sid, connection, [1])
        assert b"cmdstat_waitaof" not in ask(server.port, "INFO", "commandstats")


async def test_sentinel_and_strict(
    tmp_path: Path, strict: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicated = strict.model_copy(update={"strict_replicas": 1})
    with Watched("valkey", tmp_path, appendfsync="always") as watched:
        await asyncio.to_thread(wait_until, "ready", lambda: follows_on_disk(watched.master()))
        async with await Store.connect(watched.url, replicated) as store:
            await every_operation(store)
            sid, connection = await session_with(store, 0)
            announced = (await send(store, sid, connection, range(1, 8))).durable
            await asyncio.to_thread(watched.master().kill)
            async with asyncio.timeout(LONG_S):
                while True:
                    try:
                        found = await store.read_state(sid)  # no write, no wait for a replica
                        break
                    except StoreUnavailable:
                        await asyncio.sleep(0.05)
            assert found is None
            meta = f"ttm:{{{sid}}}:meta"
            assert int(ask(watched.master().port, "HGET", meta, "durable")) == announced == 7
            monkeypatch.setattr(SHORT_WAIT, 0.3)
            with pytest.raises(StoreUnavailable):  # the only replica is the master now
                await store.open_stream(sid)
