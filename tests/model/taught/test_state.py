"""Things taught by name: bounded, exact, sharpened by examples, refused where they cannot be."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm_model.serial import from_bytes, to_bytes
from ttm_model.taught.example import Example
from ttm_model.taught.examples import EXAMPLES, PLACES, WIDTH
from ttm_model.taught.names import MAX_NAME_BYTES
from ttm_model.taught.state import SPEC, TaughtState, forgotten, has_room, taught, things
from ttm_protocol.errors import BadRequest, CannotTeach, StateIncompatible, outcome_of


def key(seed):
    return torch.randn(WIDTH, generator=torch.Generator().manual_seed(seed))


def example(seed, at_s=None, modality="video"):
    return Example(key(seed), modality, float(seed) if at_s is None else at_s)


def stored(state):
    return to_bytes(state.tensors(), "things")


def loaded(data):
    return TaughtState.from_tensors(from_bytes(data, "things", SPEC))


happenings = st.lists(
    st.one_of(
        st.tuples(
            st.just("teach"),
            st.sampled_from(["my cup", "MY CUP", "Rex", "rex", "straße", "Strasse", "my  cup "]),
            st.integers(0, 12),
            st.sampled_from(["video", "audio"]),
        ),
        st.tuples(st.just("forget"), st.sampled_from(["My cup", "REX", "nothing"])),
    ),
    max_size=40,
)


def folded(happened, state=None):
    state = TaughtState.initial() if state is None else state
    for what, name, *rest in happened:
        if what == "teach":
            seed, modality = rest
            state = taught(state, name, [example(seed, modality=modality)], float(seed))
        else:
            state = forgotten(state, name)
    return state


@given(happenings, st.data())
@settings(max_examples=60, deadline=None)
def test_a_fold_split_anywhere_gives_the_same_bytes_of_the_same_length(happened, data):
    at = data.draw(st.integers(0, len(happened)))
    whole = stored(folded(happened))
    assert stored(folded(happened[at:], loaded(stored(folded(happened[:at]))))) == whole
    assert len(whole) == len(stored(TaughtState.initial()))


@given(happenings)
@settings(max_examples=40, deadline=None)
def test_every_lesson_that_comes_twice_is_one(happened):
    twice = [each for each in happened for _ in range(2)]
    assert stored(folded(twice)) == stored(folded(happened))


def test_a_thing_comes_back_as_it_was_taught():
    shown = [example(3, 12.5), example(4, 11.0)]
    state = taught(TaughtState.initial(), "  my   Cup ", shown, 13.0, "voice")
    (thing,) = things(state)
    assert (thing.name, thing.modality, thing.count, thing.source) == (
        "my Cup",
        "video",
        2,
        "voice",
    )
    assert thing.times_s == (11.0, 12.5)
    assert thing.taught_at_s == 13.0
    for found, meant in zip(thing.examples, (key(4), key(3)), strict=True):
        assert float(torch.cosine_similarity(found, meant, dim=0)) > 0.985
        assert float(found.norm() / meant.norm()) == pytest.approx(1.0, abs=0.05)


def test_a_name_is_one_whatever_its_case_and_examples_sharpen_it():
    state = taught(TaughtState.initial(), "my cup", [example(1)], 1.0)
    state = taught(state, "My Cup", [example(2)], 2.0, "voice")
    (thing,) = things(state)
    assert (thing.name, thing.count, thing.taught_at_s) == ("my cup", 2, 2.0)
    assert thing.source == "asked"


def test_a_name_taught_by_sight_and_sound_is_two_things_of_one_place():
    state = taught(TaughtState.initial(), "guitar", [example(1), example(2, modality="audio")], 2.0)
    assert [(thing.name, thing.modality, thing.count) for thing in things(state)] == [
        ("guitar", "video", 1),
        ("guitar", "audio", 1),
    ]
    assert state.count == 1


def test_the_most_redundant_example_goes_first():
    state = TaughtState.initial()
    for seed in range(EXAMPLES):
        state = taught(state, "cup", [example(seed)], float(seed))
    near = Example(key(2) + 0.1 * key(99), "video", 50.0)
    state = taught(state, "cup", [near], 50.0)
    (thing,) = things(state)
    assert thing.times_s == (0.0, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 50.0)


def test_the_same_examples_in_the_same_order_give_the_same_bytes():
    one = taught(TaughtState.initial(), "cup", [example(n) for n in range(20)], 20.0)
    other = TaughtState.initial()
    for n in range(20):
        other = taught(other, "cup", [example(n)], 20.0)
    assert stored(one) == stored(other)


def test_more_things_than_there_is_room_for_are_refused_by_the_limit():
    state = TaughtState.initial()
    for n in range(PLACES):
        assert has_room(state, f"thing {n}")
        state = taught(state, f"thing {n}", [example(n)], float(n))
    assert not has_room(state, "one more")
    with pytest.raises(CannotTeach, match="16") as caught:
        taught(state, "one more", [example(1)], 99.0)
    assert (outcome_of(caught.value).http_status, caught.value.field) == (409, "name")
    assert has_room(state, "THING 3")
    assert taught(state, "THING 3", [example(77)], 99.0).count == PLACES
    assert has_room(forgotten(state, "thing 3"), "one more")


def test_forgetting_leaves_the_others_as_they_were():
    state = TaughtState.initial()
    for n in range(5):
        state = taught(state, f"thing {n}", [example(n), example(n + 10)], float(n))
    without = forgotten(state, "Thing 2")
    assert [thing.name for thing in things(without)] == ["thing 0", "thing 1", "thing 3", "thing 4"]
    never = TaughtState.initial()
    for n in (0, 1, 3, 4):
        never = taught(never, f"thing {n}", [example(n), example(n + 10)], float(n))
    assert stored(without) == stored(never)
    assert forgotten(state, "unknown") is state


@pytest.mark.parametrize("name", ["", "  \n", "x" * (MAX_NAME_BYTES + 1), "ü" * 25, "a\x00b"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(BadRequest) as caught:
        taught(TaughtState.initial(), name, [example(1)], 1.0)
    assert caught.value.field == "name"


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(BadRequest, match="nothing to learn"):
        taught(TaughtState.initial(), "cup", [], 1.0)


def put(name, index, value):
    def change(tensors):
        tensors[name][index] = value

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("names", put("names", (0, 0), 0xFF)),
        ("names", put("names", (1, 0), 0)),
        ("names", put("names", (1, slice(0, 3)), torch.tensor(list(b"CUP"), dtype=torch.uint8))),
        ("names", put("names", (9, 0), 65)),
        ("counts", put("counts", 0, 9)),
        ("names", put("counts", 0, 0)),
        ("keys", put("keys", (0, 0, 5), 0)),
        ("keys", put("keys", (0, 7, 5), 9)),
        ("scales", put("scales", (0, 0), float("nan"))),
        ("scales", put("scales", (0, 0), -1.0)),
        ("times", put("times", (0, 0), 1e9)),
        ("times", put("times", (0, 1), float("inf"))),
        ("modalities", put("modalities", (0, 0), 2)),
        ("taught_at", put("taught_at", 0, float("nan"))),
        ("sources", put("sources", 1, 2)),
    ],
)
def test_a_state_that_cannot_be_is_refused_by_the_name_of_its_field(name, change):
    state = taught(TaughtState.initial(), "cup", [example(1), example(2)], 3.0)
    state = taught(state, "mug", [example(3)], 4.0)
    tensors = {key: tensor.clone() for key, tensor in state.tensors().items()}
    TaughtState.from_tensors(tensors)
    change(tensors)
    with pytest.raises(StateIncompatible, match=rf"things\.({name}|counts)"):
        TaughtState.from_tensors(tensors)
