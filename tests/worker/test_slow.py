"""Slow senses beside the steps: what they find enters at its chunk, whoever works it, and when."""

import asyncio
import base64
import random
import threading
from dataclasses import replace

import pytest

from chain import Chain, ChainEngine, Fold, dumped, loaded, slow_senses
from ttm_model.slow import LAG_S, Job
from ttm_protocol.errors import StoreUnavailable
from ttm_protocol.messages import Gap
from ttm_server.store import SessionState
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.worker import Worker
from worker.streams import (
    chunk,
    crashed_at_the_end,
    expected_slow,
    jpeg,
    opened_session,
    picture,
    send,
    until_applied,
    working,
)


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "idle_release_s": 0.3,
            "commit_every_steps": 3,
            "commit_every_s": 0.2,
            "input_capacity_chunks": 64,
        }
    )


@pytest.fixture
def clean_server(clean_valkey):
    """One kind of server: what is tested is the worker."""
    return clean_valkey


def seen_and_heard(seq, **changes):
    """A chunk with sound, and with a picture of its own in two of three."""
    dice = random.Random(seq)
    colour = tuple(dice.randrange(256) for _ in range(3))
    video = [picture(seq, jpeg(colour))] if seq % 3 else []
    return chunk(seq, **({"video": video, "audio": dice.randbytes(16_000)} | changes))


CHUNKS = [seen_and_heard(seq) for seq in range(1, 41)]


def lab_engine(delay_s=lambda job: 0.0, **options):
    return ChainEngine(slow_senses(delay_s, **options))


async def memory_of(store, sid):
    return (await store.read_state(sid)).memory


async def input_of(store, sid):
    return [seq for seq, _ in await store.read_kept(sid, 10_000, 1000)]


async def until_flushed(raw, sid, seq, timeout_s=20):
    async with asyncio.timeout(timeout_s):
        while raw.hget(f"ttm:{{{sid}}}:meta", "flushed") != str(seq):
            await asyncio.sleep(0.02)


async def until(condition, timeout_s=20):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


# --- findings enter at their step -----------------------------------------------------------------


async def test_state_is_the_fold_over_chunks_and_findings_however_long_these_take(store, settings):
    for delay_s in (lambda job: 0.0, lambda job: random.uniform(0.0, 0.03)):
        sid, opened = await opened_session(store)
        async with working(Worker(store, lab_engine(delay_s), settings)):
            await send(store, sid, opened, CHUNKS)
            await until_applied(store, sid, 40)
        assert await memory_of(store, sid) == expected_slow(CHUNKS)
        assert (await store.session(sid)).gaps == []


async def test_each_finding_is_of_its_own_media(store, settings):
    """Two streams that differ in one sample, four chunks before its finding enters."""
    sid, opened = await opened_session(store)
    sound = bytearray(CHUNKS[1].audio)
    sound[-1] ^= 1
    other = [CHUNKS[0], seen_and_heard(2, audio=bytes(sound)), *CHUNKS[2:12]]
    engine = lab_engine()
    async with working(Worker(store, engine, settings)):
        await send(store, sid, opened, other)
        await until_applied(store, sid, 12)
    assert await memory_of(store, sid) == expected_slow(other) != expected_slow(CHUNKS[:12])
    speech = engine.senses["speech"].worked
    assert [(job.start_s, job.end_s) for job in speech] == [(0.0, 2.5), (2.5, 5.0)]
    assert {job.due_s - job.end_s for job in speech} == {LAG_S}


