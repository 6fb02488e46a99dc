"""Whether a question asked here now can be answered, and what is waited for. Knows no endpoint."""

from __future__ import annotations

import asyncio
import time
from typing import get_args

from ttm_protocol.errors import StoreUnavailable
from ttm_server.gateway.runtime import Gateway
from ttm_server.store import WorkerBeat, Workers, WorkerState

MOST_NAMED = 4
LOOK_WITHIN_S = 3.0  # a scrape has a limit of its own


async def waits_for(gateway: Gateway) -> list[str]:
    """What is missing, in words; nothing where all is there. Raises StoreUnavailable."""
    await gateway.store.ping()
    workers = await gateway.store.workers()
    return [] if workers.ready else _missing(workers)


def _missing(workers: Workers) -> list[str]:
    starting = [beat for beat in workers.told if beat.state == "starting"]
    if starting:
        return [_told(beat) for beat in starting[:MOST_NAMED]]
    if workers.draining:
        return [f"a worker: all {workers.draining} that live are going away"]
    return ["a worker: none is running"]


def _told(beat: WorkerBeat) -> str:
    """As `a worker: model loading since 8 s`."""
    seconds = max(0.0, time.time() - beat.since)
    return f"a worker: {beat.doing} since {seconds:.0f} s"


async def look_at_store(gateway: Gateway) -> None:
    """Bring the gauges up to date that tell of the store and of who works on it."""
    metrics = gateway.metrics
    metrics.stream_lag.set(gateway.lag_chunks)
    try:
        async with asyncio.timeout(LOOK_WITHIN_S):
            workers, memory = await gateway.store.workers(), await gateway.store.memory()
    except (StoreUnavailable, TimeoutError):
        metrics.store_up.set(0)
        return
    metrics.store_up.set(1)
    metrics.store_bytes.set(memory.used_bytes)
    metrics.store_limit.set(memory.limit_bytes)
    for state in get_args(WorkerState):
        metrics.workers.labels(state).set(getattr(workers, state))
