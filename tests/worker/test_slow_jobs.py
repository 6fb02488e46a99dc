"""What of a job's media is there, and what is kept for it: the same for every owner."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ttm_model.chunk import ChunkMedia
from ttm_model.slow import KEPT_S, LAG_S, Job
from ttm_protocol.messages import encode_chunk
from ttm_server.media import DecodedChunk, job_media
from ttm_server.worker import history
from ttm_server.worker.slow_jobs import Outcome, SlowJobs
from worker.streams import chunk

SENSES = ("speech", "people")
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]  # it takes minutes


def decoded(seq, start_s, duration_s=0.5, samples=80):
    audio = np.full(samples, seq, "<i2").tobytes()
    payload = encode_chunk(chunk(seq, t=start_s, d=duration_s, audio=audio))
    return DecodedChunk(seq, ChunkMedia(start_s, duration_s), (), payload=payload)


def finish(works):
    for work in works:
        work.finish(Outcome(work.job, job_media(work.job, payloads(work)).audio.tobytes()))


def payloads(work):
    return [one.payload for one in work.part.chunks]


def speech(number, start_s, end_s, due_s=None):
    return Job("speech", number, start_s, end_s, end_s + LAG_S if due_s is None else due_s)


@dataclass
class Stream:
    """Chunks and the jobs that each of them adds, as an engine might."""

    chunks: list[DecodedChunk]
    added: list[list[Job]]

    def run(self, slow, pending, first, told, kept_at=None):
        """Go on from chunk `first` (counted from 0); notes every due outcome in `told`."""
        for place in range(first, len(self.chunks)):
            one = self.chunks[place]
            for outcome in slow.due(one.media.end_s):
                told[outcome.job] = (outcome.fault, outcome.finding)
            pending = [job for job in pending if job.due_s > one.media.end_s]
            pending = pending + self.added[place]
            finish(slow.stepped(one, pending))
            if kept_at is not None:
                kept_at.append((slow.kept(one.seq), list(pending)))


@st.composite
def streams(draw):
    clock_s, chunks, added, number = 0.0, [], [], 0
    for seq in range(1, draw(st.integers(2, 40)) + 1):
        start_s = max(0.0, clock_s + draw(st.sampled_from([0.0, 0.0, 0.0, 0.0, -0.2, 3.0, 40.0])))
        before_s = chunks[-1].media.start_s if chunks else 0.0
        start_s = max(start_s, before_s)
        duration_s = draw(st.sampled_from([0.1, 0.5, 0.5, 2.0]))
        samples = draw(st.sampled_from([0, 80, 8000, round((duration_s + 0.08) * 16_000)]))
        one = decoded(seq, start_s, duration_s, min(samples, round((duration_s + 0.08) * 16_000)))
        own = []
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            end_s = draw(st.sampled_from([clock_s, one.media.end_s, one.media.end_s - 0.05]))
            begin_s = max(0.0, end_s - draw(st.floats(0.1, 7.5)))
            due_s = min(one.media.end_s + LAG_S, begin_s + KEPT_S)
            own.append(speech(number, begin_s, max(begin_s, end_s), due_s))
            number += 1
        clock_s = max(clock_s, one.media.end_s)
        chunks.append(one)
        added.append(own)
    return Stream(chunks, added)


@settings(max_examples=100, deadline=None, phases=NO_SHRINKING)
@given(stream=streams(), most=st.sampled_from([30_000, 100_000, 10**9]), was_put=st.booleans())
def test_whoever_goes_on_from_any_commit_comes_to_the_same(stream, most, was_put):
    before = history.MAX_KEPT_BYTES
    history.MAX_KEPT_BYTES = most
    try:
        begun = None if was_put else ""
        one_owner, kept_at = {}, []
        stream.run(SlowJobs.resumed(SENSES, begun, []), [], 0, one_owner, kept_at)
        for place, (kept, pending) in enumerate(kept_at):
            there = [one for one in stream.chunks[: place + 1] if one.seq >= kept.first]
            assert sum(len(one.payload) for one in there) <= most or len(there) == 1
            next_owner = {}
            slow = SlowJobs.resumed(SENSES, kept.said, there)
            finish(slow.follow(pending))
            stream.run(slow, pending, place + 1, next_owner)
            assert next_owner == {job: one_owner[job] for job in next_owner}
            later = stream.chunks[place + 1 :]
            due = [job for job in pending if any(job.due_s <= one.media.end_s for one in later)]
            assert {job for job in due} <= set(next_owner)
    finally:
        history.MAX_KEPT_BYTES = before


def test_a_job_that_waits_through_a_hole_keeps_its_chunks():
    """Its stream goes on after a long pause: what it needs is far older than ten seconds."""
    slow = SlowJobs(SENSES)
    for seq in range(1, 9):
        slow.stepped(decoded(seq, (seq - 1) * 0.5), [])
    job = speech(0, 2.0, 4.0, due_s=6.0)
    slow.stepped(decoded(9, 1000.0), [job])
    assert slow.kept(9).first == 4  # the chunk that ends where the job begins
    slow.stepped(decoded(10, 1000.5), [])
    assert slow.kept(10).first == 9


def test_what_is_older_than_ten_seconds_goes():
    slow = SlowJobs(SENSES)
    for seq in range(1, 41):
        slow.stepped(decoded(seq, (seq - 1) * 0.5), [])
    assert slow.kept(40).first == 21
    assert slow.kept(40).said == "10.0"


@pytest.mark.parametrize("count", [130, 200])
def test_no_more_chunks_than_may_be_are_kept(count):
    slow = SlowJobs(SENSES)
    for seq in range(1, count + 1):
        slow.stepped(decoded(seq, 5.0, 0.1), [])
    assert slow.kept(count).first == count - history.MAX_KEPT_CHUNKS + 1


def test_a_job_that_reaches_further_back_than_may_be_comes_to_nothing():
    slow = SlowJobs(SENSES)
    for seq in range(1, 21):
        slow.stepped(decoded(seq, (seq - 1) * 0.5), [])
    job = speech(0, 1.0, 3.0, due_s=12.0)
    slow.follow([job])
    (outcome,) = slow.due(12.0)
    assert (outcome.fault, outcome.gaps[0].t0, outcome.gaps[0].t1) == ("speech_missing", 1.0, 3.0)


def test_a_sense_that_this_worker_does_not_have_finds_nothing():
    slow = SlowJobs(["people"])
    slow.stepped(decoded(1, 0.0), [speech(0, 0.0, 0.5)])
    assert [one.fault for one in slow.due(2.5)] == ["speech_missing"]


def test_after_a_memory_was_put_in_place_its_first_chunk_begins_what_is_known():
    slow = SlowJobs.resumed(SENSES, None, [])
    old = speech(0, 49.0, 49.5)
    slow.follow([old])
    assert slow.kept(7).said == "inf 0"
    jobs = [old, speech(1, 48.0, 50.5), speech(2, 49.8, 50.5)]
    finish(slow.stepped(decoded(8, 50.0), jobs))
    assert [one.fault for one in slow.due(60.0)] == ["speech_missing", "speech_missing", None]
    assert slow.kept(8).said == "49.5 0 1"


def test_after_the_end_of_a_stream_nothing_lies_before_what_comes():
    slow = SlowJobs(SENSES)
    slow.stepped(decoded(1, 0.0), [])
    slow.clear()
    assert (slow.kept(1).first, slow.history.from_s) == (2, -math.inf)
    finish(slow.stepped(decoded(2, 0.5), [speech(0, 0.2, 1.0)]))
    (outcome,) = slow.due(9.0)
    assert outcome.fault is None
