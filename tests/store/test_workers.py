"""Who is there to work: beats that count for a while, states that are counted, an orderly end."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis

from both_sides import Store
from ttm_server.store import WorkerBeat, Workers, WorkerState, workers


def beat(worker_id: str, state: WorkerState = "ready") -> WorkerBeat:
    return WorkerBeat(worker_id=worker_id, state=state, since=1.5, preset="lite", capacity=3)


async def test_states_are_counted_and_told(store: Store) -> None:
    assert await store.workers() == Workers()
    await store.beat(beat("a", "starting"))
    await store.beat(beat("b"))
    await store.beat(beat("c", "draining"))
    found = await store.workers()
    assert (found.starting, found.ready, found.draining) == (1, 1, 1)
    assert sorted(found.told, key=lambda one: one.worker_id) == [
        beat("a", "starting"),
        beat("b"),
        beat("c", "draining"),
    ]
    await store.beat(beat("a"))
    await store.leave("c")
    found = await store.workers()
    assert (found.starting, found.ready, found.draining) == (0, 2, 0)


async def test_a_worker_that_beats_no_more_is_forgotten(
    store: Store, raw: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "KEEP_S", 0.4)
    for number in range(3):
        await store.beat(beat(f"dead{number}"))
    async with asyncio.timeout(10):
        while (await store.workers()).ready:
            await asyncio.sleep(0.05)
    monkeypatch.setattr(workers, "KEEP_S", 20.0)
    await store.beat(beat("alive"))
    assert raw.zrange("ttm:{workers}:alive", 0, -1) == ["alive"]
    assert raw.hkeys("ttm:{workers}:said") == ["alive"]
    assert 0 < raw.pttl("ttm:{workers}:said") <= 20_000


async def test_a_beat_from_before_the_clock_was_put_back_does_not_count(
    store: Store, raw: Redis
) -> None:
    await store.beat(beat("a"))
    raw.zadd("ttm:{workers}:alive", {"a": 9_999_999_999_999})
    assert await store.workers() == Workers()


async def test_few_of_many_are_told(store: Store) -> None:
    for number in range(workers.MOST_TOLD + 5):
        await store.beat(beat(f"w{number}", "starting"))
    found = await store.workers()
    assert (found.starting, len(found.told)) == (workers.MOST_TOLD + 5, workers.MOST_TOLD)
