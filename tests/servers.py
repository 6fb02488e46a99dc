"""Real servers for tests: the embedded Valkey and Debian's redis-server, each on a free port."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

from both_sides import Store
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

KINDS = ("valkey", "redis")


def make_server(kind: str, folder: Path, **options: str) -> EmbeddedServer:
    """A server that is not started yet; skips the test where the binary is missing.

    `options` are further lines of its configuration, with `_` for `-`.
    """
    options = {name.replace("_", "-"): value for name, value in options.items()}
    if kind == "valkey":
        return EmbeddedServer(folder, options=options)
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no redis-server binary on PATH (Debian: apt-get install redis-server)")
    return EmbeddedServer(folder, binary=Path(binary), options=options)


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", params=KINDS)
def redis_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedServer]:
    """One server of each kind for the whole run; tests that use it run once per kind."""
    with make_server(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The embedded Valkey for the whole run."""
    with make_server("valkey", tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(params=KINDS)
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server of each kind for one test that ends it or starts it again."""
    with make_server(request.param, tmp_path / "own") as server:
        yield server


@pytest.fixture
def clean_server(redis_server: EmbeddedServer) -> EmbeddedServer:
    """A server of each kind, empty."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def clean_valkey(valkey_server: EmbeddedServer) -> EmbeddedServer:
    """The embedded Valkey, empty."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with small bounds, so that tests can reach them."""
    return Settings(
        data_dir=tmp_path / "data",
        input_capacity_chunks=8,
        connection_queue_chunks=4,
        events_capacity=16,
        asks_capacity=4,
        max_sessions=50,
        lease_ttl_s=0.5,
    )


@pytest.fixture
async def store(clean_server: EmbeddedServer, settings: Settings) -> AsyncIterator[Store]:
    """A store on an empty server, once per kind of server."""
    async with await Store.connect(clean_server.url, settings) as connected:
        yield connected


@pytest.fixture
def raw(clean_server: EmbeddedServer) -> Iterator[redis.Redis]:
    """A plain client, for looking behind the store's back."""
    with redis.Redis.from_url(clean_server.url, decode_responses=True) as client:
        yield client