async def test_a_finding_that_is_late_holds_its_own_session_and_no_other(store, settings):
    going_on = threading.Event()
    slow_sid, slow_opened = await opened_session(store)
    other_sid, other_opened = await opened_session(store)

    def delay_s(job: Job) -> float:
        assert going_on.wait(30)
        return 0.0

    # Pictures are in the first session's chunks only.
    engine = lab_engine()
    engine.senses["people"].delay_s = delay_s
    deaf = [chunk(seq) for seq in range(1, 31)]
    async with working(Worker(store, engine, settings)) as worker:
        await send(store, slow_sid, slow_opened, CHUNKS[:20])
        await send(store, other_sid, other_opened, deaf)
        await until_applied(store, other_sid, 30)
        # The first picture is of chunk 1, which ends at 0.5 s: due with the chunk that ends at 2.5.
        await until_applied(store, slow_sid, 4)
        await asyncio.sleep(0.3)
        assert worker.live[slow_sid].applied == 4
        going_on.set()
        await until_applied(store, slow_sid, 20)
    assert await memory_of(store, slow_sid) == expected_slow(CHUNKS[:20])
    assert await memory_of(store, other_sid) == expected_slow(deaf)


async def test_sessions_take_turns_at_a_slow_sense(store, settings):
    """A session with a long line of jobs does not keep a later one waiting for all of them."""
    engine = lab_engine(lambda job: 0.05)
    first, first_opened = await opened_session(store)
    second, second_opened = await opened_session(store)
    many = [seen_and_heard(seq, audio=None, d=0.1, t=(seq - 1) * 0.1) for seq in range(1, 20)]
    order = []
    engine.senses["people"].delay_s = lambda job: order.append(job) or 0.05
    async with working(Worker(store, engine, settings)):
        await send(store, first, first_opened, many)
        await until(lambda: order)
        await send(
            store, second, second_opened, [seen_and_heard(1, t=500.0, video=[picture(1001)])]
        )
        await until(lambda: any(job.start_s == 500.0 for job in order))
    place = [job.start_s for job in order].index(500.0)
    assert place < 10


async def test_a_sense_that_raises_costs_its_finding_and_a_gap_each(store, settings, caplog):
    sid, opened = await opened_session(store)
    metrics = WorkerMetrics()
    engine = lab_engine(breaks_at=range(1000))
    async with working(Worker(store, engine, settings, metrics)):
        await send(store, sid, opened, CHUNKS[:20])
        await until_applied(store, sid, 20)
    gaps = (await store.session(sid)).gaps
    assert Gap(0.0, 2.5, "speech_error") in gaps
    assert {gap.reason for gap in gaps} == {"speech_error", "people_error", "reading_error"}
    assert (await memory_of(store, sid)) != expected_slow(CHUNKS[:20])
    assert loaded(await memory_of(store, sid)).count == 20
    raised = [record for record in caplog.records if "failed; such jobs" in record.message]
    assert len(raised) == 3
    value = metrics.registry.get_sample_value
    labels = {"sense": "people", "reason": "error"}
    assert value("ttm_slow_left_out_total", labels) >= 10
    assert value("ttm_slow_seconds_count", {"sense": "speech"}) >= 3


async def test_an_undecodable_picture_is_seen_by_no_sense(store, settings):
    sid, opened = await opened_session(store)
    broken = picture(2, picture(2).data[:200])
    chunks = [CHUNKS[0], chunk(2, video=[broken]), *CHUNKS[2:10]]
    engine = lab_engine()
    async with working(Worker(store, engine, settings)):
        await send(store, sid, opened, chunks)
        await until_applied(store, sid, 10)
    assert [gap.reason for gap in (await store.session(sid)).gaps] == ["bad_picture"]
    assert all(job.start_s != 0.5 for job in engine.senses["people"].worked)


async def test_words_are_told_as_events(store, settings):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:10])
        await until_applied(store, sid, 10)
        progress = await store.progress(sid, opened.connection, opened.last_event_id)
    (said,) = [event for event in progress.events if event.modality == "speech"]
    assert (said.start_s, said.end_s, said.seq) == (0.0, 2.5, 9)
    assert len(said.label) == 24


# --- another worker goes on -----------------------------------------------------------------------


async def test_the_next_owner_works_what_was_pending_again_to_the_same_state(store, settings):
    for last in (4, 7, 11, 18):
        sid, opened = await opened_session(store)
        async with crashed_at_the_end(Worker(store, lab_engine(), settings)):
            await send(store, sid, opened, CHUNKS[:last])
            await until_applied(store, sid, last)
        async with working(Worker(store, lab_engine(lambda job: 0.01), settings)):
            await send(store, sid, opened, CHUNKS[last:25])
            await until_applied(store, sid, 25)
        assert await memory_of(store, sid) == expected_slow(CHUNKS[:25])
        assert (await store.session(sid)).gaps == []


