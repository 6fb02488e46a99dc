"""What streams cost a gateway: processor time and memory of its process, per open stream.

By hand: `python tests/gateway/measure_gateway.py --streams 40 --seconds 20`. One gateway process on
an embedded server, and a worker with next to no model in this process; each stream sends two chunks
a second of about the demo clip's size. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx
import websockets

from chain import ChainEngine
from servers import free_port
from ttm_protocol.messages import Chunk, Picture, encode_chunk
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, Store
from ttm_server.store.bound_process import BoundProcess
from ttm_server.worker.worker import Worker
from worker.streams import jpeg, working

CHUNK_S = 0.5


def spent(pid: int) -> tuple[float, float]:
    """Processor seconds and resident MB of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def stream(base: str, session: dict[str, Any], picture: bytes) -> None:
    url = f"{base.replace('http', 'ws')}/v1/sessions/{session['session_id']}/stream"
    async with websockets.connect(url, subprotocols=["ttm.v1"], proxy=None) as socket:
        start = {"type": "start", "ticket": session["ticket"], "media": "chunks"}
        await socket.send(json.dumps(start))
        await socket.recv()  # ready
        await asyncio.sleep(random.uniform(0, CHUNK_S))
        reading = asyncio.create_task(_read(socket))
        loop = asyncio.get_running_loop()
        began_s, seq = loop.time(), 1
        try:
            while True:
                t = (seq - 1) * CHUNK_S
                video = [Picture(t, picture)]
                one = Chunk(seq=seq, t=t, d=CHUNK_S, video=video, audio=bytes(16_000))
                await socket.send(encode_chunk(one))
                seq += 1
                await asyncio.sleep(max(0.0, began_s + seq * CHUNK_S - loop.time()))
        finally:
            reading.cancel()


async def _read(socket: Any) -> None:
    async for _ in socket:
        pass


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--picture-bytes", type=int, default=28_600, help="of a picture")
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        told = {"TTM_REDIS_URL": server.url, "TTM_PORT": str(port)}
        told |= {"TTM_CONNECTIONS_PER_CLIENT": "1000"}
        gateway = BoundProcess(
            [sys.executable, "-m", "ttm_server.gateway"], environment=os.environ | told
        )
        base = f"http://127.0.0.1:{port}"
        try:
            async with (
                httpx.AsyncClient(base_url=base) as http,
                await Store.connect(server.url, Settings()) as store,
                working(Worker(store.worker, ChainEngine(), Settings())),
            ):
                await _until_up(http)
                empty = spent(gateway.pid)
                sessions = [
                    (await http.post("/v1/sessions")).json() for _ in range(options.streams)
                ]
                picture = jpeg() + bytes(options.picture_bytes)
                tasks = [asyncio.create_task(stream(base, one, picture)) for one in sessions]
                await asyncio.sleep(5.0)
                before = spent(gateway.pid)
                await asyncio.sleep(options.seconds)
                after = spent(gateway.pid)
                for task in tasks:
                    task.cancel()
                told_ends = await asyncio.gather(*tasks, return_exceptions=True)
                for one in told_ends:
                    if not isinstance(one, asyncio.CancelledError):
                        raise SystemExit(f"a stream ended: {one!r}")
        finally:
            gateway.stop(10.0)
    of_streams = options.streams * options.seconds
    print(
        json.dumps(
            {
                "streams": options.streams,
                "cpu_ms_per_stream_s": round(1000 * (after[0] - before[0]) / of_streams, 2),
                "empty_mb": round(empty[1]),
                "mb_per_stream": round((after[1] - empty[1]) / options.streams, 2),
            }
        )
    )


async def _until_up(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                (await http.get("/healthz")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return


if __name__ == "__main__":
    asyncio.run(main())
