"""The segmenter: where utterances open, close and are cut, and that its state is all it has."""

import itertools

import numpy as np
import pytest
import torch

from model.speech.sounds import RATE, chunks, clip, flat, fold, quiet, same, spoken
from ttm_model.chunk import ChunkMedia
from ttm_model.errors import WeightsError
from ttm_model.serial import from_bytes, to_bytes
from ttm_model.slow import KEPT_S, LAG_S
from ttm_model.speech.rules import BESIDE_S, LONGEST_S, PAUSE_S
from ttm_model.speech.segmenter import Segmenter, due_s
from ttm_model.speech.state import SPEC, SegmenterState
from ttm_model.speech.weights import SILERO_SEQUENCE
from ttm_protocol.errors import StateIncompatible


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter()


@pytest.fixture(scope="module")
def once():
    """A second of quiet, the sentence, two seconds of quiet."""
    return spoken(1.0, 2.0)


def test_a_sentence_between_pauses_is_one_utterance_with_sound_around_it(segmenter, once):
    ((start_s, end_s),) = flat(fold(segmenter, chunks(once))[1])
    said_s = len(clip("speech/young_man.opus")) / RATE
    assert 0.8 <= start_s <= 1.3
    assert 1.0 + said_s - 0.5 <= end_s <= 1.0 + said_s + BESIDE_S


def test_an_utterance_closes_with_the_first_chunk_that_ends_a_pause_after_it(segmenter, once):
    media = chunks(once)
    closing = [at for at, closed in enumerate(fold(segmenter, media)[1]) if closed]
    (_, end_s) = flat(fold(segmenter, media)[1])[0]
    over_s = end_s - BESIDE_S + PAUSE_S
    assert closing == [int(np.ceil(round(over_s / 0.5, 9))) - 1]


def test_two_sentences_are_two_utterances_that_do_not_overlap(segmenter):
    first, second = flat(fold(segmenter, chunks(spoken(0.5, 0.9, 1.5)))[1])
    assert first[1] <= second[0]


def test_a_short_pause_keeps_the_utterance_open(segmenter):
    assert len(flat(fold(segmenter, chunks(spoken(0.5, 0.0, 1.5)))[1])) == 1


@pytest.mark.parametrize("seconds", [0.1, 0.25, 1.0, 2.0])
def test_the_length_of_chunks_changes_no_bit(segmenter, seconds):
    sound = spoken(1.0, 0.9, 1.0, name="speech/leisure.opus")[: 16 * RATE]
    whole, closed = fold(segmenter, chunks(sound, 0.5))
    other, again = fold(segmenter, chunks(sound, seconds))
    np.testing.assert_allclose(flat(again), flat(closed), atol=1e-9)
    for name in ("network", "sound", "frames", "counts"):
        assert other.tensors()[name].equal(whole.tensors()[name]), name


def test_a_stored_state_continues_bit_for_bit_at_every_chunk(segmenter):
    media = chunks(spoken(0.4, 0.9, 1.0))
    state, stored = SegmenterState.initial(), SegmenterState.initial()
    for chunk in media:
        state, closed = segmenter.extended(state, chunk)
        again, closed_again = segmenter.extended(stored, chunk)
        assert closed == closed_again
        assert same(state, again)
        data = to_bytes(again.tensors(), "x")
        stored = SegmenterState.from_tensors(from_bytes(data, "x", SPEC))


def test_sessions_beside_each_other_change_no_bit(segmenter):
    streams = [chunks(spoken(0.3, 0.8, 1.0)), chunks(clip("sound/guitar.opus"))]
    alone = [fold(segmenter, stream) for stream in streams]
    states, closed = [SegmenterState.initial()] * 2, ([], [])
    for pair in zip(*(s[: min(map(len, streams))] for s in streams), strict=True):
        for row, chunk in enumerate(pair):
            states[row], more = segmenter.extended(states[row], chunk)
            closed[row].append(more)
    for row, stream in enumerate(streams):
        rest, more = fold(segmenter, stream[min(map(len, streams)) :], states[row])
        assert same(rest, alone[row][0])
        assert closed[row] + more == alone[row][1]


def test_a_step_leaves_the_state_before_it_as_it_was(segmenter, once):
    state, _ = fold(segmenter, chunks(once)[:4])
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    segmenter.extended(state, chunks(once)[4])
    assert all(state.tensors()[name].equal(before[name]) for name in before)


def test_every_state_has_the_same_bytes(segmenter, once):
    states = [fold(segmenter, chunks(once)[:count])[0] for count in (0, 1, 5, 9)]
    assert len({len(to_bytes(state.tensors(), "x")) for state in states}) == 1
    assert sum(t.numel() * t.element_size() for t in states[0].tensors().values()) < 4_000


def test_long_speech_is_cut_and_no_moment_of_it_is_lost_or_doubled(segmenter):
    leisure = clip("speech/leisure.opus")
    sound = np.concatenate([quiet(0.5), leisure, leisure, leisure, quiet(1.5)])
    stretches = flat(fold(segmenter, chunks(sound))[1])
    assert len(stretches) >= 3
    assert all(0 < end_s - start_s <= LONGEST_S for start_s, end_s in stretches)
    for (_, end_s), (start_s, _) in itertools.pairwise(stretches):
        assert 0 <= start_s - end_s < 0.6  # a pause between sentences at most
    assert stretches[0][0] < 0.8
    assert stretches[-1][1] > 0.5 + 3 * len(leisure) / RATE - 0.5


