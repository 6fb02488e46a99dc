"""A state put together from its parts: stored and read again, each part refusing its own."""

from dataclasses import replace

import pytest
import torch

from ttm_model.engines.lite_state import LiteState, parts, state_spec
from ttm_model.serial import from_bytes, to_bytes
from ttm_model.slow import Job
from ttm_model.ttm.layout import Layout
from ttm_protocol.errors import StateIncompatible

LAYOUT = Layout()
SCHEMA = "test"


def initial():
    return LiteState.initial(LAYOUT)


def tensors_of(state):
    data = state.dump(SCHEMA, LAYOUT)
    return from_bytes(data, SCHEMA, state_spec(LAYOUT))


def test_every_field_is_a_part_and_every_tensor_is_stored_under_its_name():
    names = state_spec(LAYOUT)
    assert {name.partition(".")[0] for name in names} == set(parts(LAYOUT))
    assert set(LiteState.__dataclass_fields__) == set(parts(LAYOUT))
    assert {"memory.tokens", "memory.archive.key", "scene.mean", "jobs.due_s"} <= set(names)


def test_jobs_come_back_with_the_state():
    state = initial()
    jobs = state.jobs.added([Job("people", 0, 1.0, 1.5, 3.5)])
    held = replace(state, jobs=jobs)
    back = LiteState.load(held.dump(SCHEMA, LAYOUT), SCHEMA, LAYOUT)
    assert back.jobs.pending() == jobs.pending()
    assert back.dump(SCHEMA, LAYOUT) == held.dump(SCHEMA, LAYOUT)
    assert len(held.dump(SCHEMA, LAYOUT)) == len(state.dump(SCHEMA, LAYOUT))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("memory.tokens", float("nan"), "memory: tokens"),
        ("memory.archive.modality", 7, r"memory: archive\.modality"),
        ("scene.mean", float("inf"), "scene: mean"),
        ("sound.counts", 5, "sound context: counts"),
        ("received.counts", 99, "received: video counts 99"),
        ("jobs.sense", 9, "jobs: sense"),
    ],
)
def test_each_part_refuses_what_it_cannot_have_been_naming_the_field(name, value, told):
    tensors = tensors_of(initial())
    tensors[name].view(-1)[0] = value
    with pytest.raises(StateIncompatible, match=told):
        LiteState.load(to_bytes(tensors, SCHEMA), SCHEMA, LAYOUT)


def test_a_tensor_too_many_or_too_few_is_refused():
    tensors = tensors_of(initial())
    for wrong in (
        {**tensors, "memory.item_scale": torch.zeros(1)},
        dict(list(tensors.items())[1:]),
    ):
        with pytest.raises(StateIncompatible, match="missing or unknown"):
            LiteState.load(to_bytes(wrong, SCHEMA), SCHEMA, LAYOUT)
