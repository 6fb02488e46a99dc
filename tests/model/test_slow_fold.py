"""Slow senses in the fold, with real weights on the demo clip: exact, late by the lag, bounded."""

import itertools
from dataclasses import dataclass, replace
from importlib.resources import as_file, files

import numpy as np
import pytest
import torch

from ttm_client.files import FileSource
from ttm_model.asking import Asking, Teaching
from ttm_model.chunk import ChunkMedia
from ttm_model.engines.lite import LiteEngine
from ttm_model.engines.switches import Switches
from ttm_model.questions.understand import understand
from ttm_model.slow import KEPT_S, LAG_S, Heard, Job, JobMedia, Read, Utterance, Word
from ttm_protocol.errors import CannotTeach, StateIncompatible, ThingNotFound
from ttm_server.media import decode_chunk, decode_picture

FIRST, LAST = 38, 90  # chunks: a sign from 19.2 s, a sentence from 35.8 to 41.1 s


@dataclass(frozen=True)
class Film:
    """Media ready for a step, and for jobs."""

    chunks: list[ChunkMedia]
    pictures: list[tuple[float, np.ndarray]]
    sound: np.ndarray
    starts_s: float

    def for_job(self, job):
        if job.sense == "speech":
            first, last = (
                round((at_s - self.starts_s) * 16_000) for at_s in (job.start_s, job.end_s)
            )
            return JobMedia(audio=self.sound[first:last])
        return JobMedia(picture=min(self.pictures, key=lambda row: abs(row[0] - job.start_s))[1])


@pytest.fixture(scope="module")
def engine():
    return LiteEngine("cpu", threads=1)


@pytest.fixture(scope="module")
def film(engine):
    with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
        chunks = list(itertools.islice(FileSource(clip), FIRST, LAST))
    decoded = [decode_chunk(c.numbered(n), engine.fit).media for n, c in enumerate(chunks, 1)]
    pictures = [(p.t, decode_picture(p)) for chunk in chunks for p in chunk.numbered(1).video]
    sound = np.concatenate([media.audio for media in decoded])
    return Film(decoded, pictures, sound, decoded[0].start_s)


class Findings:
    """What the senses found, by job number, worked when asked for: whoever asks gets the same."""

    def __init__(self, engine, film):
        self.engine, self.film, self.known = engine, film, {}

    def of(self, jobs):
        for job in jobs:
            if job.number not in self.known:
                sense = self.engine.senses[job.sense]
                self.known[job.number] = sense.find(job, self.film.for_job(job))
        return {job.number: self.known[job.number] for job in jobs}


@pytest.fixture(scope="module")
def found(engine, film):
    return Findings(engine, film)


def due(engine, state, media):
    return [job for job in engine.jobs(state) if job.due_s <= media.end_s]


def fold(engine, film, found, state=None, chunks=None, between=lambda state: state):
    state = state or engine.initial()
    noticed = []
    for media in film.chunks if chunks is None else chunks:
        result = engine.step([state], [media], [found.of(due(engine, state, media))])[0]
        assert result.fault is None
        noticed.append((media.end_s, result.noticed))
        state = between(result.state)
    return state, noticed


def ended(engine, found, state):
    state = engine.flush(state)
    return engine.settle(state, found.of(engine.jobs(state))).state


@pytest.fixture(scope="module")
def whole(engine, film, found):
    return fold(engine, film, found)


def test_words_of_speech_and_of_a_sign_enter_late_by_the_lag_and_are_noticed(engine, whole, found):
    state, noticed = whole
    words = engine.words(ended(engine, found, state), None, None)
    texts = " / ".join(one["text"] for one in words["words"])
    assert "ferry to the island" in texts
    assert "ROOM 42" in texts
    told = [(at_s, one) for at_s, ones in noticed for one in ones if one.modality == "text"]
    at_s, sign = next((at_s, one) for at_s, one in told if one.label == "ROOM 42")
    assert at_s - LAG_S - 0.5 <= sign.start_s <= at_s - LAG_S + 0.5


def test_saving_after_every_step_and_working_every_job_again_changes_no_bit(
    engine, film, whole, found
):
    def reborn(state):
        return engine.load(engine.dump(state))

    anew = Findings(engine, film)
    state, _ = fold(engine, film, anew, between=reborn)
    assert engine.dump(state) == engine.dump(whole[0])
    assert engine.dump(ended(engine, anew, state)) == engine.dump(ended(engine, found, whole[0]))


def test_a_session_with_late_findings_is_the_same_alone_and_in_a_batch(engine, film, whole, found):
    other = Findings(engine, film)
    states = [engine.initial(), engine.initial()]
    for number, media in enumerate(film.chunks):
        beside = film.chunks[(number + 7) % len(film.chunks)]
        # the other session's clock runs on, so that its media is on its own time
        shifted = replace(beside, start_s=500 + number * 0.5)
        shifted = replace(shifted, picture_times_s=tuple(shifted.start_s for _ in beside.pictures))
        batch = [shifted, media]
        given = [
            {job.number: Heard() if job.sense == "speech" else Read() for job in due(engine, s, m)}
            if s is states[0]
            else other.of(due(engine, s, m))
            for s, m in zip(states, batch, strict=True)
        ]
        states = [result.state for result in engine.step(states, batch, given)]
    assert engine.dump(states[1]) == engine.dump(whole[0])


