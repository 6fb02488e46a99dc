"""Which pictures are read: at most one in two seconds, at least one in six, for any stream."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ttm_model.reading.gate import (
    ALWAYS_S,
    EVERY_S,
    NEVER_S,
    NOVEL,
    SKETCH,
    SPEC,
    STILL,
    STILL_S,
    GateState,
    ReadingGate,
    sketch,
)
from ttm_model.serial import from_bytes, to_bytes
from ttm_protocol.errors import StateIncompatible

GATE = ReadingGate()
DIM = 256
SCENES = torch.randn(4, DIM, generator=torch.Generator().manual_seed(1))

# (seconds since the picture before, which scene, how much of another is mixed in)
pictures = st.lists(
    st.tuples(st.floats(0.05, 3.0), st.integers(0, 3), st.floats(0.0, 0.3)), max_size=80
)


def key(scene, mixed=0.0):
    return SCENES[scene] + mixed * SCENES[(scene + 1) % 4]


def read_times(stream, state=None):
    """The times at which pictures (time, key) are read, and the state after them."""
    state = GateState.initial() if state is None else state
    times = []
    for at_s, feature in stream:
        state, wanted = GATE.extended(state, feature, at_s)
        if wanted:
            times.append(at_s)
    return times, state


def timed(drawn):
    at_s, stream = 0.0, []
    for pause_s, scene, mixed in drawn:
        at_s += pause_s
        stream.append((at_s, key(scene, mixed)))
    return stream


def stored(state):
    return to_bytes(state.tensors(), "gate")


def loaded(data):
    return GateState.from_tensors(from_bytes(data, "gate", SPEC))


@given(pictures)
def test_readings_are_never_nearer_than_two_seconds(drawn):
    times, _ = read_times(timed(drawn))
    assert all(b - a >= EVERY_S for a, b in itertools.pairwise(times))


@given(pictures)
def test_while_pictures_come_none_waits_longer_than_six_seconds(drawn):
    """The first picture that comes six seconds or more after a reading is read."""
    stream = timed(drawn)
    times, _ = read_times(stream)
    assert not stream or times[0] == stream[0][0]
    for at_s, _ in stream:
        assert at_s - max(t for t in times if t <= at_s) < ALWAYS_S


@given(pictures, st.data())
def test_a_fold_split_anywhere_gives_the_same_readings_and_bytes(drawn, data):
    stream = timed(drawn)
    at = data.draw(st.integers(0, len(stream)))
    whole, state = read_times(stream)
    first, between = read_times(stream[:at])
    second, after = read_times(stream[at:], loaded(stored(between)))
    assert first + second == whole
    assert stored(after) == stored(state)
    assert len(stored(after)) == len(stored(GateState.initial()))


def test_a_still_scene_is_read_every_six_seconds_only():
    times, _ = read_times([(0.5 * i, key(0)) for i in range(60)])
    assert times == [0.0, 6.0, 12.0, 18.0, 24.0]


def test_another_scene_is_read_as_soon_as_it_may():
    stream = [(0.5 * i, key(0 if i < 10 else 1)) for i in range(14)]
    times, _ = read_times(stream)
    assert times == [0.0, 5.0]


def test_a_scene_that_moved_a_little_is_read_when_it_has_come_to_rest():
    """As where a line of text comes into an otherwise similar picture."""
    moved = key(0, 0.35)
    assert STILL < float(1.0 - sketch(key(0)) @ sketch(moved)) < NOVEL
    times, _ = read_times([(0.5 * i, key(0) if i < 6 else moved) for i in range(16)])
    assert times == [0.0, 3.0 + STILL_S]


def test_the_state_before_stays_as_it_was():
    _, state = read_times([(0.0, key(0))])
    kept = stored(state)
    GATE.extended(state, key(1), 5.0)
    assert stored(state) == kept


def test_a_sketch_keeps_likeness_of_features_of_any_length():
    generator = torch.Generator().manual_seed(5)
    for dim in (256, 1000, 1280):
        a, b = torch.randn(2, dim, generator=generator)
        near = a + 0.15 * b
        assert sketch(a).shape == (SKETCH,)
        assert float(sketch(a) @ sketch(near)) > 1.0 - STILL
        assert float(sketch(a) @ sketch(b)) < 1.0 - NOVEL
        assert float(sketch(3.0 * a + 7.0) @ sketch(a)) == pytest.approx(1.0, abs=1e-5)


def test_a_feature_that_says_nothing_is_read_too():
    times, state = read_times([(0.0, torch.zeros(DIM)), (1.0, torch.full((DIM,), torch.nan))])
    assert times == [0.0]
    assert loaded(stored(state)).sketches.norm() == 0.0


@pytest.mark.parametrize("times", [(float("nan"), 0.0), (-0.5, 0.0), (0.0, float("inf"))])
def test_stored_times_that_cannot_be_are_refused(times):
    state = GateState.initial()
    state.times_s[:] = torch.tensor(times, dtype=torch.float64)
    with pytest.raises(StateIncompatible, match="reading: times_s"):
        loaded(stored(state))


@pytest.mark.parametrize("value", [0.5, float("nan"), 2.0])
def test_stored_sketches_that_cannot_be_are_refused(value):
    state = GateState.initial()
    state.sketches[1, 0] = value
    with pytest.raises(StateIncompatible, match="reading: sketches"):
        loaded(stored(state))


def test_a_first_state_says_that_nothing_was_read():
    state = loaded(stored(GateState.initial()))
    assert state.times_s.tolist() == [NEVER_S, NEVER_S]
    assert not bool(state.moved)
