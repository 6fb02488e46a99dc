"""The worker's loops against a real server, with an engine whose state is a hash chain."""

import asyncio
import threading

import pytest

from chain import EMPTY, POISON, ChainEngine
from ttm_protocol.answers import Answer, Summary, from_plain
from ttm_protocol.errors import StoreUnavailable
from ttm_server.store import SessionState
from ttm_server.worker.worker import Worker
from worker.streams import (
    chunk,
    crashed_at_the_end,
    expected,
    opened_session,
    picture,
    send,
    until_applied,
    working,
)


async def stored(store, sid):
    acquired = await store.acquire(sid, "test", 1.0)
    assert acquired is not None
    await store.release(sid, acquired.fence)
    return acquired.state


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={"idle_release_s": 0.3, "commit_every_steps": 3, "input_capacity_chunks": 32}
    )


async def test_state_is_the_fold_over_every_chunk(store, settings):
    sid, opened = await opened_session(store)
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, sid, opened, [chunk(seq) for seq in range(1, 41)])
        await until_applied(store, sid, 40)
    state = await stored(store, sid)
    assert state.memory == expected(40)
    assert state.media_s == 20.0


async def test_sessions_are_stepped_in_batches_and_do_not_mix(store, settings):
    sessions = [await opened_session(store) for _ in range(6)]
    for sid, opened in sessions:
        await send(store, sid, opened, [chunk(seq) for seq in range(1, 13)])
    engine = ChainEngine()
    async with working(Worker(store, engine, settings)):
        for sid, _ in sessions:
            await until_applied(store, sid, 12)
    assert max(engine.batches) > 1
    for sid, _ in sessions:
        assert (await stored(store, sid)).memory == expected(12)


async def test_another_worker_goes_on_after_a_crash(store, settings):
    sid, opened = await opened_session(store)
    async with crashed_at_the_end(Worker(store, ChainEngine(), settings)):
        await send(store, sid, opened, [chunk(seq) for seq in range(1, 11)])
        await until_applied(store, sid, 3)
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, sid, opened, [chunk(seq) for seq in range(11, 21)])
        await until_applied(store, sid, 20)
    assert (await stored(store, sid)).memory == expected(20)


async def test_a_bad_picture_costs_its_session_one_gap_and_the_others_nothing(store, settings):
    bad_sid, bad = await opened_session(store)
    good_sid, good = await opened_session(store)
    broken = picture(2).data[:300]
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, bad_sid, bad, [chunk(1), chunk(2, video=[picture(2, broken)]), chunk(3)])
        await send(store, good_sid, good, [chunk(seq) for seq in (1, 2, 3)])
        await until_applied(store, bad_sid, 3)
        await until_applied(store, good_sid, 3)
    info = await store.session(bad_sid)
    assert [(gap.t0, gap.t1, gap.reason) for gap in info.gaps] == [(0.5, 1.0, "bad_picture")]
    assert (await store.session(good_sid)).gaps == []
    assert (await stored(store, bad_sid)).memory == expected(3)


async def test_a_chunk_that_breaks_the_engine_is_left_out_and_reported(store, settings):
    bad_sid, bad = await opened_session(store)
    good_sid, good = await opened_session(store)
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, bad_sid, bad, [chunk(1), chunk(2, audio=POISON), chunk(3)])
        await send(store, good_sid, good, [chunk(seq) for seq in (1, 2, 3)])
        await until_applied(store, bad_sid, 3)
        await until_applied(store, good_sid, 3)
    assert (await stored(store, bad_sid)).memory == expected(3, without=[2])
    assert (await stored(store, good_sid)).memory == expected(3)
    assert [gap.reason for gap in (await store.session(bad_sid)).gaps] == ["engine_error"]


async def test_events_and_gaps_reach_the_connection(store, settings):
    sid, opened = await opened_session(store)
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, sid, opened, [chunk(1), chunk(2)])
        await until_applied(store, sid, 2)
        progress = await store.progress(sid, opened.connection, opened.last_event_id)
    assert [(event.seq, event.label) for event in progress.events] == [(1, "tick"), (2, "tick")]
    assert progress.applied == 2


async def test_a_question_waits_for_every_chunk_that_was_durable_before_it(store, settings):
    sid, opened = await opened_session(store)
    await send(store, sid, opened, [chunk(seq) for seq in range(1, 21)])
    ask_id = await store.ask(sid, "question", {"question": "what?"}, 20.0)
    async with working(Worker(store, ChainEngine(), settings)):
        reply = await store.wait_reply(sid, ask_id, 20.0)
    assert reply.body["answer"] == expected(20).hex()
    assert reply.body["as_of_seq"] == 20
    assert reply.body["gaps"] == []


