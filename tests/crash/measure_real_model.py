"""`python -m crash.measure_real_model`: a film, its worker killed every five seconds, bit for bit.

Streams the demo clip several times over through real processes with the real model: once
undisturbed, once beside a second session while whichever worker owns the film gets SIGKILL again
and again. The stored memories must be the same bytes. Exits with 1 where they are not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import redis.asyncio

from both_sides import Store
from crash.processes import Program, Programs
from servers import free_port
from ttm_client import Client, FileSource, stream
from ttm_client.source import MediaChunk
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer
from ttm_server.store.keys import session_keys

READY_WITHIN_S = 180.0
GIVE_UP_S = 300.0
LEASE_S = 1.0
READY = re.compile(r"worker [0-9a-f]+ ready")


def film(chunks: int, first: int = 0) -> list[MediaChunk]:
    """`chunks` chunks of the demo clip from chunk `first`, over and over, on one media clock."""
    with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
        once = [chunk for chunk in FileSource(clip) if chunk.d == 0.5]
    found = []
    for number in range(chunks):
        chunk = once[(first + number) % len(once)]
        shift_s = number * 0.5 - chunk.t
        pictures = tuple(replace_time(picture, shift_s) for picture in chunk.pictures)
        found.append(replace(chunk, t=number * 0.5, pictures=pictures))
    return found


def replace_time(picture: Any, shift_s: float) -> Any:
    """A picture as it would have been taken `shift_s` later."""
    return type(picture)(picture.t + shift_s, picture.data)


class Stack:
    """A store server, a gateway and workers as processes, and what a measurement does with them."""

    def __init__(self, folder: Path, store: Store, programs: Programs, url: str, port: int) -> None:
        self._folder = folder
        self._store = store
        self._programs = programs
        self._redis = redis.asyncio.Redis.from_url(url)
        self._base_url = f"http://127.0.0.1:{port}"
        self.kills: list[int] = []  # positions

    async def close(self) -> None:
        await self._redis.aclose()

    async def memory(self, chunks: Sequence[MediaChunk], speed: float | None) -> tuple[bytes, Any]:
        """Stream everything into a new session; -> its memory's bytes and what is known of it."""
        async with Client(self._base_url) as client:
            sid = (await client.create_session())["session_id"]
            return await self.stream(client, sid, chunks, speed)

    async def stream(
        self, client: Client, sid: str, chunks: Sequence[MediaChunk], speed: float | None
    ) -> tuple[bytes, Any]:
        await stream(client, sid, iter(chunks), speed=speed, give_up_after_s=GIVE_UP_S)
        state = await self._store.read_state(sid)
        assert state is not None
        return state.memory, await client.session(sid)

    async def disturbed(
        self,
        chunks: Sequence[MediaChunk],
        beside: Sequence[MediaChunk],
        speed: float | None,
        every_s: float,
    ) -> list[tuple[bytes, Any]]:
        """Both films at once while the first one's worker is killed every `every_s` seconds."""
        async with Client(self._base_url) as client:
            sids = [(await client.create_session())["session_id"] for _ in range(2)]
            killing = asyncio.create_task(self._kill(sids[0], every_s))
            try:
                return await asyncio.gather(
                    self.stream(client, sids[0], chunks, speed),
                    self.stream(client, sids[1], beside, speed),
                )
            finally:
                killing.cancel()
                await asyncio.wait([killing])

    async def _kill(self, sid: str, every_s: float) -> None:
        """SIGKILL the session's owner when the session has gone on for `every_s` since the last.

        Counted from its first step, so that a machine that is slow to load models gets through too.
        """
        killed_at = 0
        while True:
            while await self._owner(sid) is None or await self._at(sid) <= killed_at:
                await asyncio.sleep(0.05)
            await asyncio.sleep(every_s)
            if (victim := await self._owner(sid)) is not None:
                killed_at = await self._at(sid)
                victim.signal(signal.SIGKILL)
                self.kills.append(killed_at)

    async def _at(self, sid: str) -> int:
        return (await self._store.session(sid)).applied_seq

    async def _owner(self, sid: str) -> Program | None:
        owner = await self._redis.hget(session_keys(sid).meta, "owner")  # type: ignore[misc]
        for worker in self._programs.of("worker"):
            if owner and worker.running and f"worker {owner.decode()} ready" in self._log(worker):
                return worker
        return None

    async def until_ready(self) -> None:
        """Wait until every worker has loaded its model."""
        async with asyncio.timeout(READY_WITHIN_S):
            while not all(READY.search(self._log(w)) for w in self._programs.of("worker")):
                await asyncio.sleep(0.2)

    def _log(self, worker: Program) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / f"{worker.name}.log").read_text(errors="replace")
        return ""


