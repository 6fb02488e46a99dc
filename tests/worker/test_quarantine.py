"""Sessions that end their worker: suspected, tried alone, set aside; and who is never blamed."""

from __future__ import annotations

import asyncio
import random

import pytest

from ttm_protocol.errors import Quarantined
from ttm_protocol.messages import Chunk, Picture, encode_chunk
from ttm_server.store import IngestStatus, SessionState
from worker.fleet import Fleet
from worker.lab_worker import KILL_COLOUR, KILL_QUESTION, KILL_SLOW, KILL_STEP
from worker.streams import (
    chunk,
    expected,
    expected_slow,
    jpeg,
    opened_session,
    send,
    until_applied,
    until_status,
)

BACKLOG = 12
POISON_AT = 6
KILLS = 8


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "input_capacity_chunks": 32,
            "quarantine_after": 3,
            "quarantine_s": 600.0,
            "idle_release_s": 0.3,
        }
    )


@pytest.fixture
def clean_server(clean_valkey):
    """One kind of server is enough for what several processes do to each other."""
    return clean_valkey


def state_at(seq: int) -> SessionState:
    return SessionState(seq=seq, memory=expected(seq), media_s=seq / 2, gaps=[], model={}, shape={})


# --- who is blamed, by the script alone -----------------------------------------------------------


async def owner_died(store, raw, sid, tried=False):
    """Somebody acquires and dies; -> how many crashes it had been told of."""
    acquired = await store.acquire(sid, f"owner-{random.random()}", 30.0)
    if tried:
        assert await store.begin_trial(sid, acquired.fence, 30.0)
    assert raw.delete(f"ttm:{{{sid}}}:lease") == 1
    return acquired.crashes


async def test_only_a_session_that_was_tried_alone_is_set_aside(store, raw):
    sid, _ = await opened_session(store, 3)
    told = [await owner_died(store, raw, sid) for _ in range(6)]
    assert told == [0, 1, 1, 1, 1, 1]
    assert await owner_died(store, raw, sid, tried=True) == 1
    assert await owner_died(store, raw, sid) == 2
    assert await owner_died(store, raw, sid, tried=True) == 2
    assert (await store.session(sid)).status == "live"
    with pytest.raises(Quarantined, match="set aside"):
        await store.acquire(sid, "next", 30.0)
    assert (await store.session(sid)).status == "quarantined"
    raw.delete("ttm:ready:0")
    assert await store.sweep() == 0


async def test_a_session_without_work_is_never_suspected(store, raw):
    sid, _ = await opened_session(store)
    assert [await owner_died(store, raw, sid) for _ in range(5)] == [0] * 5


async def test_a_question_is_work_too(store, raw):
    sid, _ = await opened_session(store)
    await store.ask(sid, "timeline", {}, 30.0)
    await owner_died(store, raw, sid)
    assert await owner_died(store, raw, sid) == 1


async def test_a_commit_a_passed_trial_and_another_memory_clear_of_suspicion(store, raw):
    sid, _ = await opened_session(store, 3)
    for clear in ("commit", "pass", "replace"):
        await owner_died(store, raw, sid)
        assert await owner_died(store, raw, sid, tried=True) >= 1
        acquired = await store.acquire(sid, "a", 30.0)
        assert acquired.crashes == 2
        if clear == "commit":
            assert await store.begin_trial(sid, acquired.fence, 30.0)
            await store.commit(sid, acquired.fence, 0, 1, state_at(1), [])
        elif clear == "pass":
            assert await store.pass_trial(sid, acquired.fence, 30.0)
        else:
            await store.replace_state(sid, state_at(1))
        assert (await store.acquire(sid, "a", 30.0)).crashes == 0
        raw.delete(f"ttm:{{{sid}}}:lease")


async def test_a_release_hands_the_suspicion_on_while_there_is_work(store, raw):
    sid, _ = await opened_session(store, 1)
    await owner_died(store, raw, sid)
    acquired = await store.acquire(sid, "a", 30.0)
    await store.release(sid, acquired.fence)
    acquired = await store.acquire(sid, "b", 30.0)
    assert acquired.crashes == 1
    await store.commit(sid, acquired.fence, 0, 1, state_at(1), [])
    await store.release(sid, acquired.fence)
    assert (await store.acquire(sid, "c", 30.0)).crashes == 0


async def test_after_its_time_a_session_has_one_more_trial(store, raw):
    sid, _ = await opened_session(store, 1)
    for tried in (False, True, True):
        await owner_died(store, raw, sid, tried)
    with pytest.raises(Quarantined):
        await store.acquire(sid, "a", 30.0)
    raw.hset(f"ttm:{{{sid}}}:meta", "quarantined_until", 1)
    assert await store.sweep() == 1
    assert await owner_died(store, raw, sid, tried=True) == 3
    with pytest.raises(Quarantined):
        await store.acquire(sid, "a", 30.0)


