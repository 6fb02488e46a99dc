"""Latency of an ingest and a commit, and the cost of importing a client: a table for ADR 9.

    PYTHONPATH=tools:tests python -m clients_compared.measure [--pairs 800] [--sessions 4]

Loopback, the embedded Valkey, durability `everysec` and `strict`, alone and as a cluster of three.
Each client has processes of its own, one after the other; one run says little about a few percent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIENTS = {"own": "redis.asyncio", "coredis": "coredis", "glide": "glide"}
CHUNK_BYTES = 17_000  # half a second of pictures and sound
PAUSE_S = 0.02  # what is measured is a call, not a queue
STATE_BYTES = 296_601  # of a session of the preset `lite`


def resident_mb() -> float:
    """Memory of this process that is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def _pairs(url: str, pairs: int, sessions: int, durability: str) -> dict[str, float]:
    from store.folding import chunk, state  # noqa: PLC0415
    from ttm_server.config import Settings  # noqa: PLC0415
    from ttm_server.store import Store  # noqa: PLC0415

    took: dict[str, list[float]] = {"ingest": [], "commit": []}
    payload, memory = os.urandom(CHUNK_BYTES), os.urandom(STATE_BYTES)

    async def one(store: Store) -> None:
        sid = (await store.gateway.create_session()).session_id
        connection = (await store.gateway.open_stream(sid)).connection
        owned = await store.worker.acquire(sid, "measure", 300.0)
        assert owned is not None
        for seq in range(1, pairs // sessions + 1):
            begun_s = time.perf_counter()
            await store.gateway.ingest(sid, connection, chunk(seq), payload)
            took["ingest"].append(time.perf_counter() - begun_s)
            begun_s = time.perf_counter()
            await store.worker.commit(sid, owned.fence, seq - 1, seq, state(seq, memory), [])
            took["commit"].append(time.perf_counter() - begun_s)
            await asyncio.sleep(PAUSE_S)
        await store.gateway.delete_session(sid)

    settings = Settings.model_validate({"durability": durability})
    async with await Store.connect(url, settings) as store:
        await one(store)  # scripts and connections are there
        for values in took.values():
            values.clear()
        await asyncio.gather(*(one(store) for _ in range(sessions)))
    found = {}
    for name, values in took.items():
        found[f"{name} median ms"] = statistics.median(values) * 1000
        found[f"{name} P99 ms"] = statistics.quantiles(values, n=100)[98] * 1000
    found["CPU s"] = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    found["RSS MB"] = resident_mb()
    return found


def _import(module: str) -> tuple[float, float]:
    """Seconds and MB of memory that a bare interpreter needs for it, best of five."""
    text = (
        f"import time\nfrom clients_compared.measure import resident_mb\na=resident_mb()\n"
        f"t=time.perf_counter()\nimport {module}\nprint(time.perf_counter()-t,resident_mb()-a)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True).stdout.split()
        for _ in range(5)
    ]
    return min(float(run[0]) for run in runs), min(float(run[1]) for run in runs)


def main() -> None:
    """Measure every client, or in a child process one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=800)
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--url", default="", help="(for a child process)")
    parser.add_argument("--durability", default="everysec")
    asked = parser.parse_args()
    if asked.url:
        if os.environ["CLIENT"] != "own":
            import clients_compared.plugin  # noqa: F401, PLC0415
        found = asyncio.run(_pairs(asked.url, asked.pairs, asked.sessions, asked.durability))
        print(json.dumps(found))
        return
    from servers import make_server  # noqa: PLC0415
    from store.clusters import Cluster  # noqa: PLC0415

    for client, module in CLIENTS.items():
        print(f"{client}: import {module} takes %.3f s, %.1f MB" % _import(module))
    for durability, fsync in (("everysec", "everysec"), ("strict", "always")):
        with tempfile.TemporaryDirectory() as folder:
            one = make_server("valkey", Path(folder) / "one", appendfsync=fsync)
            three = Cluster("valkey", Path(folder) / "three", appendfsync=fsync)
            with one, three:
                for name, url in (("one server", one.url), ("cluster", three.url)):
                    for client in CLIENTS:
                        print(
                            f"{durability}, {name}, {client}:",
                            _child(client, url, asked, durability),
                        )


def _child(client: str, url: str, asked: argparse.Namespace, durability: str) -> str:
    command = [sys.executable, "-m", "clients_compared.measure", "--url", url]
    command += ["--pairs", str(asked.pairs), "--sessions", str(asked.sessions)]
    done = subprocess.run(
        [*command, "--durability", durability],
        env={**os.environ, "CLIENT": client},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        return f"failed: {done.stderr.strip().splitlines()[-1]}"
    return ", ".join(f"{name} {value:.2f}" for name, value in json.loads(done.stdout).items())


if __name__ == "__main__":
    main()
