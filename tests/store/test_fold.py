"""The promise: state = fold(chunks 1..applied), with everything cancelled at random moments.

And the control: the same store without its checks breaks it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine

import pytest
from redis import Redis

from both_sides import Store
from store.folding import chunk, event, fold, folded, payload, send, session_with, state
from ttm_protocol.errors import Fenced, Superseded
from ttm_server.config import Settings
from ttm_server.store import Acquired, EmbeddedServer, IngestStatus
from ttm_server.store.keys import session_keys
from ttm_server.store.lua import Script, body_of, load_scripts, script

SESSIONS = 3
CHUNKS = 60
CHUNKS_PER_KILL = 2


class Kills:
    """How many there were. Chunks wait for them, so that a fast machine is no undisturbed one."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def most_seq(self) -> int:
        """The newest chunk that may be sent by now."""
        return min(CHUNKS, CHUNKS_PER_KILL * (self.count + 1))


async def send_all(store: Store, sid: str, rng: random.Random, kills: Kills) -> None:
    """What a client does: open, send from next_seq, resend after any trouble."""
    while True:
        opened = await store.open_stream(sid)
        seq = opened.next_seq
        with contextlib.suppress(Superseded):
            while seq <= CHUNKS:
                if seq > kills.most_seq:
                    await asyncio.sleep(0.001)
                    continue
                done = await store.ingest(sid, opened.connection, chunk(seq), payload(sid, seq))
                if done.status is IngestStatus.BUSY:
                    await asyncio.sleep(0.002)
                    continue
                seq = done.durable + 1
                if rng.random() < 0.2:
                    seq = max(1, seq - rng.randrange(4))  # resends what it has not seen acked
                if rng.random() < 0.03:
                    break  # the connection drops
            else:
                return


async def work(store: Store, name: str, rng: random.Random) -> None:
    """What a worker does, with a lease that is often too short for it."""
    while True:
        await store.sweep()
        sid = await store.claim(0.01)
        if sid is None:
            continue
        owned = await store.acquire(sid, name, rng.choice((0.001, 0.01, 0.3)))
        if owned is None:
            continue
        with contextlib.suppress(Fenced):
            await fold_on(store, sid, owned, rng)


async def fold_on(store: Store, sid: str, owned: Acquired, rng: random.Random) -> None:
    committed, memory = owned.applied, owned.state.memory if owned.state else b""
    for _ in range(rng.randrange(1, 8)):
        at = committed
        for seq, data in await store.read_chunks(sid, committed, rng.randrange(1, 6)):
            memory = fold(memory, data)
            at = seq
            if rng.random() < 0.2:
                await asyncio.sleep(0.005)
        if at == committed:
            break
        await store.commit(sid, owned.fence, committed, at, state(at, memory), [event(at)])
        committed = at
    await store.release(sid, owned.fence)


async def test_memory_is_the_fold_however_tasks_die(store: Store) -> None:
    rng = random.Random(20240607)
    sids = [(await store.create_session()).session_id for _ in range(SESSIONS)]
    jobs: dict[asyncio.Task[None], Callable[[], Coroutine[None, None, None]]] = {}
    kills = Kills()

    def start(job: Callable[[], Coroutine[None, None, None]]) -> None:
        jobs[asyncio.create_task(job())] = job

    for sid in sids:
        for _ in range(2):
            start(lambda sid=sid: send_all(store, sid, rng, kills))  # type: ignore[misc]
    for n in range(4):
        start(lambda n=n: work(store, f"worker{n}", rng))  # type: ignore[misc]

    async with asyncio.timeout(30.0):
        while not all([(await store.session(sid)).applied_seq == CHUNKS for sid in sids]):
            await asyncio.sleep(rng.random() * 0.01)
            victim = rng.choice(list(jobs))
            if not victim.done():
                victim.cancel()
                kills.count += 1
            await asyncio.wait([victim])
            if not victim.cancelled():
                victim.result()  # what a job raises by itself fails the test
            job = jobs.pop(victim)
            start(job)
    for task in jobs:
        task.cancel()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [r for r in results if not (r is None or isinstance(r, asyncio.CancelledError))] == []

    assert kills.count >= CHUNKS / CHUNKS_PER_KILL - 1
    for sid in sids:
        final = await store.read_state(sid)
        assert final is not None
        assert (final.seq, final.memory) == (CHUNKS, folded(sid, CHUNKS))
        assert (await store.session(sid)).durable_seq == CHUNKS
        assert await store.read_chunks(sid, CHUNKS, 10) == []


