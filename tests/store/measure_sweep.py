"""What a sweep costs the store: processor time for a look at one session.

By hand: `python tests/store/measure_sweep.py --sessions 2000 --rounds 20`, on an embedded server.
Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import redis

from both_sides import Store
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer
from ttm_server.store.ready import SWEEP_SESSIONS


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    settings = Settings(max_sessions=options.sessions)
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        raw = redis.Redis.from_url(server.url)
        async with await Store.connect(server.url, settings) as store:
            for _ in range(options.sessions):
                await store.create_session()
            before = raw.info("cpu")
            sweeps = options.rounds * -(-options.sessions // SWEEP_SESSIONS)
            for _ in range(sweeps):
                await store.sweep()
            after = raw.info("cpu")
        raw.close()
    spent_s = sum(after[name] - before[name] for name in ("used_cpu_user", "used_cpu_sys"))
    looks = options.rounds * options.sessions
    print(json.dumps({"looks": looks, "store_cpu_us_per_look": round(1e6 * spent_s / looks, 1)}))


if __name__ == "__main__":
    asyncio.run(main())