def test_no_job_reaches_further_back_than_what_is_kept(engine, film, found):
    state = engine.initial()
    seen = 0
    for media in film.chunks:
        state = engine.step([state], [media], [found.of(due(engine, state, media))])[0].state
        for job in engine.jobs(state):
            assert job.due_s - KEPT_S <= job.start_s + 1e-6
            assert job.end_s <= media.end_s + 1e-6
            seen += 1
    assert seen


def test_an_end_closes_what_was_open_and_the_stream_goes_on_from_there(engine, film, found):
    """Ended in the middle of the sentence: its words are known, and what follows is folded on."""
    middle = next(n for n, media in enumerate(film.chunks) if media.end_s >= 39.0)
    own = Findings(engine, film)
    state, _ = fold(engine, film, own, chunks=film.chunks[:middle])
    assert not engine.flushed(state)
    before = engine.words(state, None, None)["words_until_s"]
    state = ended(engine, own, state)
    assert engine.flushed(state)
    assert engine.jobs(state) == ()
    words = engine.words(state, None, None)
    assert before < 36.5 < words["words_until_s"]
    assert "welcome" in " ".join(one["text"] for one in words["words"]).lower()
    assert engine.dump(engine.load(engine.dump(state))) == engine.dump(state)
    state, _ = fold(engine, film, own, state, film.chunks[middle:])
    later = engine.words(ended(engine, own, state), None, None)["words"]
    assert sum("welcome" in one["text"].lower() for one in later) == 1
    assert "nine" in " ".join(one["text"] for one in later)


def test_every_state_has_the_same_bytes_and_at_most_320_kb(engine, whole, found):
    states = (engine.initial(), whole[0], ended(engine, found, whole[0]))
    sizes = {len(engine.dump(state)) for state in states}
    assert sizes == {engine.memory_info["bytes"]}
    assert max(sizes) <= 320_000


def test_without_slow_senses_there_is_no_job_and_words_are_not_claimed(film):
    bare = LiteEngine("cpu", threads=1, switches=Switches("off", None, reading=False, people=False))
    state = bare.initial()
    for media in film.chunks[:4]:
        state = bare.step([state], [media])[0].state
    assert bare.jobs(state) == ()
    assert bare.flushed(state)
    assert bare.words(state, None, None)["words_until_s"] is None
    question = "Did anyone mention a ferry?"
    answer = bare.answer(state, Asking(question, understand(question)))
    assert answer.state == "cannot_tell"


# --- taught things --------------------------------------------------------------------------------


def taught_macaw(engine, state, **times):
    return engine.teach(state, Teaching("my noisy friend", **times))


def test_a_thing_is_taught_found_by_its_name_and_forgotten(engine, whole):
    state, reply = taught_macaw(engine, whole[0], since_s=40.0, until_s=43.0)
    assert reply["name"] == "my noisy friend"
    assert reply["modality"] == "video"
    question = "When did you last see my noisy friend?"
    understood = understand(question, names=["my noisy friend"])
    answer = engine.answer(state, Asking(question, understood, live=False))
    assert answer.state == "answered"
    assert answer.when.start_s == pytest.approx(reply["start_s"], abs=0.6)
    again = engine.load(engine.dump(state))
    assert engine.things(again)["things"][0]["name"] == "my noisy friend"
    gone, _ = engine.forget(again, "My noisy friend")
    assert engine.things(gone)["things"] == []
    with pytest.raises(ThingNotFound, match="name"):
        engine.forget(gone, "my noisy friend")


def test_teaching_twice_at_the_same_place_is_teaching_once(engine, whole):
    once, _ = taught_macaw(engine, whole[0], since_s=40.0, until_s=43.0)
    twice, _ = taught_macaw(engine, once, since_s=40.0, until_s=43.0)
    assert engine.dump(once) == engine.dump(twice)


def test_nothing_can_be_taught_of_a_time_without_anything(engine):
    with pytest.raises(CannotTeach, match="nothing that was seen or heard"):
        taught_macaw(engine, engine.initial())


def test_what_somebody_names_aloud_while_it_is_shown_is_taught(engine, film):
    """The sentence is given as a finding; the picture, the memory and the name are real."""
    state = engine.initial()
    for media in film.chunks[22:30]:  # a koala
        nothing = {job.number: Read() for job in due(engine, state, media)}
        state = engine.step([state], [media], [nothing])[0].state
    now_s = film.chunks[29].end_s
    words = (Word("This", now_s - 1, now_s - 0.5, 0.9),)
    said = Utterance("This is my little bear.", now_s - 1.0, now_s, words, "en", 0.9)
    waiting = state.jobs.without([job.number for job in engine.jobs(state)])
    waiting = waiting.added([Job("speech", 0, now_s - 1, now_s, now_s)])
    [job] = waiting.pending()
    state = engine.settle(replace(state, jobs=waiting), {job.number: Heard((said,))}).state
    things = engine.things(state)["things"]
    assert [thing["name"] for thing in things] == ["my little bear"]


# --- what cannot be -------------------------------------------------------------------------------


@pytest.mark.parametrize("at_s", [float("nan"), float("inf"), -7.0])
def test_a_state_whose_flush_is_at_no_time_is_refused(engine, at_s):
    broken = replace(engine.initial(), flushed_s=torch.tensor(at_s, dtype=torch.float64))
    with pytest.raises(StateIncompatible, match="flushed_s"):
        engine.load(engine.dump(broken))