class TalkingEngine(ChainEngine):
    """Keeps what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def answer(self, state, asking):
        self.asked.append(asking)
        return Answer(question=asking.text, state="answered", answer="yes", confidence=1.0)


async def test_questions_of_a_conversation_are_answered_in_order_and_lean_on_the_one_before(
    store, settings
):
    sid, _ = await opened_session(store, chunks=3)
    words = ["Did you hear a bell?", "When was that?", "And how many times?"]
    ids = [await store.ask(sid, "question", {"question": word}, 20.0, "c") for word in words]
    alone = await store.ask(sid, "question", {"question": "Did you hear a dog?"}, 20.0)
    engine = TalkingEngine()
    async with working(Worker(store, engine, settings)):
        replies = [await store.wait_reply(sid, ask_id, 20.0) for ask_id in [*ids, alone]]
    asked = {asking.text: asking.question for asking in engine.asked}
    assert [asking.text for asking in engine.asked if asking.text in words] == words
    meant = [(asked[word].kind, asked[word].phrase) for word in words]
    assert meant == [("presence", "bell"), ("when", "bell"), ("count", "bell")]
    for reply in replies:
        assert (reply.body["answer"], reply.body["as_of_seq"], reply.body["gaps"]) == ("yes", 3, [])


async def test_a_conversation_goes_on_with_another_worker(store, settings):
    sid, _ = await opened_session(store, chunks=1)
    engine = TalkingEngine()
    for word in ("Did you hear a bell?", "When was that?"):
        ask_id = await store.ask(sid, "question", {"question": word}, 20.0, "c")
        async with working(Worker(store, engine, settings)):
            await store.wait_reply(sid, ask_id, 20.0)
    assert [asking.question.kind for asking in engine.asked] == ["presence", "when"]


async def test_an_engine_is_told_whether_the_stream_is_live_and_when_it_began(store, settings, raw):
    sid, opened = await opened_session(store, chunks=1)
    engine = TalkingEngine()
    meta = f"ttm:{{{sid}}}:meta"
    async with working(Worker(store, engine, settings)):
        await store.wait_reply(sid, await store.ask(sid, "question", {"question": "a"}, 20.0), 20.0)
        began_ms = int(raw.hget(meta, "first_at")) - 9_500
        raw.hset(meta, "first_at", began_ms)
        await send(store, sid, opened, [chunk(2, t=9.5)])
        await store.wait_reply(sid, await store.ask(sid, "question", {"question": "b"}, 20.0), 20.0)
        await store.close_stream(sid, opened.connection, ended=True)
        await store.wait_reply(sid, await store.ask(sid, "question", {"question": "c"}, 20.0), 20.0)
    zero = began_ms / 1000 - 0.5
    told = [(asking.live, asking.wall_zero) for asking in engine.asked]
    assert told == [(True, None), (True, zero), (False, zero)]


async def test_a_reply_that_the_store_did_not_take_is_given_again(store, settings, monkeypatch):
    sid, _ = await opened_session(store, chunks=1)
    taken, refused = store.reply, []

    async def reply(*args):
        if not refused:
            refused.append(args)
            raise StoreUnavailable("away")
        return await taken(*args)

    monkeypatch.setattr(store, "reply", reply)
    ask_id = await store.ask(sid, "question", {"question": "one"}, 20.0, "c")
    async with working(Worker(store, TalkingEngine(), settings)):
        assert (await store.wait_reply(sid, ask_id, 20.0)).body["answer"] == "yes"
    assert refused


async def test_a_session_is_not_let_go_while_it_answers(store, settings, monkeypatch):
    sid, _ = await opened_session(store, chunks=1)
    engine = TalkingEngine()
    taken = store.reply

    async def reply(*args):
        await asyncio.sleep(4 * settings.idle_release_s)
        return await taken(*args)

    monkeypatch.setattr(store, "reply", reply)
    ask_id = await store.ask(sid, "question", {"question": "one"}, 20.0)
    async with working(Worker(store, engine, settings)):
        await store.wait_reply(sid, ask_id, 20.0)
    assert [asking.text for asking in engine.asked] == ["one"]


async def test_an_idle_session_is_acquired_for_a_question_and_released(store, settings):
    sid, opened = await opened_session(store)
    worker = Worker(store, ChainEngine(), settings)
    async with working(worker):
        await send(store, sid, opened, [chunk(1)])
        await until_applied(store, sid, 1)
        async with asyncio.timeout(10):
            while worker.live:
                await asyncio.sleep(0.05)
        ask_id = await store.ask(sid, "timeline", {}, 10.0)
        assert (await store.wait_reply(sid, ask_id, 10.0)).body["events"] == []
        async with asyncio.timeout(10):
            while worker.live:
                await asyncio.sleep(0.05)


async def test_a_summary_is_of_the_time_that_was_asked_for(store, settings):
    sid, _ = await opened_session(store, chunks=2)
    window = {"since_s": 0.25, "until_s": 0.75}
    ask_id = await store.ask(sid, "summary", window, 10.0)
    async with working(Worker(store, ChainEngine(), settings)):
        body = (await store.wait_reply(sid, ask_id, 10.0)).body
    summary = from_plain(body, Summary)
    assert (summary.since_s, summary.until_s) == (0.25, 0.75)


async def test_an_engine_fault_in_a_question_tells_no_detail(store, settings):
    sid, _ = await opened_session(store)
    ask_id = await store.ask(sid, "question", {"question": "break"}, 10.0)
    async with working(Worker(store, ChainEngine(), settings)):
        reply = await store.wait_reply(sid, ask_id, 10.0)
    assert reply.body is None
    assert "secret" not in reply.error_message


async def test_a_state_of_another_model_is_refused_and_left_as_it_is(store, settings):
    sid, opened = await opened_session(store)
    await send(store, sid, opened, [chunk(1)])
    acquired = await store.acquire(sid, "old", 5.0)
    foreign = SessionState(seq=1, memory=b"other", media_s=0.5, gaps=[], model={}, shape={})
    await store.commit(sid, acquired.fence, 0, 1, foreign, [])
    await store.release(sid, acquired.fence)
    ids = [await store.ask(sid, "question", {"question": "what?"}, 10.0, "c") for _ in range(2)]
    async with working(Worker(store, ChainEngine(), settings)):
        replies = [await store.wait_reply(sid, ask_id, 10.0) for ask_id in ids]
    for reply in replies:
        assert reply.error_code == "state_incompatible"
        assert "not a chain" in reply.error_message
    assert (await stored(store, sid)).memory == b"other"


async def test_a_deleted_session_is_let_go_and_no_key_comes_back(store, settings, raw):
    sid, opened = await opened_session(store)
    worker = Worker(store, ChainEngine(), settings)
    async with working(worker):
        await send(store, sid, opened, [chunk(seq) for seq in range(1, 6)])
        await until_applied(store, sid, 1)
        await store.delete_session(sid)
        async with asyncio.timeout(10):
            while worker.live:
                await asyncio.sleep(0.05)
    assert not [key for key in raw.scan_iter() if sid in key]


async def test_a_stopped_worker_has_committed_and_released(store, settings):
    slow = settings.model_copy(update={"commit_every_steps": 1000, "commit_every_s": 60})
    sid, opened = await opened_session(store)
    async with working(Worker(store, ChainEngine(), slow)) as worker:
        await send(store, sid, opened, [chunk(seq) for seq in range(1, 9)])
        async with asyncio.timeout(10):
            while not worker.live or next(iter(worker.live.values())).applied < 8:
                await asyncio.sleep(0.01)
    assert (await store.session(sid)).applied_seq == 8
    assert await store.acquire(sid, "next", 1.0) is not None


async def test_what_was_claimed_before_the_end_is_left_to_others(store, settings, raw, monkeypatch):
    """One session loads and the next one waits for its turn to load, when the worker is stopped."""
    monkeypatch.setattr("ttm_server.worker.worker.TAKES_AT_ONCE", 1)
    engine, going_on = ChainEngine(), threading.Event()
    engine.initial = lambda: going_on.wait(20) and EMPTY
    sids = [(await opened_session(store, chunks=1))[0] for _ in range(2)]
    async with working(Worker(store, engine, settings)) as worker:
        async with asyncio.timeout(20):
            while raw.exists("ttm:ready:0"):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        worker.stop()
        await asyncio.sleep(0.2)
        going_on.set()
    for sid in sids:
        assert await store.acquire(sid, "next", 1.0) is not None


async def test_a_worker_outlives_a_session_that_is_deleted_while_it_is_taken(store, settings):
    """Hints of sessions that are gone, or that never were, cost nothing."""
    gone = (await store.create_session()).session_id
    await store.delete_session(gone)
    await store.mark_ready(gone)
    sid, opened = await opened_session(store)
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, sid, opened, [chunk(1)])
        await until_applied(store, sid, 1)


async def test_a_session_whose_next_chunk_is_gone_costs_the_others_nothing(store, settings, raw):
    broken, opened = await opened_session(store)
    await send(store, broken, opened, [chunk(1), chunk(2), chunk(3)])
    raw.xdel(f"ttm:{{{broken}}}:in", "1-0")
    good, other = await opened_session(store)
    async with working(Worker(store, ChainEngine(), settings)) as worker:
        await send(store, good, other, [chunk(seq) for seq in range(1, 6)])
        await until_applied(store, good, 5)
        await asyncio.sleep(2 * settings.lease_ttl_s)
        await send(store, good, other, [chunk(6)])
        await until_applied(store, good, 6)
        assert not worker._stopping.is_set()
    assert (await store.session(broken)).applied_seq == 0