FENCE_CHECK = "if ARGV[1] == '' or m[3] ~= ARGV[1] then return {FENCED} end\n"
POSITION_CHECK = (
    "if applied ~= prev or new > durable then return {CONFLICT, applied, durable} end\n"
)


def without(*checks: str) -> dict[str, Script]:
    text = body_of("commit")
    for check in checks:
        assert text.count(check) == 1
        text = text.replace(check, "")
    return {**load_scripts(), "commit": script("commit", text)}


async def stale_commit(store: Store, raw: Redis) -> str:
    """Worker a stalls with chunk 1 folded; b takes over and applies all; then a wakes up."""
    sid, connection = await session_with(store, 3)
    a = await store.acquire(sid, "a", 30.0)
    assert a is not None
    stalled = state(1, fold(b"", payload(sid, 1)))
    raw.delete(session_keys(sid).lease)
    b = await store.acquire(sid, "b", 30.0)
    assert b is not None
    await store.commit(sid, b.fence, 0, 3, state(3, folded(sid, 3)), [])
    with contextlib.suppress(Fenced):
        await store.commit(sid, a.fence, 0, 1, stalled, [])
    await store.release(sid, b.fence)
    await send(store, sid, connection, [4])
    return sid


async def finish(store: Store, sid: str) -> bytes:
    """A worker goes on from what is stored; returns the memory after the last chunk."""
    owned = await store.acquire(sid, "c", 30.0)
    assert owned is not None
    memory = owned.state.memory if owned.state else b""
    for _, data in await store.read_chunks(sid, owned.applied, 100):
        memory = fold(memory, data)
    return memory


async def test_a_stale_worker_does_no_harm(store: Store, raw: Redis) -> None:
    sid = await stale_commit(store, raw)
    assert await finish(store, sid) == folded(sid, 4)


async def test_control_without_checks_chunks_are_lost(
    clean_server: EmbeddedServer, settings: Settings, raw: Redis
) -> None:
    scripts = without(FENCE_CHECK, POSITION_CHECK)
    async with await Store.connect(clean_server.url, settings, scripts=scripts) as store:
        sid = await stale_commit(store, raw)
        assert (await store.session(sid)).applied_seq == 1  # back from 3
        with pytest.raises(Fenced):
            await finish(store, sid)  # chunks 2 and 3 are in no memory and in no input


async def stale_commit_over_import(store: Store, raw: Redis) -> bytes:
    """Worker a folds chunk 1 while another memory is put in place; then a commits."""
    sid, _ = await session_with(store, 2)
    a = await store.acquire(sid, "a", 30.0)
    assert a is not None
    await store.replace_state(sid, state(0, b"imported"))
    with contextlib.suppress(Fenced):
        await store.commit(sid, a.fence, 0, 1, state(1, fold(b"", payload(sid, 1))), [])
    raw.delete(session_keys(sid).lease)
    memory = await finish(store, sid)
    imported = fold(fold(b"imported", payload(sid, 1)), payload(sid, 2))
    return b"right" if memory == imported else b"wrong"


async def test_a_stale_worker_does_not_undo_an_import(store: Store, raw: Redis) -> None:
    assert await stale_commit_over_import(store, raw) == b"right"


async def test_control_without_the_fence_alone_an_import_is_undone(
    clean_server: EmbeddedServer, settings: Settings, raw: Redis
) -> None:
    scripts = without(FENCE_CHECK)
    async with await Store.connect(clean_server.url, settings, scripts=scripts) as store:
        assert await stale_commit_over_import(store, raw) == b"wrong"
