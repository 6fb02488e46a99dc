"""When a commit is due, as a table; and that the small pieces of a worker hold."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttm_server.scheduler import Scheduler
from ttm_server.store.state_fields import PACKED, pack, unpack
from ttm_server.worker.commit_policy import CommitPolicy, Reason, Uncommitted
from ttm_server.worker.gate import Gate

POLICY = CommitPolicy(every_steps=8, every_s=2.0)


def left(**changes):
    fields = {
        "steps": 1,
        "age_s": 0.1,
        "noticed": False,
        "asked": False,
        "quiet_s": 0.1,
        "chunk_s": 0.5,
    }
    return Uncommitted(**(fields | changes))


@pytest.mark.parametrize(
    ("uncommitted", "reason"),
    [
        (left(), None),
        (left(steps=0, age_s=99.0, asked=True, quiet_s=99.0), None),
        (left(steps=7), None),
        (left(steps=8, quiet_s=None), Reason.STEPS),
        (left(age_s=1.99, quiet_s=None), None),
        (left(age_s=2.0, quiet_s=None), Reason.AGE),
        (left(asked=True, quiet_s=None), Reason.ASKED),
        (left(noticed=True), Reason.NOTICED),
        (left(noticed=True, quiet_s=None), None),  # more is coming: one commit for all of it
        (left(quiet_s=0.74), None),
        (left(quiet_s=0.75), Reason.QUIET),
        (left(quiet_s=0.75, chunk_s=2.0), None),
    ],
)
def test_when_a_commit_is_due(uncommitted, reason):
    assert POLICY.due(uncommitted) is reason


@pytest.mark.parametrize(("capacity", "steps"), [(2, 1), (3, 1), (8, 4), (64, 8)])
def test_uncommitted_chunks_leave_room_in_the_input(capacity, steps):
    assert CommitPolicy.within(8, 1.0, capacity).every_steps == steps


# --- scheduler: questions -------------------------------------------------------------------------


def test_who_is_asked_goes_first_in_half_of_the_room():
    scheduler = Scheduler(4)
    scheduler.schedule(["d", "e", "f"])
    assert scheduler.schedule("abcdef", {"d", "e", "f"}) == ["d", "e", "a", "b"]


def test_where_a_batch_is_one_session_questions_take_every_other_round():
    scheduler = Scheduler(1)
    order = [scheduler.schedule("abz", {"z"})[0] for _ in range(6)]
    assert order.count("z") in (3, 4)
    assert {"a", "b"} < set(order)


@given(
    asked=st.lists(st.sets(st.sampled_from("abcdefz")), min_size=8, max_size=40),
    size=st.integers(1, 4),
)
def test_however_much_is_asked_nobody_starves(asked, size):
    scheduler = Scheduler(size)
    waited = 0
    for one in asked:
        chosen = scheduler.schedule("abcdefz", one - {"z"})
        assert len(chosen) == len(set(chosen)) == size
        waited = 0 if "z" in chosen else waited + 1
        assert waited <= 2 * 7


def test_shares_are_equal_also_where_batches_and_sessions_do_not_match():
    scheduler = Scheduler(4)
    steps = Counter(sid for _ in range(130) for sid in scheduler.schedule("abcdefghijklm"))
    assert set(steps.values()) == {40}


# --- packing --------------------------------------------------------------------------------------


@given(data=st.binary(max_size=300), zeros=st.integers(0, 20_000), looks_packed=st.booleans())
def test_a_packed_memory_comes_back_bit_for_bit(data, zeros, looks_packed):
    memory = (PACKED if looks_packed else b"") + data + bytes(zeros)
    stored = pack(memory)
    assert unpack(stored) == memory
    assert len(stored) <= len(memory) + 64


@pytest.mark.parametrize("damage", [slice(0, -1), slice(0, 40)])
def test_a_damaged_packed_memory_is_refused(damage):
    with pytest.raises(ValueError, match="memory"):
        unpack(pack(bytes(range(256)) * 64)[damage])


# --- gate -----------------------------------------------------------------------------------------


async def test_who_is_alone_waits_for_those_inside_and_keeps_others_out():
    gate, order, leave = Gate(), [], asyncio.Event()

    async def passes(name):
        async with gate.passing():
            order.append(name)
            await leave.wait()

    async def is_alone():
        async with gate.alone():
            order.append("alone")
            await asyncio.sleep(0)
            order.append("still alone")

    inside = [asyncio.create_task(passes("a")), asyncio.create_task(passes("b"))]
    await asyncio.sleep(0)
    alone = asyncio.create_task(is_alone())
    await asyncio.sleep(0)
    late = asyncio.create_task(passes("late"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert order == ["a", "b"]
    leave.set()
    await asyncio.gather(*inside, alone, late)
    assert order == ["a", "b", "alone", "still alone", "late"]