def test_a_cut_is_made_where_it_is_quiet(segmenter):
    """Sentences 0.25 s apart: that pause does not close, but it is where the cut belongs."""
    sentence = clip("speech/young_man.opus")[RATE // 5 : -RATE // 4]  # without its own quiet
    parts = [quiet(0.25), sentence, quiet(0.25), sentence, quiet(0.25), sentence, quiet(1.0)]
    sound = np.concatenate(parts)
    (_, cut_s), _ = flat(fold(segmenter, chunks(sound))[1])
    at = round(cut_s * RATE)
    around = sound[at - RATE // 50 : at + RATE // 50]
    assert np.sqrt(np.mean(around**2)) < 0.1 * np.sqrt(np.mean(sentence**2))


@pytest.mark.parametrize("duration_s", [0.1, 0.5, 2.0])
def test_no_job_reaches_further_back_than_what_is_kept(segmenter, duration_s):
    leisure = clip("speech/leisure.opus")
    media = chunks(np.concatenate([leisure, leisure, quiet(1.5)]), duration_s)
    for chunk, closed in zip(media, fold(segmenter, media)[1], strict=True):
        for start_s, _ in closed:
            due = due_s(start_s, chunk.end_s)
            assert due - start_s <= KEPT_S
            assert due == pytest.approx(chunk.end_s + LAG_S) or duration_s > 0.5


def test_sound_that_stops_coming_closes_the_utterance_at_once(segmenter, once):
    state, closed = fold(segmenter, chunks(once)[:4])
    assert state.is_open
    assert flat(closed) == []
    state, ((_, end_s),) = segmenter.extended(state, ChunkMedia(2.0, 0.5))
    assert not state.is_open
    assert end_s <= 2.0


def test_a_jump_of_the_clock_closes_the_utterance_and_starts_anew(segmenter, once):
    media = chunks(once)
    state, _ = fold(segmenter, media[:4])
    later = chunks(once, start_s=60.0)
    after, ((_, end_s),) = segmenter.extended(state, later[0])
    assert end_s <= 2.0
    # From here on it is as if nothing had been before, but for the last utterance's end.
    fresh, _ = segmenter.extended(SegmenterState.initial(), later[0])
    assert after.network.equal(fresh.network)
    (stretch,) = flat(fold(segmenter, later[1:], after)[1])
    assert stretch[0] > 60.0


def test_chunks_that_miss_each_other_by_little_are_one_sound(segmenter, once):
    media = [
        ChunkMedia(chunk.start_s + 0.03 * (at % 2), chunk.duration_s, audio=chunk.audio)
        for at, chunk in enumerate(chunks(once))
    ]
    state, closed = fold(segmenter, media)
    assert len(flat(closed)) == 1
    SegmenterState.from_tensors(state.tensors())


def test_the_end_closes_what_is_open_and_only_once(segmenter, once):
    state, _ = fold(segmenter, chunks(once)[:5])
    state, ((_, end_s),) = segmenter.flushed(state)
    assert end_s <= 2.5
    assert segmenter.flushed(state)[1] == ()
    assert segmenter.flushed(SegmenterState.initial())[1] == ()


@pytest.mark.parametrize("name", ["guitar", "till", "bell", "crow"])
def test_what_is_no_voice_opens_nothing(segmenter, name):
    sound = np.concatenate([clip(f"sound/{name}.opus"), quiet(1.0)])
    assert flat(fold(segmenter, chunks(sound))[1]) == []


@pytest.mark.parametrize("level", [0.0, 1e-4, 1e-2, 0.3])
def test_noise_opens_nothing(segmenter, level):
    assert flat(fold(segmenter, chunks(quiet(8.0, level)))[1]) == []


def test_a_click_of_voice_is_no_utterance(segmenter):
    """A tenth of a second out of a word."""
    sentence = clip("speech/young_man.opus")
    sound = np.concatenate([quiet(1.0), sentence[RATE : RATE + RATE // 10], quiet(1.5)])
    assert flat(fold(segmenter, chunks(sound))[1]) == []


@pytest.mark.parametrize(
    ("name", "at", "value", "said"),
    [
        ("network", (0, 0), float("nan"), "network"),
        ("sound", 0, float("inf"), "sound"),
        ("counts", 0, 512, "512 waiting samples"),
        ("counts", 1, 64, "64 known frames"),
        ("counts", 2, -1, "-1 frames of voice"),
        ("frames", (0, 0), 1.5, "voice must be 0 to 1"),
        ("frames", (1, 0), -500.0, "a level"),
        ("times", 0, 99.0, "ends before it starts"),
        ("times", 2, 99.0, "an utterance ends"),
        ("times", 4, 99.0, "before the last one's end"),
        ("times", 1, -5.0, "before the beginning"),
    ],
)
def test_a_state_that_cannot_be_is_refused_by_name(segmenter, once, name, at, value, said):
    state, _ = fold(segmenter, chunks(once)[:4])
    tensors = {key: tensor.clone() for key, tensor in state.tensors().items()}
    SegmenterState.from_tensors(tensors)
    tensors[name][at] = value
    with pytest.raises(StateIncompatible, match=said) as refused:
        SegmenterState.from_tensors(tensors)
    assert f"speech.{name}" in str(refused.value)


def test_other_weights_of_the_voice_detector_are_refused(tmp_path):
    path = tmp_path / "silero.onnx"
    path.write_bytes(SILERO_SEQUENCE.locate().read_bytes()[:-1] + b"x")
    other = type(SILERO_SEQUENCE)("silero", SILERO_SEQUENCE.sha256, lambda: path)
    with pytest.raises(WeightsError, match="not the published file"):
        Segmenter(other)


def test_torch_threads_change_nothing(segmenter, once):
    threads = torch.get_num_threads()
    one, _ = fold(segmenter, chunks(once))
    torch.set_num_threads(2)
    try:
        two, _ = fold(segmenter, chunks(once))
    finally:
        torch.set_num_threads(threads)
    assert same(one, two)