async def test_a_release_with_pending_jobs_loses_nothing(store, settings):
    sid, opened = await opened_session(store)
    for first in range(0, 30, 6):
        async with working(Worker(store, lab_engine(), settings)):
            await send(store, sid, opened, CHUNKS[first : first + 6])
            await until_applied(store, sid, first + 6)
    assert await memory_of(store, sid) == expected_slow(CHUNKS[:30])


async def test_input_is_kept_for_ten_seconds_and_no_longer(store, settings, raw):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS)
        await until_applied(store, sid, 40)
    # 40 chunks end at 20 s; the first one that ends after 10 s is chunk 21.
    assert await input_of(store, sid) == list(range(21, 41))


async def test_kept_chunks_are_no_waiting_ones(store, settings, raw):
    """Neither credits nor the sweep count them, and none is stepped again."""
    few = settings.model_copy(update={"input_capacity_chunks": 4})
    sid, opened = await opened_session(store)
    engine = lab_engine()
    async with working(Worker(store, engine, few)):
        await send(store, sid, opened, CHUNKS)
        await until_applied(store, sid, 40)
    assert len(await input_of(store, sid)) == 20
    info = await store.session(sid)
    assert (info.durable_seq, info.applied_seq) == (40, 40)
    raw.delete("ttm:ready:0")
    assert await store.sweep() == 0
    assert await store.read_chunks(sid, 40, 10) == []
    assert await memory_of(store, sid) == expected_slow(CHUNKS)


async def test_a_worker_without_slow_senses_keeps_no_input(store, settings, raw):
    sid, opened = await opened_session(store)
    async with working(Worker(store, ChainEngine(), settings)):
        await send(store, sid, opened, CHUNKS[:12])
        await until_applied(store, sid, 12)
    assert await input_of(store, sid) == []


async def test_more_bytes_than_may_be_kept_are_a_gap_for_every_owner(
    store, settings, raw, monkeypatch
):
    """The same jobs come to nothing whether one worker or many did the work."""
    monkeypatch.setattr("ttm_server.worker.history.MAX_KEPT_BYTES", 100_000)
    states = []
    for every in (25, 3):
        sid, opened = await opened_session(store)
        for first in range(0, 24, every):
            async with working(Worker(store, lab_engine(), settings)):
                await send(store, sid, opened, CHUNKS[first : min(24, first + every)])
                await until_applied(store, sid, min(24, first + every))
        states.append((await memory_of(store, sid), (await store.session(sid)).gaps))
        assert raw.memory_usage(f"ttm:{{{sid}}}:in") < 150_000
    assert states[0] == states[1]
    assert {gap.reason for gap in states[0][1]} == {"speech_missing"}


# --- memories that were put in place --------------------------------------------------------------


async def test_a_fork_reports_the_media_that_it_does_not_have(store, settings):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:11])
        await until_applied(store, sid, 11)
    told = loaded(await memory_of(store, sid))
    assert told.jobs
    assert told.open_s is not None
    states = []
    for every in (20, 2):  # by one owner, and by one after the other
        fork = (await store.fork_session(sid)).session_id
        opened = await store.open_stream(fork)
        for first in range(11, 31, every):
            async with working(Worker(store, lab_engine(), settings)):
                await send(store, fork, opened, CHUNKS[first : first + every])
                await until_applied(store, fork, first + every)
        states.append((await memory_of(store, fork), (await store.session(fork)).gaps))
    assert states[0] == states[1]
    missing = {(gap.t0, gap.t1, gap.reason) for gap in states[0][1]}
    # What had been said by chunk 10, and what went on across the fork.
    assert (2.5, 7.5, "speech_missing") in missing or (2.5, 5.0, "speech_missing") in missing
    assert any(reason == "people_missing" for _, _, reason in missing)
    assert all(begin < 5.5 for begin, _, _ in missing)


