"""The product's processes on their hosts: a store, a gateway and two workers. Knows no client."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crash.clients import API_KEY
from crash.processes import Program, Programs
from hosts.network import Network
from ttm_server.store.bound_process import BoundProcess
from ttm_server.store.embedded import _valkey_binary

STORE, GATEWAY, WORKERS, CLIENTS = "store", "gateway", ("worker-a", "worker-b"), "clients"
HOSTS = (STORE, GATEWAY, *WORKERS, CLIENTS)
STORE_PORT, GATEWAY_PORT = 6379, 8000
UP_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where clients knock."""

    host: str
    port: int


def store_url(network: Network) -> str:
    return f"redis://{network.address(STORE)}:{STORE_PORT}/0"


def door(network: Network) -> Door:
    return Door(network.address(GATEWAY), GATEWAY_PORT)


def variables(network: Network, folder: Path, lease_s: float) -> dict[str, str]:
    """Settings of every process."""
    return {
        "TTM_REDIS_URL": store_url(network),
        "TTM_DATA_DIR": str(folder),
        "TTM_HOST": network.address(GATEWAY),
        "TTM_PORT": str(GATEWAY_PORT),
        "TTM_API_KEYS": API_KEY,
        "TTM_LEASE_TTL_S": str(lease_s),
        "TTM_CONNECTIONS_PER_CLIENT": "1000",
        "TTM_LOG_LEVEL": "info",
        "OMP_NUM_THREADS": "1",
    }


def add_programs(
    programs: Programs, network: Network, own: Mapping[str, str], folder: Path, *worker: str
) -> None:
    """A gateway and two workers (their module and its arguments), each on its host."""
    module, *arguments = worker
    gateway = Program("gateway", 0, "ttm_server.gateway", folder, own)
    gateway.prefix = network.at(GATEWAY)
    programs.add(gateway)
    for index, host in enumerate(WORKERS):
        program = Program("worker", index, module, folder, own, arguments)
        program.prefix = network.at(host)
        programs.add(program)


@contextlib.asynccontextmanager
async def running_store(network: Network, folder: Path) -> AsyncIterator[str]:
    """A real server on the store's host while inside; -> what it is."""
    binary = shutil.which("redis-server") or str(_valkey_binary())
    await asyncio.to_thread(folder.mkdir, parents=True)
    options = {
        "bind": network.address(STORE),
        "port": str(STORE_PORT),
        "protected-mode": "no",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    server = BoundProcess(
        [*network.at(STORE), binary, *words], folder=folder, log_path=folder / "server.log"
    )
    try:
        await until_listening(network.address(STORE), STORE_PORT)
        yield Path(binary).name
    finally:
        await asyncio.to_thread(server.stop, STOP_WITHIN_S)


async def until_listening(host: str, port: int) -> None:
    """Wait until somebody takes connections there."""
    async with asyncio.timeout(UP_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
