"""More work than can be done at once: everybody gets a share, questions are answered."""

import asyncio
import contextlib
import time

import pytest

from chain import ChainEngine
from ttm_server.worker.worker import Worker
from worker.streams import chunk, expected, send, until_applied, working

SESSIONS = 12
BACKLOG = 40


class SlowEngine(ChainEngine):
    """Costs time per session and step, as a real one does."""

    def step(self, states, media, findings=()):
        time.sleep(0.004 * len(states))
        return super().step(states, media, findings)


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "input_capacity_chunks": 64,
            "max_batch": 4,
            "commit_every_s": 0.2,
            "lease_ttl_s": 5.0,
        }
    )


@pytest.fixture
def clean_server(clean_valkey):
    """One kind of server: what is tested is the worker."""
    return clean_valkey


async def backlogged(store, count=SESSIONS, chunks=BACKLOG):
    sids = []
    for _ in range(count):
        sid = (await store.create_session()).session_id
        opened = await store.open_stream(sid)
        await send(store, sid, opened, [chunk(seq) for seq in range(1, chunks + 1)])
        sids.append(sid)
    return sids


@contextlib.asynccontextmanager
async def overloaded(store, settings, sids):
    """A worker that has stepped each of these and has only begun."""
    async with working(Worker(store, SlowEngine(), settings)) as worker:
        async with asyncio.timeout(20):
            while len(worker.live) < len(sids) or not all(applied(worker, sids).values()):
                await asyncio.sleep(0.001)
        yield worker


def applied(worker, sids):
    return {sid: worker.live[sid].applied for sid in sids}


async def test_everybody_gets_the_same_share(store, settings):
    sids = await backlogged(store)
    long = (await backlogged(store, 1, 60))[0]
    async with overloaded(store, settings, [*sids, long]) as worker:
        before = applied(worker, [*sids, long])
        while max(applied(worker, sids).values()) < BACKLOG * 3 // 4:
            await asyncio.sleep(0.002)
        gained = [at - before[sid] for sid, at in applied(worker, [*sids, long]).items()]
        assert min(gained) > 0
        assert max(gained) - min(gained) <= 3  # a round more or less, and what was decoded


async def test_a_question_goes_before_other_sessions_media_and_they_go_on(store, settings):
    sids = await backlogged(store)
    async with overloaded(store, settings, sids) as worker:
        start = applied(worker, sids)
        asked, others = sids[-1], sids[:-1]
        ask_id = await store.ask(asked, "question", {"question": "?"}, 30.0)
        reply = await store.wait_reply(asked, ask_id, 30.0)
        now = applied(worker, others)
    assert reply.body["answer"] == expected(BACKLOG).hex()
    assert sum(now.values()) < 0.75 * len(others) * BACKLOG  # by turns, all would be done
    assert min(now[sid] - start[sid] for sid in others) > 0


async def test_an_idle_session_is_answered_while_others_have_a_backlog(store, settings):
    idle = (await store.create_session()).session_id
    sids = await backlogged(store)
    async with overloaded(store, settings, sids) as worker:
        ask_id = await store.ask(idle, "question", {"question": "?"}, 30.0)
        assert (await store.wait_reply(idle, ask_id, 30.0)).body["as_of_seq"] == 0
        assert sum(applied(worker, sids).values()) < 0.75 * len(sids) * BACKLOG


async def test_an_answer_is_never_ahead_of_what_is_committed(store, settings):
    rarely = settings.model_copy(update={"commit_every_steps": 1000, "commit_every_s": 60.0})
    sid = (await backlogged(store, 1, 20))[0]
    async with working(Worker(store, ChainEngine(), rarely)):
        for _ in range(5):
            ask_id = await store.ask(sid, "question", {"question": "?"}, 30.0)
            body = (await store.wait_reply(sid, ask_id, 30.0)).body
            stored = await store.read_state(sid)
            assert body["as_of_seq"] == 20 == stored.seq
            assert body["answer"] == expected(20).hex()


async def test_a_full_worker_leaves_work_to_others(store, settings):
    two = settings.model_copy(update={"max_live_sessions": 2, "idle_release_s": 60.0})
    async with working(Worker(store, ChainEngine(), two)) as first:
        sids = await backlogged(store, 4, 3)
        async with asyncio.timeout(20):
            while len(first.live) < 2:
                await asyncio.sleep(0.01)
        async with working(Worker(store, ChainEngine(), two)) as second:
            for sid in sids:
                await until_applied(store, sid, 3)
            assert (len(first.live), len(second.live)) == (2, 2)
