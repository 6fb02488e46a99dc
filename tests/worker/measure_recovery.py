"""How long a session stands still when its worker dies, as multiples of the lease.

By hand: `python tests/worker/measure_recovery.py --kills 50 --lease 1 5 --signal KILL TERM`. Two
worker processes on an embedded server: one owns every session, is ended at a random moment, and the
other goes on. Measured from the signal to each session's next committed chunk. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from both_sides import Store
from ttm_protocol.messages import encode_chunk
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer
from ttm_server.store.keys import session_keys
from worker.fleet import Fleet
from worker.streams import chunk

CHUNK_EVERY_S = 0.1
LOOK_EVERY_S = 0.005
LIMIT_LEASES = 20


async def stream(store: Store, sid: str) -> None:
    opened = await store.open_stream(sid)
    seq = opened.next_seq
    while True:
        one = chunk(seq)
        result = await store.ingest(sid, opened.connection, one, encode_chunk(one))
        seq += result.status.value != "busy"
        await asyncio.sleep(CHUNK_EVERY_S)


async def looks(store: Store, sids: list[str]) -> dict[str, tuple[bytes, int]]:
    """Each session's owner and committed position."""
    asked = (
        store._parts.edge.command("HMGET", session_keys(sid).meta, "owner", "applied")
        for sid in sids
    )
    found = await asyncio.gather(*asked)
    return {sid: (owner, int(at)) for sid, (owner, at) in zip(sids, found, strict=True)}


async def taken_over(store: Store, before: dict[str, tuple[bytes, int]], limit_s: float) -> Any:
    """Seconds until another owner has moved each session's position."""
    started_s = time.monotonic()
    reached = {sid: at for sid, (_, at) in before.items()}
    moved: dict[str, float] = {}
    while len(moved) < len(before):
        elapsed_s = time.monotonic() - started_s
        for sid, (owner, at) in (await looks(store, list(before))).items():
            if owner in (b"", before[sid][0]):
                reached[sid] = at  # the old owner's last commit
            elif at > reached[sid]:
                moved.setdefault(sid, elapsed_s)
        if elapsed_s > limit_s:
            raise SystemExit(f"{len(before) - len(moved)} sessions stood still for {limit_s} s")
        await asyncio.sleep(LOOK_EVERY_S)
    return list(moved.values())


async def until_ready(fleet: Fleet, log: Path, owned: int, store: Store, sids: list[str]) -> None:
    """Until every worker is up, one owner has all sessions and all move."""
    async with asyncio.timeout(120):
        while (await asyncio.to_thread(log.read_bytes)).count(b' ready"') < fleet.starts:
            await asyncio.sleep(0.05)
        while len({owner for owner, _ in (await looks(store, sids)).values()} - {b""}) != owned:
            await asyncio.sleep(0.05)


def spread(values: list[float], unit: float) -> dict[str, float]:
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    named = {"median": statistics.median(ordered), "p99": p99, "max": ordered[-1]}
    return {name: round(value / unit, 3) for name, value in named.items()}


async def measure(url: str, options: Any, lease_s: float, number: int, log: Path) -> dict[str, Any]:
    settings = Settings(lease_ttl_s=lease_s, idle_release_s=60.0)
    first: list[float] = []
    every: list[float] = []
    exits: list[float] = []
    async with await Store.connect(url, settings) as store:
        sids = [(await store.create_session()).session_id for _ in range(options.sessions)]
        streams = [asyncio.create_task(stream(store, sid)) for sid in sids]
        with Fleet(url, settings, log, step_s=options.step_s, state_bytes=157_000) as fleet:
            fleet.start()
            await until_ready(fleet, log, 1, store, sids)
            fleet.start()
            for kill in range(options.kills):
                await until_ready(fleet, log, 1, store, sids)
                await asyncio.sleep(lease_s * random.uniform(0.5, 1.5))
                process = fleet.processes[kill % 2]
                before = await looks(store, sids)
                process.send_signal(number)
                sent_s = time.monotonic()
                ended = asyncio.create_task(asyncio.to_thread(process.wait, 60))
                taken = await taken_over(store, before, LIMIT_LEASES * lease_s)
                status = await ended
                if status != (0 if number == signal.SIGTERM else -number):
                    told = (await asyncio.to_thread(log.read_text))[-4000:]
                    raise SystemExit(f"a worker ended with {status}\n{told}")
                exits.append(time.monotonic() - sent_s)
                if options.verbose:
                    print(f"{exits[-1]:.2f} s to the exit; taken over after", taken)
                first.append(min(taken))
                every += taken
                fleet.restart_ended()
        for task in streams:
            task.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        for sid in sids:
            await store.delete_session(sid)
    return {
        "signal": signal.Signals(number).name,
        "lease_s": lease_s,
        "ended": options.kills,
        "sessions": options.sessions,
        "first_session_leases": spread(first, lease_s),
        "every_session_leases": spread(every, lease_s),
        "every_session_s": spread(every, 1.0),
    }


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--lease", type=float, nargs="+", default=[1.0, 5.0])
    parser.add_argument("--signal", nargs="+", default=["KILL", "TERM"])
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--step-s", type=float, default=0.005, help="per session and step")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        for name in options.signal:
            for lease_s in options.lease:
                number = getattr(signal, f"SIG{name}")
                log = Path(folder) / "workers.log"
                print(json.dumps(await measure(server.url, options, lease_s, number, log)))


if __name__ == "__main__":
    asyncio.run(main())