async def test_a_memory_that_was_put_in_place_gets_none_of_the_old_ones_media(store, settings, raw):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:11])
        await until_applied(store, sid, 11)
    # Its jobs lie where this session has media of its own.
    jobs = (Job("speech", 0, 3.0, 5.0, 7.0), Job("people", 1, 4.5, 4.5, 6.5))
    imported = Chain(jobs=jobs, number=2, clock_s=5.5)
    await store.replace_state(
        sid,
        SessionState(seq=0, memory=dumped(imported), media_s=5.5, gaps=[], model={}, shape={}),
    )
    assert await input_of(store, sid) == []
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[11:30])
        await until_applied(store, sid, 30)
    fold = Fold(imported)
    for one in CHUNKS[11:30]:
        fold.chunk(one)
    assert await memory_of(store, sid) == dumped(fold.state)
    assert sorted((await store.session(sid)).gaps, key=repr) == sorted(fold.gaps, key=repr)
    assert len(fold.gaps) == 2


# --- the end of a stream --------------------------------------------------------------------------


async def test_the_end_of_a_stream_is_taken_in_once_and_no_input_stays(store, settings, raw):
    for last in (3, 12, 15):
        sid, opened = await opened_session(store)
        async with working(Worker(store, lab_engine(lambda job: 0.01), settings)):
            await send(store, sid, opened, CHUNKS[:last])
            await until_applied(store, sid, last)
            await store.close_stream(sid, opened.connection, ended=True)
            await until_flushed(raw, sid, last)
        assert await memory_of(store, sid) == expected_slow(CHUNKS[:last], ends=[last])
        assert await input_of(store, sid) == []
        info = await store.session(sid)
        assert (info.status, info.applied_seq, info.gaps) == ("ended", last, [])
        raw.delete("ttm:ready:0")
        assert await store.sweep() == 0


async def test_a_stream_that_is_taken_up_again_goes_on_from_its_end(store, settings, raw):
    sid, opened = await opened_session(store)
    ends = (7, 8, 22, 30)
    async with working(Worker(store, lab_engine(lambda job: 0.005), settings)):
        first = 0
        for last in ends:
            await send(store, sid, opened, CHUNKS[first:last])
            await until_applied(store, sid, last)
            await store.close_stream(sid, opened.connection, ended=True)
            await until_flushed(raw, sid, last)
            opened = await store.open_stream(sid)
            first = last
    assert await memory_of(store, sid) == expected_slow(CHUNKS[:30], ends)
    assert loaded(await memory_of(store, sid)).flushes == ends


async def test_another_worker_is_found_for_the_end(store, settings, raw):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
    for lose_the_hint in (False, True):
        await store.close_stream(sid, opened.connection, ended=True)
        if lose_the_hint:
            raw.delete("ttm:ready:0")
            assert await store.sweep() == 1
        async with working(Worker(store, lab_engine(), settings)):
            await until_flushed(raw, sid, 7)
        assert await memory_of(store, sid) == expected_slow(CHUNKS[:7], [7])
        opened = await store.open_stream(sid)
        raw.hdel(f"ttm:{{{sid}}}:meta", "flushed")