async def test_a_memory_that_was_put_in_place_ends_the_quarantine(store, raw):
    sid, _ = await opened_session(store, 1)
    for tried in (False, True, True):
        await owner_died(store, raw, sid, tried)
    with pytest.raises(Quarantined):
        await store.acquire(sid, "a", 30.0)
    await store.replace_state(sid, state_at(1))
    assert (await store.acquire(sid, "a", 30.0)).crashes == 0


# --- whole processes ------------------------------------------------------------------------------


@pytest.fixture
def fleet(clean_server, settings, tmp_path):
    with Fleet(clean_server.url, settings, tmp_path / "workers.log") as fleet:
        yield fleet
        print((tmp_path / "workers.log").read_text()[-6000:])


def poisoned(kind: str) -> Chunk:
    if kind == "step":
        return chunk(POISON_AT, audio=KILL_STEP)
    if kind == "decode":
        return chunk(POISON_AT, video=[Picture((POISON_AT - 1) * 0.5, jpeg(KILL_COLOUR))])
    return chunk(POISON_AT)


@pytest.mark.parametrize("kind", ["step", "decode", "question"])
async def test_who_ends_the_worker_is_set_aside_and_harms_no_other(store, settings, fleet, kind):
    healthy = [await opened_session(store, BACKLOG) for _ in range(15)]
    poison, opened = await opened_session(store, POISON_AT - 1)
    if kind == "question":
        await fleeting_ask(store, poison)
        asked = None
    else:
        await send(store, poison, opened, [poisoned(kind), chunk(POISON_AT + 1)])
        asked = await store.ask(poison, "question", {"question": "what?"}, 60.0)
    fleet.start()
    async with fleet.kept_running():
        await until_status(store, poison, "quarantined")
        for sid, _ in healthy:
            await until_applied(store, sid, BACKLOG)
    # It may die once more than it takes, where the poison was not the first uncommitted chunk.
    assert fleet.starts - 1 <= settings.quarantine_after + 1
    for sid, _ in healthy:
        assert (await store.session(sid)).status != "quarantined"
        assert (await store.read_state(sid)).memory == expected(BACKLOG)
    assert (await store.session(poison)).applied_seq == POISON_AT - 1
    assert (await store.read_state(poison)).memory == expected(POISON_AT - 1)
    if asked is not None:
        reply = await store.wait_reply(poison, asked, 20.0)
        assert (reply.body, reply.error_code) == (None, "quarantined")


async def test_a_slow_sense_that_ends_the_worker_is_its_sessions_fault(
    store, settings, clean_server, tmp_path
):
    """The sound of chunk 6 is in the job that chunk 10 adds."""
    log = tmp_path / "workers.log"
    healthy = [await opened_session(store, BACKLOG) for _ in range(3)]
    poison, opened = await opened_session(store, POISON_AT - 1)
    later = [chunk(seq) for seq in range(POISON_AT + 1, 17)]
    await send(store, poison, opened, [chunk(POISON_AT, audio=KILL_SLOW), *later])
    with Fleet(clean_server.url, settings, log, slow=1) as fleet:
        fleet.start()
        async with fleet.kept_running():
            await until_status(store, poison, "quarantined")
            for sid, _ in healthy:
                await until_applied(store, sid, BACKLOG, 60)
    for sid, _ in healthy:
        assert (await store.session(sid)).status != "quarantined"
        right = expected_slow([chunk(seq) for seq in range(1, BACKLOG + 1)])
        assert (await store.read_state(sid)).memory == right
    assert POISON_AT < (await store.session(poison)).applied_seq < 14


async def fleeting_ask(store, sid):
    """A question that ends whoever answers it."""
    await store.ask(sid, "question", {"question": KILL_QUESTION}, 60.0)


async def test_workers_killed_at_random_put_nobody_in_quarantine(store, fleet, tmp_path):
    sessions = [await opened_session(store) for _ in range(6)]
    dice = random.Random(11)
    sent = dict.fromkeys((sid for sid, _ in sessions), 0)
    done = asyncio.Event()

    async def stream(sid, opened):
        while not done.is_set():
            one = chunk(sent[sid] + 1)
            result = await store.ingest(sid, opened.connection, one, encode_chunk(one))
            sent[sid] += result.status is IngestStatus.STORED
            await asyncio.sleep(0.03)

    for _ in range(2):
        fleet.start()
    streams = [asyncio.create_task(stream(*session)) for session in sessions]
    for _ in range(KILLS):
        async with asyncio.timeout(60):
            while (tmp_path / "workers.log").read_bytes().count(b' ready"') < fleet.starts:
                await asyncio.sleep(0.02)
        await asyncio.sleep(dice.uniform(0.0, 0.6))
        fleet.kill(dice.randrange(2))
        fleet.restart_ended()
        for sid, _ in sessions:
            assert (await store.session(sid)).status != "quarantined"
    done.set()
    await asyncio.gather(*streams)
    for sid, last in sent.items():
        await until_applied(store, sid, last, 60)
        assert (await store.read_state(sid)).memory == expected(last)
