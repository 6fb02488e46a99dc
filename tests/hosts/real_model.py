"""The real model on the hosts: the worker that owns a film is cut off in the middle of it.

The stored memory must be the same bytes as that of the same film without any outage.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import redis.asyncio

from both_sides import Store
from crash.clients import API_KEY
from crash.measure_real_model import READY, READY_WITHIN_S, film
from crash.processes import Programs
from hosts.network import Network, network
from hosts.stack import (
    CLIENTS,
    GATEWAY,
    GATEWAY_PORT,
    HOSTS,
    WORKERS,
    add_programs,
    running_store,
    store_url,
    until_listening,
    variables,
)
from ttm_client import Client, stream
from ttm_server.config import Settings
from ttm_server.store.keys import session_keys

FILM_S = 60
CUT_AT_CHUNK = 30
GIVE_UP_S = 240.0


class _Stack:
    def __init__(self, hosts: Network, folder: Path, store: Store, programs: Programs) -> None:
        self._hosts = hosts
        self._folder = folder
        self._store = store
        self._programs = programs

    async def memory(self, speed: float | None, away_s: float = 0.0) -> dict[str, Any]:
        """Stream the film; cut its worker's host off for a while where `away_s` is given."""
        url = f"http://{self._hosts.address(GATEWAY)}:{GATEWAY_PORT}"
        async with Client(url, API_KEY) as client:
            sid = (await client.create_session())["session_id"]
            outage = asyncio.create_task(self._outage(sid, away_s)) if away_s else None
            chunks = iter(film(FILM_S * 2))
            done = await stream(client, sid, chunks, speed=speed, give_up_after_s=GIVE_UP_S)
            told = await client.session(sid)
        found = {"applied": done.applied, "reconnects": done.reconnects, "gaps": told["gaps"]}
        if outage is not None:
            found |= await outage
        state = await self._store.read_state(sid)
        assert state is not None
        return found | {"memory": state.memory}

    async def _outage(self, sid: str, away_s: float) -> dict[str, Any]:
        while (await self._store.session(sid)).applied_seq < CUT_AT_CHUNK:
            await asyncio.sleep(0.1)
        host = await self._owner_host(sid)
        cut_s, at = time.monotonic(), (await self._store.session(sid)).applied_seq
        await asyncio.to_thread(self._hosts.cut, host)
        while (await self._store.session(sid)).applied_seq <= at + 8:  # beyond what was on its way
            if time.monotonic() - cut_s > away_s:
                break
            await asyncio.sleep(0.05)
        on_s = time.monotonic() - cut_s
        await asyncio.sleep(max(0.0, cut_s + away_s - time.monotonic()))
        await asyncio.to_thread(self._hosts.join, host)
        return {"cut_host": host, "cut_at_chunk": at, "eight_chunks_on_after_s": round(on_s, 2)}

    async def _owner_host(self, sid: str) -> str:
        async with redis.asyncio.Redis.from_url(store_url(self._hosts)) as raw:
            owner = (await raw.hget(session_keys(sid).meta, "owner") or b"").decode()
        for program, host in zip(self._programs.of("worker"), WORKERS, strict=True):
            if owner and re.search(rf"worker {owner} ready", self._log(program.name)):
                return host
        raise RuntimeError(f"no worker here is the owner {owner!r}")

    def _log(self, name: str) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / f"{name}.log").read_text(errors="replace")
        return ""

    async def until_ready(self) -> None:
        async with asyncio.timeout(READY_WITHIN_S):
            while not all(READY.search(self._log(w.name)) for w in self._programs.of("worker")):
                await asyncio.sleep(0.2)
        await until_listening(self._hosts.address(GATEWAY), GATEWAY_PORT)


@contextlib.asynccontextmanager
async def _running(hosts: Network, folder: Path, lease_s: float) -> AsyncIterator[_Stack]:
    settings = Settings(redis_url=store_url(hosts), lease_ttl_s=lease_s)
    async with (
        running_store(hosts, folder / "data"),
        await Store.connect(store_url(hosts), settings) as store,
        Programs() as programs,
    ):
        own = variables(hosts, folder, lease_s) | {"TTM_THREADS": "1"}
        add_programs(programs, hosts, own, folder, "ttm_server.worker")
        stack = _Stack(hosts, folder, store, programs)
        await stack.until_ready()
        yield stack


async def _measure(hosts: Network, folder: Path, lease_s: float, away_s: float) -> dict[str, Any]:
    async with _running(hosts, folder, lease_s) as stack:
        calm = await stack.memory(None)
        cut = await stack.memory(1.0, away_s)
    same = calm.pop("memory"), cut.pop("memory")
    broken = []
    if cut["eight_chunks_on_after_s"] >= away_s:
        broken.append("nobody went on with the film while its worker was away")
    if same[0] != same[1]:
        broken.append("the memory is another than without an outage")
    for found in (calm, cut):
        if found["applied"] != FILM_S * 2 or found["gaps"]:
            broken.append(f"of {FILM_S * 2} chunks: {found}")
    return {
        "film_s": FILM_S,
        "lease_s": lease_s,
        "memory_bytes": len(same[1]),
        "identical": same[0] == same[1],
        "calm": calm,
        "cut": cut,
        "broken": broken,
    }


def main(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The whole measurement as plain values; `broken` is empty where it ended well."""
    with network(HOSTS) as hosts:
        hosts.enter(CLIENTS)
        return asyncio.run(_measure(hosts, folder, given.lease, given.away))
