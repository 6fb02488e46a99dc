"""Sessions that nobody uses leave the store by themselves, and nobody can tell that they did."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from both_sides import Store
from chain import ChainEngine, slow_senses
from servers import make_server
from store.tiering import make_due, noted, object_of
from tiers import names_in
from ttm_protocol.errors import TierDamaged, TierUnavailable, error_of_code
from ttm_protocol.messages import Chunk, encode_chunk
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, IngestStatus
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.worker import Worker
from worker.fleet import Fleet
from worker.streams import chunk, expected_slow, jpeg, picture, send, until_applied, working

SOON_S = 60.0
ROUNDS = 5


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(
        update={
            "tier_url": (tmp_path / "tier").as_uri(),
            "tier_after_s": 0.2,
            "idle_release_s": 0.2,
            "commit_every_s": 0.1,
            "input_capacity_chunks": 64,
            "lease_ttl_s": 2.0,
        }
    )


@pytest.fixture
def clean_server(clean_valkey: EmbeddedServer) -> EmbeddedServer:
    """One kind of server: what is tested is the worker."""
    return clean_valkey


def seen_and_heard(seq: int) -> Chunk:
    dice = random.Random(seq)
    colour = (dice.randrange(256), dice.randrange(256), dice.randrange(256))
    video = [picture(seq, jpeg(colour))] if seq % 3 else []
    # Without the samples at which the lab's sense ends its process.
    return chunk(seq, video=video, audio=bytes(one & 0x3F for one in dice.randbytes(16_000)))


CHUNKS = [seen_and_heard(seq) for seq in range(1, 81)]


def worker_on(store: Store, settings: Settings, metrics: WorkerMetrics | None = None) -> Worker:
    return Worker(store.worker, ChainEngine(slow_senses()), settings, metrics)


async def streamed(store: Store, sid: str, first: int, last: int, ended: bool = False) -> None:
    """Chunks of one connection that is gone afterwards, all of them applied."""
    opened = await store.open_stream(sid)
    await send(store, sid, opened, CHUNKS[first - 1 : last])
    await store.close_stream(sid, opened.connection, ended=ended)
    await until_applied(store, sid, last)


async def until_moved(store: Store, sid: str) -> None:
    async with asyncio.timeout(SOON_S):
        while not (await store.session(sid)).tiered:
            await asyncio.sleep(0.02)


async def asked(store: Store, sid: str, kind: str = "question", **body: Any) -> Any:
    ask_id = await store.ask(sid, kind, body, SOON_S)
    return await store.wait_reply(sid, ask_id, SOON_S)


async def test_a_stream_goes_on_after_its_session_was_moved_with_slow_work_pending(
    store: Store, settings: Settings
) -> None:
    sid = (await store.create_session()).session_id
    metrics = WorkerMetrics()
    async with working(worker_on(store, settings, metrics)):
        await streamed(store, sid, 1, 17)
        await until_moved(store, sid)
        kept = await store.read_state(sid)
        assert kept.memory == expected_slow(CHUNKS[:17])
        assert b'"jobs": [{' in kept.memory  # something was to be found yet
        await streamed(store, sid, 18, 40, ended=True)
        async with asyncio.timeout(SOON_S):
            while (await store.session(sid)).status != "ended" or await flush_is_due(store, sid):
                await asyncio.sleep(0.02)
        await until_moved(store, sid)
    assert (await store.read_state(sid)).memory == expected_slow(CHUNKS[:40], ends={40})
    assert (await store.session(sid)).gaps == []
    samples = metrics.registry.get_sample_value
    assert samples("ttm_tiered_sessions_total", {"direction": "out"}) >= 2
    assert samples("ttm_tiered_sessions_total", {"direction": "in"}) >= 1


async def flush_is_due(store: Store, sid: str) -> bool:
    return (await store.open_work(sid)).flush_at is not None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("question", {"question": "What?"}),
        ("timeline", {}),
        ("summary", {}),
        ("words", {}),
        ("things", {}),
        ("teach", {"name": "my cup"}),
        ("forget", {"name": "my cup"}),
    ],
)
async def test_whatever_needs_the_memory_brings_it_back(
    store: Store, settings: Settings, kind: str, body: dict[str, Any]
) -> None:
    sid = (await store.create_session()).session_id
    async with working(worker_on(store, settings)):
        await streamed(store, sid, 1, 6)
        there = await asked(store, sid, kind, **body) if kind != "teach" else None
        await until_moved(store, sid)
        reply = await asked(store, sid, kind, **body)
        assert reply.error_code is None
        if there is not None:
            assert reply.body == there.body
        elif kind == "teach":
            assert reply.body == {"things": ["my cup@3.0"]}
        await until_moved(store, sid)  # and away again
        if kind == "teach":
            assert (await asked(store, sid, "things")).body == {"things": ["my cup@3.0"]}


@pytest.mark.parametrize("trouble", ["away", "missing"])
async def test_a_memory_that_cannot_be_had_is_said_and_comes_back_later(
    store: Store, settings: Settings, tmp_path: Path, trouble: str
) -> None:
    sid = (await store.create_session()).session_id
    metrics = WorkerMetrics()
    async with working(worker_on(store, settings, metrics)):
        await streamed(store, sid, 1, 6)
        await until_moved(store, sid)
        tier, aside = tmp_path / "tier", tmp_path / "aside"
        tier.rename(aside)
        if trouble == "missing":
            tier.mkdir()
        reply = await asked(store, sid, "timeline")
        error = error_of_code(str(reply.error_code), str(reply.error_message))
        assert isinstance(error, TierUnavailable if trouble == "away" else TierDamaged)
        opened = await store.open_stream(sid)
        await send(store, sid, opened, CHUNKS[6:8])  # chunks are taken all the same
        await store.close_stream(sid, opened.connection, ended=False)
        if trouble == "missing":
            tier.rmdir()
        aside.rename(tier)
        await until_applied(store, sid, 8)
        assert (await asked(store, sid, "timeline")).error_code is None
    assert (await store.read_state(sid)).memory == expected_slow(CHUNKS[:8])
    errors = [one for one in metrics.tier_errors.collect()[0].samples if one.value]
    assert {one.labels["direction"] for one in errors} == {"in"}


async def test_workers_that_are_killed_lose_no_memory_and_no_object(
    tmp_path: Path, settings: Settings
) -> None:
    settings = settings.model_copy(update={"lease_ttl_s": 1.0, "quarantine_after": 100})
    with make_server("valkey", tmp_path / "own") as server:
        async with await Store.connect(server.url, settings) as store:
            fleet = Fleet(server.url, settings, tmp_path / "log", slow=1, state_bytes=20_000)
            fleet.environment |= {
                "TTM_TIER_URL": str(settings.tier_url),
                "TTM_TIER_AFTER_S": str(settings.tier_after_s),
            }
            with fleet:
                for _ in range(2):
                    fleet.start()
                async with fleet.kept_running():
                    ended = await asyncio.gather(*(_life(store, fleet, seed) for seed in range(4)))
            assert -signal.SIGKILL in fleet.statuses
            for sid, last in ended:
                state = await store.read_state(sid)
                memory = expected_slow(CHUNKS[:last])
                assert state.memory[: len(memory)] == memory
            make_due(server.url)
            while (await store.clear_left_over()).deleted or noted(server.url):
                make_due(server.url)
            objects = {object_of(server.url, sid) for sid, _ in ended}
            assert set(await names_in(settings)) == objects


async def _life(store: Store, fleet: Fleet, seed: int) -> tuple[str, int]:
    """A session that is used now and then, and workers that end meanwhile; its id, its chunks."""
    dice = random.Random(seed)
    sid = (await store.create_session()).session_id
    last = 0
    for _ in range(ROUNDS):
        first, last = last + 1, last + dice.randint(1, 4)
        opened = await store.open_stream(sid)
        assert opened.next_seq == first
        for one in CHUNKS[first - 1 : last]:
            stored = await store.ingest(sid, opened.connection, one, encode_chunk(one))
            assert stored.status is IngestStatus.STORED
            await asyncio.sleep(dice.uniform(0.0, 0.2))
        await store.close_stream(sid, opened.connection, ended=False)
        if dice.random() < 0.5:
            fleet.kill(dice.randrange(len(fleet.processes)))
        if dice.random() < 0.7:
            await until_moved(store, sid)
    await until_applied(store, sid, last, SOON_S)
    await until_moved(store, sid)
    return sid, last
