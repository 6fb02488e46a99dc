"""The table of slow work that a session waits for: bounded, a value, and checked when read."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ttm_model.pending import PLACES, SENSES, Pending
from ttm_model.slow import LAG_S, Job
from ttm_protocol.errors import StateIncompatible


def job(sense, start_s, number=0):
    return Job(sense, number, start_s, start_s + 0.5, start_s + 0.5 + LAG_S)


def test_jobs_get_the_next_numbers_and_come_back_by_number():
    first = Pending.initial().added([job("people", 0.0), job("reading", 0.0)])
    table = first.added([job("speech", 1.0, number=77)])
    assert [(j.sense, j.number) for j in table.pending()] == [
        ("people", 0), ("reading", 1), ("speech", 2),
    ]  # fmt: skip
    assert table.pending()[2] == Job("speech", 2, 1.0, 1.5, 3.5)
    assert len(first.pending()) == 2


def test_what_is_due_is_due_by_media_time():
    table = Pending.initial().added(job("people", t * 0.5) for t in range(6))
    assert [j.number for j in table.due(2.4)] == []
    assert [j.number for j in table.due(2.5)] == [0]
    assert [j.number for j in table.due(3.7)] == [0, 1, 2]
    assert [j.number for j in table.without([0, 2]).pending()] == [1, 3, 4, 5]


def test_numbers_are_never_used_again():
    table = Pending.initial().added([job("people", 0.0)]).without([0])
    assert [j.number for j in table.added([job("people", 1.0)]).pending()] == [1]


def test_after_the_end_everything_is_due():
    table = Pending.initial().added([job("people", 0.0), job("speech", 1.0)])
    ended = table.due_now(1.5)
    assert [j.due_s for j in ended.pending()] == [1.5, 1.5]
    assert [j.number for j in ended.due(1.5)] == [0, 1]
    assert ended.due_now(9.0).due(1.5) == ended.due(1.5)


def test_where_places_run_out_the_newest_of_reading_and_people_is_left_out_and_counted():
    jobs = [job("people" if t % 2 else "reading", t * 0.1) for t in range(PLACES)]
    full = Pending.initial().added(jobs)
    assert full.left_out.tolist() == [0, 0, 0]
    more = full.added([job("reading", 5.0), job("people", 5.0), job("people", 5.1)])
    assert more.pending() == full.pending()
    assert more.left_out_by_sense() == {"speech": 0, "reading": 1, "people": 2}
    spoken = full.added([job("speech", 5.0)])
    assert len(spoken.pending()) == PLACES
    assert [j.number for j in spoken.pending()] == [*range(PLACES - 1), PLACES]
    assert spoken.pending()[-1].sense == "speech"
    assert spoken.left_out_by_sense() == {"speech": 0, "reading": 0, "people": 1}


@given(st.lists(st.sampled_from(SENSES), max_size=90))
def test_speech_is_never_left_out_and_bytes_are_constant(senses):
    kept = [s for i, s in enumerate(senses) if s != "speech" or senses[:i].count("speech") < 20]
    table = Pending.initial().added(job(sense, i * 0.1) for i, sense in enumerate(kept))
    held = [j.sense for j in table.pending()]
    assert held.count("speech") == kept.count("speech")
    assert len(held) == min(len(kept), PLACES)
    assert len(held) + int(table.left_out.sum()) == len(kept)
    shapes = {name: (tuple(t.shape), t.dtype) for name, t in table.tensors().items()}
    assert shapes == Pending.spec({})


def test_it_comes_back_from_its_tensors():
    table = Pending.initial().added([job("people", 0.0), job("speech", 1.0)]).without([0])
    back = Pending.from_tensors(table.tensors())
    assert back.pending() == table.pending()
    assert [j.number for j in back.added([job("people", 3.0)]).pending()] == [1, 2]


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("sense", 0, 3),
        ("sense", 5, 1),
        ("number", 1, 0),
        ("number", 1, 2),
        ("start_s", 0, -1.0),
        ("due_s", 0, float("nan")),
        ("end_s", 1, 0.5),
        ("left_out", 0, -1),
    ],
)
def test_a_table_that_cannot_be_is_refused_naming_the_field(name, place, value):
    table = Pending.initial().added([job("people", 0.0), job("speech", 1.0)])
    tensors = {n: tensor.clone() for n, tensor in table.tensors().items()}
    tensors[name][place] = value
    with pytest.raises(StateIncompatible, match=f"jobs: .*{name}"):
        Pending.from_tensors(tensors)


def test_a_number_beyond_the_next_is_refused():
    tensors = Pending.initial().added([job("people", 0.0)]).tensors()
    with pytest.raises(StateIncompatible, match="next_number"):
        Pending.from_tensors(tensors | {"next_number": torch.tensor(0)})