async def test_a_stream_that_goes_on_before_its_end_was_taken_in_has_none(store, settings, raw):
    """The last words are being found when the next chunk comes."""
    sid, opened = await opened_session(store)
    going_on, asked = threading.Event(), threading.Event()
    engine = lab_engine()

    def delay_s(job: Job) -> float:
        if (job.start_s, job.end_s) == (2.5, 3.5):
            asked.set()
            assert going_on.wait(30)
        return 0.0

    engine.senses["speech"].delay_s = delay_s
    async with working(Worker(store, engine, settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
        await store.close_stream(sid, opened.connection, ended=True)
        await until(asked.is_set)
        opened = await store.open_stream(sid)
        await send(store, sid, opened, CHUNKS[7:9])
        going_on.set()
        await until_applied(store, sid, 9)
    assert await memory_of(store, sid) == expected_slow(CHUNKS[:9])


async def test_the_next_owner_takes_an_end_in_that_was_left_half_way(store, settings, raw):
    sid, opened = await opened_session(store)
    engine, begun, going_on = lab_engine(), threading.Event(), threading.Event()

    def delay_s(job: Job) -> float:
        if job.due_s == job.end_s:  # of the end
            begun.set()
            going_on.wait(30)
        return 0.0

    engine.senses["speech"].delay_s = delay_s
    async with crashed_at_the_end(Worker(store, engine, settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
        await store.close_stream(sid, opened.connection, ended=True)
        await until(begun.is_set)
        going_on.set()
    async with working(Worker(store, lab_engine(), settings)):
        await until_flushed(raw, sid, 7)
        opened = await store.open_stream(sid)
        await send(store, sid, opened, CHUNKS[7:16])
        await until_applied(store, sid, 16)
    assert await memory_of(store, sid) == expected_slow(CHUNKS[:16], [7])


async def test_a_question_after_the_end_is_answered_with_the_last_words(store, settings):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(lambda job: 0.05), settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
        await store.close_stream(sid, opened.connection, ended=True)
        ask_id = await store.ask(sid, "question", {"question": "?"}, 20.0)
        reply = await store.wait_reply(sid, ask_id, 20.0)
    assert reply.body["answer"] == expected_slow(CHUNKS[:7], [7]).hex()


async def test_a_flush_whose_answer_was_lost_is_no_second_one(store, settings, raw, monkeypatch):
    sid, opened = await opened_session(store)
    really, tried = store.flush, []

    async def flush(*args):
        tried.append(await really(*args))
        if len(tried) == 1:
            raise StoreUnavailable("the answer was lost")
        return tried[-1]

    monkeypatch.setattr(store, "flush", flush)
    monkeypatch.setattr("ttm_server.worker.changes.RETRY_S", 0.01)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
        await store.close_stream(sid, opened.connection, ended=True)
        await until(lambda: len(tried) == 2)
        opened = await store.open_stream(sid)
        await send(store, sid, opened, CHUNKS[7:14])
        await until_applied(store, sid, 14)
    assert [one.value for one in tried] == ["committed", "already"]
    assert await memory_of(store, sid) == expected_slow(CHUNKS[:14], [7])


async def test_an_engine_that_fails_at_the_end_costs_the_last_words_and_a_gap(store, settings, raw):
    sid, opened = await opened_session(store)
    engine = lab_engine()

    def flush(state):
        raise RuntimeError("secret detail")

    engine.flush = flush
    async with working(Worker(store, engine, settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
        await store.close_stream(sid, opened.connection, ended=True)
        ask_id = await store.ask(sid, "question", {"question": "?"}, 20.0)
        reply = await store.wait_reply(sid, ask_id, 20.0)
    assert reply.body["answer"] == expected_slow(CHUNKS[:7]).hex()
    assert [gap.reason for gap in (await store.session(sid)).gaps] == ["engine_error"]
    assert await input_of(store, sid) == []


async def test_a_memory_that_cannot_be_read_waits_for_no_flush(store, settings, raw):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:7])
        await until_applied(store, sid, 7)
    foreign = SessionState(seq=0, memory=b"other", media_s=0.0, gaps=[], model={}, shape={})
    await store.replace_state(sid, foreign)
    await store.close_stream(sid, opened.connection, ended=True)
    async with working(Worker(store, lab_engine(), settings)):
        await until_flushed(raw, sid, 7)
    raw.delete("ttm:ready:0")
    assert await store.sweep() == 0
    assert await memory_of(store, sid) == b"other"


# --- questions that change the memory -------------------------------------------------------------


async def asked(store, sid, kind, body):
    ask_id = await store.ask(sid, kind, body, 20.0)
    return await store.wait_reply(sid, ask_id, 20.0)


async def test_what_is_taught_is_committed_with_the_reply_and_goes_on(store, settings):
    sid, opened = await opened_session(store)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:10])
        taught = await asked(store, sid, "teach", {"name": "cup"})
        assert taught.body == {"things": ["cup@5.0"]}
        assert loaded(await memory_of(store, sid)).things == ("cup@5.0",)
        await send(store, sid, opened, CHUNKS[10:20])
        await asked(store, sid, "teach", {"name": "key", "since_s": 1.0, "until_s": 2.0})
        gone = await asked(store, sid, "forget", {"name": "cup"})
        assert gone.body == {"things": ["key@10.0"]}
        assert (await asked(store, sid, "things", {})).body == {"things": ["key@10.0"]}
        words = await asked(store, sid, "words", {"since_s": 1.0})
        assert words.body == {"count": 20, "since_s": 1.0, "until_s": None}
    fold = Fold()
    for one in CHUNKS[:20]:
        fold.chunk(one)
    assert await memory_of(store, sid) == dumped(replace(fold.state, things=("key@10.0",)))


async def test_what_cannot_be_learnt_is_told_with_its_field(store, settings):
    sid, _ = await opened_session(store, chunks=2)
    async with working(Worker(store, lab_engine(), settings)):
        reply = await asked(store, sid, "teach", {"name": "nothing"})
    assert (reply.body, reply.error_code, reply.error_field) == (None, "bad_request", "name")


async def test_a_teaching_whose_answer_was_lost_is_no_second_one(store, settings, monkeypatch):
    sid, opened = await opened_session(store)
    really, tried = store.commit_ask, []

    async def commit_ask(*args):
        tried.append(await really(*args))
        if len(tried) == 1:
            raise StoreUnavailable("the answer was lost")
        return tried[-1]

    monkeypatch.setattr(store, "commit_ask", commit_ask)
    monkeypatch.setattr("ttm_server.worker.changes.RETRY_S", 0.01)
    async with working(Worker(store, lab_engine(), settings)):
        await send(store, sid, opened, CHUNKS[:4])
        await asked(store, sid, "teach", {"name": "cup"})
        await send(store, sid, opened, CHUNKS[4:9])
        await until_applied(store, sid, 9)
    assert [one.value for one in tried] == ["committed", "already"]
    assert loaded(await memory_of(store, sid)).things == ("cup@2.0",)


async def test_a_teaching_that_nobody_waits_for_any_more_changes_nothing(store, settings, raw):
    sid, opened = await opened_session(store)
    engine, taught = lab_engine(), threading.Event()
    really = engine.teach

    def teach(state, teaching):
        raw.delete(f"ttm:{{{sid}}}:asks")
        taught.set()
        return really(state, teaching)

    engine.teach = teach
    async with working(Worker(store, engine, settings)):
        await send(store, sid, opened, CHUNKS[:3])
        await store.ask(sid, "teach", {"name": "cup"}, 20.0)
        await until(taught.is_set)
        await send(store, sid, opened, CHUNKS[3:9])
        await until_applied(store, sid, 9)
    assert await memory_of(store, sid) == expected_slow(CHUNKS[:9])


async def test_a_picture_in_a_question_reaches_the_engine(store, settings):
    sid, _ = await opened_session(store, chunks=1)
    engine, told = lab_engine(), []
    really = engine.answer
    engine.answer = lambda state, asking: told.append(asking.picture) or really(state, asking)
    encoded = base64.b64encode(jpeg((250, 10, 10), (2000, 1000))).decode()
    async with working(Worker(store, engine, settings)):
        reply = await asked(store, sid, "question", {"question": "seen?", "picture": encoded})
        assert reply.error_code is None
        for bad in (encoded[:400], "@@", base64.b64encode(b"GIF89a").decode()):
            reply = await asked(store, sid, "question", {"question": "seen?", "picture": bad})
            assert (reply.error_code, reply.error_field) == ("bad_request", "picture")
            assert reply.error_message.startswith("picture: ")
    (pixels,) = told
    assert pixels.shape == (640, 1280, 3)
    assert abs(pixels.mean(axis=(0, 1)) - [250, 10, 10]).max() < 6