@contextlib.asynccontextmanager
async def running(folder: Path, workers: int) -> AsyncIterator[Stack]:
    """A stack with the real model."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    server = EmbeddedServer(folder / "data")
    await asyncio.to_thread(server.start)
    port = free_port()
    variables = {
        "TTM_REDIS_URL": server.url,
        "TTM_PORT": str(port),
        "TTM_LEASE_TTL_S": str(LEASE_S),
        "TTM_LOG_LEVEL": "info",
        # The first step after a start takes seconds, so kills from outside hit the same session's
        # trial again and again; what quarantine makes of that is not what is measured here.
        "TTM_QUARANTINE_AFTER": "100",
        "TTM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    settings = Settings(redis_url=server.url, lease_ttl_s=LEASE_S)
    try:
        async with await Store.connect(server.url, settings) as store, Programs() as programs:
            programs.add(Program("gateway", 0, "ttm_server.gateway", folder, variables))
            for index in range(workers):
                programs.add(Program("worker", index, "ttm_server.worker", folder, variables))
            stack = Stack(folder, store, programs, server.url, port)
            try:
                await stack.until_ready()
                yield stack
            finally:
                await stack.close()
    finally:
        await asyncio.to_thread(server.stop)


async def measure(
    folder: Path, seconds: float, workers: int, every_s: float, speed: float | None
) -> dict[str, Any]:
    """The whole measurement as plain values; `identical` says how it ended."""
    chunks, beside = film(round(seconds * 2)), film(round(seconds / 2), first=23)
    async with running(folder / "undisturbed", 1) as stack:
        started_s = time.monotonic()
        undisturbed = [await stack.memory(chunks, None), await stack.memory(beside, None)]
        undisturbed_s = time.monotonic() - started_s
    async with running(folder / "disturbed", workers) as stack:
        started_s = time.monotonic()
        disturbed = await stack.disturbed(chunks, beside, speed, every_s)
        disturbed_s = time.monotonic() - started_s
        kills = stack.kills
    return {
        "film_s": seconds,
        "chunks": len(chunks),
        "chunks_beside": len(beside),
        "workers": workers,
        "kill_every_s": every_s,
        "kills": len(kills),
        "killed_at": kills,
        "undisturbed_s": round(undisturbed_s, 1),
        "disturbed_s": round(disturbed_s, 1),
        "memory_bytes": len(undisturbed[0][0]),
        "applied": [info["applied_seq"] for _, info in disturbed],
        "gaps": [info["gaps"] for _, info in disturbed],
        "identical": disturbed[0][0] == undisturbed[0][0],
        "identical_beside": disturbed[1][0] == undisturbed[1][0],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="of film")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between kills")
    parser.add_argument("--speed", type=float, default=1.0, help="0: as fast as it goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ttm-crash-") as temporary:
        folder = Path(temporary)
        result = asyncio.run(
            measure(folder, given.seconds, given.workers, given.every, given.speed or None)
        )
    print(json.dumps(result, indent=1))
    kept = result["identical"] and result["identical_beside"] and result["kills"] > 0
    return 0 if kept and not any(result["gaps"]) else 1


if __name__ == "__main__":
    sys.exit(main())
