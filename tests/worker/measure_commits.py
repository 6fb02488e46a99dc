"""What commits cost: bytes into Redis and into its file, and time, per session and second.

By hand: `python tests/worker/measure_commits.py --sessions 1 10 100 --seconds 30`. One worker with
a state of a real memory's size that packs as a real one does, on an embedded server; each session
sends two chunks a second with next to no media, so that what is counted is commits, or with as many
bytes as `--media-bytes` says. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import redis

from both_sides import Store
from chain import Chain
from ttm_model.chunk import ChunkMedia
from ttm_model.slow import Finding
from ttm_model.step_result import StepResult
from ttm_protocol.messages import encode_chunk
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, state_fields
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.worker import Worker
from worker.lab_worker import LabEngine
from worker.streams import chunk, working

CHUNK_S = 0.5


class Quiet(LabEngine):
    """Notices something in one of so many chunks."""

    def __init__(self, state_bytes: int, event_share: float) -> None:
        super().__init__(0.0, state_bytes, True)
        self._share = event_share

    def step(
        self,
        states: Sequence[Chain],
        media: Sequence[ChunkMedia],
        findings: Sequence[Mapping[int, Finding]] = (),
    ) -> list[StepResult[Chain]]:
        results = super().step(states, media, findings)
        return [one if random.random() < self._share else StepResult(one.state) for one in results]


async def stream(store: Store, sid: str, media: dict[str, bytes]) -> None:
    opened = await store.open_stream(sid)
    await asyncio.sleep(random.uniform(0, CHUNK_S))
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    seq = 1
    while True:
        one = chunk(seq, **media)
        if seq % 2 == 0:  # as often as a gateway looks, at least
            await store.progress(sid, opened.connection, opened.last_event_id)
        result = await store.ingest(sid, opened.connection, one, encode_chunk(one))
        seq += result.status.value != "busy"
        await asyncio.sleep(max(0.0, began_s + seq * CHUNK_S - loop.time()))


def counted(raw: Any, metrics: WorkerMetrics) -> dict[str, float]:
    value = metrics.registry.get_sample_value
    return {
        "net": raw.info("stats")["total_net_input_bytes"],
        "net_out": raw.info("stats")["total_net_output_bytes"],
        "calls": raw.info("stats")["total_commands_processed"],
        "store_cpu_s": _cpu_s(raw.info("cpu")),
        "file": raw.info("persistence")["aof_current_size"],
        "commits": value("ttm_commit_seconds_count"),
        "commit_s": value("ttm_commit_seconds_sum"),
        "steps": value("ttm_batch_size_sum"),
        "cpu_s": time.process_time(),
    }


def _cpu_s(cpu: dict[str, float]) -> float:
    return cpu["used_cpu_user"] + cpu["used_cpu_sys"]


async def measure(options: Any, sessions: int) -> dict[str, Any]:
    settings = Settings(
        commit_every_steps=options.every_steps,
        commit_every_s=options.every_s,
        max_sessions=1000,
    )
    metrics = WorkerMetrics()
    media = {"audio": bytes(options.media_bytes)} if options.media_bytes else {}
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        raw = redis.Redis.from_url(server.url, decode_responses=True)
        raw.config_set("auto-aof-rewrite-percentage", 0)
        async with (
            await Store.connect(server.url, settings) as store,
            await Store.connect(server.url, settings) as sending,
        ):
            sids = [(await store.create_session()).session_id for _ in range(sessions)]
            engine = Quiet(options.state_bytes, options.event_share)
            async with working(Worker(store, engine, settings, metrics)):
                streams = [asyncio.create_task(stream(sending, sid, media)) for sid in sids]
                await asyncio.sleep(5.0)
                before = counted(raw, metrics)
                await asyncio.sleep(options.seconds)
                after = counted(raw, metrics)
                behind = 0
                for sid in sids:
                    info = await store.session(sid)
                    behind = max(behind, info.durable_seq - info.applied_seq)
                for task in streams:
                    task.cancel()
                await asyncio.gather(*streams, return_exceptions=True)
        raw.close()
    grown = {name: after[name] - before[name] for name in before}
    of_sessions = sessions * options.seconds
    commit_ms = 1000 * grown["commit_s"] / max(1, grown["commits"])
    per_step = grown["commits"] / max(1, grown["steps"])
    return {
        "sessions": sessions,
        "policy": f"{options.every_steps} steps, {options.every_s:g} s",
        "packed": not options.unpacked,
        "net_kb_per_session_s": round(grown["net"] / of_sessions / 1000, 1),
        "net_out_kb_per_session_s": round(grown["net_out"] / of_sessions / 1000, 1),
        "calls_per_session_s": round(grown["calls"] / of_sessions, 1),  # also within scripts
        "store_cpu_ms_per_session_s": round(1000 * grown["store_cpu_s"] / of_sessions, 3),
        "file_kb_per_session_s": round(grown["file"] / of_sessions / 1000, 1),
        "steps_per_session_s": round(grown["steps"] / of_sessions, 2),
        "commits_per_session_s": round(grown["commits"] / of_sessions, 2),
        "commit_ms": round(commit_ms, 2),
        "cpu_cores": round(grown["cpu_s"] / options.seconds, 3),  # of worker and senders together
        "share_of_step_time": round(per_step * commit_ms / options.real_step_ms, 4),
        "most_uncommitted_chunks": behind,
    }


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--every-steps", type=int, default=Settings().commit_every_steps)
    parser.add_argument("--every-s", type=float, default=Settings().commit_every_s)
    parser.add_argument("--state-bytes", type=int, default=296_601)
    parser.add_argument("--media-bytes", type=int, default=0, help="in each chunk; 0: next to none")
    parser.add_argument("--event-share", type=float, default=0.1, help="chunks with an event")
    parser.add_argument("--real-step-ms", type=float, default=120.0, help="lite on one CPU core")
    parser.add_argument("--unpacked", action="store_true")
    options = parser.parse_args()
    random.seed(1)
    if options.unpacked:
        state_fields.MIN_PACKED_BYTES = 1 << 40
    for sessions in options.sessions:
        print(json.dumps(await measure(options, sessions)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
