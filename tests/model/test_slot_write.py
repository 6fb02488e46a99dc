"""The slot-write unit: exact keep, bounded tiers, invariances. Real unit, synthetic keys."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ttm_model.serial import from_bytes, to_bytes
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.packed import MOST_PLACES, added, digits_of, unpack
from ttm_model.ttm.room import RoomRule
from ttm_model.ttm.slot_write import S0Rule
from ttm_model.ttm.state import MemoryState, spec
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit, UnitConfig

PLACES = 4
STEP_S = 0.5
LAYOUT = Layout()


@pytest.fixture(scope="module")
def unit():
    return SlotUnit().eval()


def random_inputs(batch, step, generator, things=200):
    protos = torch.randn(things, LAYOUT.dim, generator=torch.Generator().manual_seed(7))
    protos = protos / protos.norm(dim=1, keepdim=True)
    which = torch.randint(0, things, (batch, PLACES), generator=generator)
    noise = torch.randn(batch, PLACES, LAYOUT.dim, generator=generator)
    start_s = torch.full((batch, PLACES), step * STEP_S, dtype=torch.float64)
    inputs = InputTokens(
        keys=protos[which] + 0.02 * noise,
        modality=torch.randint(0, 2, (batch, PLACES), generator=generator).to(torch.int8),
        salience=torch.rand(batch, PLACES, generator=generator),
        start_s=start_s,
        end_s=start_s + STEP_S,
        clock_s=start_s[:, 0] + STEP_S,
    )
    return inputs, torch.rand(batch, PLACES, generator=generator) < 0.5


def one(inputs, b):
    return InputTokens(
        *(
            getattr(inputs, name)[b : b + 1]
            for name in ("keys", "modality", "salience", "start_s", "end_s", "clock_s")
        )
    )


def run(unit, steps, batch=1, seed=0, state=None, first=0):
    generator = torch.Generator().manual_seed(seed)
    state = unit.initial(batch) if state is None else state
    with torch.inference_mode():
        for step in range(steps):
            inputs, mask = random_inputs(batch, step, generator)
            if step >= first:
                state, _ = unit.step(state, inputs, mask)
    return state


def assert_equal(a: MemoryState, b: MemoryState):
    for name, tensor in a.tensors().items():
        assert torch.equal(tensor, b.tensors()[name]), name


def thing(index, salience=0.9, start_s=0.0, modality=Modality.VIDEO, extra=None):
    """One input token: an orthonormal key, so that things are exactly distinct."""
    inputs = InputTokens.empty(1, 1, LAYOUT.dim)
    key = torch.zeros(1, 1, LAYOUT.dim)
    key[0, 0, index % LAYOUT.dim] = 1.0
    if extra is not None:
        key[0, 0] += extra
    start = torch.full((1, 1), start_s, dtype=torch.float64)
    return InputTokens(
        key,
        inputs.modality.fill_(int(modality)),
        inputs.salience + salience,
        start,
        start + STEP_S,
        start[:, 0] + STEP_S,
    ), torch.ones(1, 1, dtype=torch.bool)


def fold(unit, inputs):
    state = unit.initial(1)
    with torch.inference_mode():
        for tokens, mask in inputs:
            state, output = unit.step(state, tokens, mask)
    return state, output


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), warm=st.sampled_from([0, 3, 60]))
def test_slots_that_a_step_does_not_write_stay_bit_identical(unit, seed, warm):
    generator = torch.Generator().manual_seed(seed)
    state = run(unit, warm, seed=seed % 17) if warm else unit.initial(1)
    inputs, mask = random_inputs(1, 1000, generator)
    with torch.inference_mode():
        after, output = unit.step(state, inputs, mask)
    may_change = set(range(LAYOUT.gist_slots.start, LAYOUT.gist_slots.stop))
    may_change |= {int(slot) for slot in output.slot[0] if slot >= 0}
    may_change |= set(range(LAYOUT.recent))
    if bool((state.modality[0, LAYOUT.event_slots] >= 0).all()):
        # Making room may merge one event into another and superpose one more per input.
        changed = [
            index
            for index in range(LAYOUT.event_slots.start, LAYOUT.event_slots.stop)
            if not torch.equal(state.tokens[0, index], after.tokens[0, index])
        ]
        assert len(changed) <= 2 * int(mask.sum())
        may_change |= set(changed)
        may_change |= set(range(LAYOUT.consolidated_slots.start, LAYOUT.consolidated_slots.stop))
    per_slot = [n for n, (shape, _) in spec(LAYOUT).items() if shape[:1] == (LAYOUT.tokens,)]
    for index in set(range(LAYOUT.tokens)) - may_change:
        for name in per_slot:
            assert torch.equal(getattr(state, name)[0, index], getattr(after, name)[0, index])


def test_a_step_does_not_touch_the_state_it_was_given(unit):
    state = run(unit, 40)
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    generator = torch.Generator().manual_seed(3)
    inputs, mask = random_inputs(1, 100, generator)
    with torch.inference_mode():
        unit.step(state, inputs, mask)
    for name, tensor in before.items():
        assert torch.equal(tensor, state.tensors()[name]), name


def test_one_session_alone_equals_the_same_session_inside_a_batch_bit_for_bit(unit):
    batch, steps = 5, 150
    together = run(unit, steps, batch=batch, seed=11)
    for b in (0, 2, 4):
        generator = torch.Generator().manual_seed(11)
        alone = unit.initial(1)
        with torch.inference_mode():
            for step in range(steps):
                inputs, mask = random_inputs(batch, step, generator)
                alone, _ = unit.step(alone, one(inputs, b), mask[b : b + 1])
        assert_equal(alone, together.row(b))


def test_save_load_continue_equals_uninterrupted_bit_for_bit(unit):
    whole = run(unit, 200, seed=5)
    half = run(unit, 100, seed=5)
    data = to_bytes(half.tensors(), "test")
    loaded = MemoryState(
        **from_bytes(
            data, "test", {n: ((1, *shape), dtype) for n, (shape, dtype) in spec(LAYOUT).items()}
        )
    )
    assert_equal(half, loaded)
    assert_equal(whole, run(unit, 200, seed=5, state=loaded, first=100))


def test_bytes_are_the_same_number_when_empty_and_when_overfull(unit):
    empty = to_bytes(unit.initial(1).tensors(), "test")
    full = run(unit, 400)
    assert int(full.evictions.sum()) > 0
    assert len(to_bytes(full.tensors(), "test")) == len(empty)


def test_a_row_with_bad_numbers_is_refused_and_the_others_go_on(unit):
    state = run(unit, 20, batch=3, seed=2)
    generator = torch.Generator().manual_seed(9)
    inputs, _ = random_inputs(3, 50, generator)
    mask = torch.ones(3, PLACES, dtype=torch.bool)
    inputs.keys[1, 2, 0] = float("nan")
    with torch.inference_mode():
        after, output = unit.step(state, inputs, mask)
        alone, _ = unit.step(state.row(0), one(inputs, 0), mask[:1])
    assert output.healthy.tolist() == [True, False, True]
    assert_equal(after.row(1), state.row(1))
    assert_equal(after.row(0), alone)
    assert all(torch.isfinite(after.row(0).tokens).all() for _ in range(1))


def test_the_same_thing_going_on_is_one_event_and_coming_back_is_another(unit):
    seen = [thing(3, start_s=t) for t in (0.0, 0.5, 1.0)] + [
        thing(3, start_s=t) for t in (9.0, 9.5)
    ]
    state, _ = fold(unit, seen)
    events = LAYOUT.event_slots
    held = (state.modality[0, events] >= 0).nonzero()[:, 0] + events.start
    spans = sorted((float(state.t_first[0, i]), float(state.t_last[0, i])) for i in held)
    assert spans == [(0.0, 1.5), (9.0, 10.0)]


def test_what_is_not_salient_begins_no_event(unit):
    state, output = fold(unit, [thing(3, salience=0.05)])
    assert output.slot.tolist() == [[-1]]
    assert (state.modality[0, LAYOUT.event_slots] == int(Modality.EMPTY)).all()


def test_alike_events_are_merged_before_any_is_lost(unpacked):
    unit, many = unpacked, LAYOUT.events
    inputs = [thing(i, start_s=5.0 * i) for i in range(many - 1)]
    inputs += [thing(0, start_s=5.0 * (many - 1)), thing(200, start_s=5.0 * many)]
    state, _ = fold(unit, inputs)
    assert int(state.evictions.sum()) == 0
    assert int(state.merges.sum()) == 1
    merged = int(state.merges[0].argmax())
    assert int(state.count[0, merged]) == 2
    assert float(state.t_first[0, merged]) == 0.0


@pytest.fixture(scope="module")
def unpacked():
    return SlotUnit(UnitConfig(rule=S0Rule(room=RoomRule(pack=False)))).eval()


def test_without_packing_the_oldest_goes_and_is_remembered_as_evicted(unpacked):
    unit, many = unpacked, LAYOUT.events + 5
    state, _ = fold(unit, [thing(i, start_s=5.0 * i) for i in range(many)])
    assert int(state.evictions.sum()) == 5
    assert float(state.floor_s[0, int(Modality.VIDEO)]) == 5.0 * 4 + STEP_S
    first = thing(0)[0].keys[0, 0]
    tier = LAYOUT.consolidated_slots
    assert float((state.tokens[0, tier] * first).sum(-1).max()) == pytest.approx(1.0)
    kept = {int(t) for t in state.t_first[0, LAYOUT.event_slots]}
    assert kept == {5 * i for i in range(5, many)}


def test_each_modality_keeps_its_reserve(unpacked):
    unit = unpacked
    sounds = [thing(i, start_s=5.0 * i, modality=Modality.AUDIO) for i in range(20)]
    sights = [thing(i, start_s=200 + 5.0 * i) for i in range(100)]
    state, _ = fold(unit, sounds + sights)
    kinds = state.modality[0, LAYOUT.event_slots].tolist()
    assert kinds.count(int(Modality.AUDIO)) == 20
    assert kinds.count(int(Modality.VIDEO)) == LAYOUT.events - 20
    state, _ = fold(unit, [*sights, *sounds])
    kinds = state.modality[0, LAYOUT.event_slots].tolist()
    assert kinds.count(int(Modality.AUDIO)) == LAYOUT.reserved_events


def test_the_recent_ring_holds_the_last_sixteen_seconds(unit):
    state, _ = fold(unit, [thing(i, salience=0.05, start_s=2.0 * i) for i in range(30)])
    ring = state.t_first[0, : LAYOUT.recent_per_modality]
    assert sorted(ring.tolist()) == [2.0 * i for i in range(22, 30)]


def test_before_training_the_processor_adds_exactly_nothing_to_a_key(unit):
    tokens, mask = thing(12)
    with torch.inference_mode():
        state, output = unit.step(unit.initial(1), tokens, mask)
    assert torch.equal(state.tokens[0, int(output.slot[0, 0])], tokens.keys[0, 0])


@pytest.mark.parametrize("wrong", [{"recent": 15}, {"reserved_events": 40}, {"pack_places": 7}])
def test_layouts_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Layout(**wrong)


def shown(state):
    """Start of every event that memory holds, plain or packed, and the best-matching thing."""
    found = {}
    for index in range(LAYOUT.event_slots.start, LAYOUT.event_slots.stop):
        if int(state.modality[0, index]) < 0:
            continue
        packed = int(state.packed[0, index])
        if packed:
            keys = unpack(state.tokens[0, index], state.item_scale[0, index, :packed])
            starts = state.item_start[0, index, :packed].tolist()
        else:
            keys, starts = state.tokens[0, index][None], [float(state.t_first[0, index])]
        for key, start_s in zip(keys, starts, strict=True):
            found[start_s] = key
    return found


def unit_thing(index, start_s):
    inputs, mask = thing(0, start_s=start_s)
    generator = torch.Generator().manual_seed(index)
    key = torch.randn(LAYOUT.dim, generator=generator)
    inputs.keys[0, 0] = key / key.norm()
    return inputs, mask


def test_three_times_as_many_events_as_slots_are_all_found_again(unit):
    """Packing rounds old events; each is told apart from 500 others at its stored time."""
    count = 3 * LAYOUT.events
    state, _ = fold(unit, [unit_thing(i, 5.0 * i) for i in range(count)])
    assert int(state.evictions.sum()) == 0
    assert int(state.packed.max()) == LAYOUT.pack_places
    found = shown(state)
    assert sorted(found) == [5.0 * i for i in range(count)]
    bank = torch.stack([unit_thing(i, 0.0)[0].keys[0, 0] for i in range(500)])
    right = sum(int((bank @ found[5.0 * i]).argmax()) == i for i in range(count))
    assert right == count


def test_the_newest_events_stay_plain(unit):
    state, _ = fold(unit, [unit_thing(i, 5.0 * i) for i in range(250)])
    plain = (state.packed[0] == 0) & (state.modality[0] >= 0)
    tier = LAYOUT.event_slots
    starts = sorted(state.t_first[0, tier][plain[tier]].tolist())
    assert len(starts) >= unit.config.rule.room.min_plain
    assert starts == [5.0 * i for i in range(250 - len(starts), 250)]


def test_of_equal_strength_the_oldest_go_one_by_one_and_are_counted(unit):
    count = 400
    state, _ = fold(unit, [unit_thing(i, 5.0 * i) for i in range(count)])
    lost = int(state.evictions.sum())
    room = unit.config.rule.room.min_plain
    assert lost == count - room - (LAYOUT.events - room) * LAYOUT.pack_places
    assert len(shown(state)) == count - lost
    assert min(shown(state)) == 5.0 * lost
    assert float(state.floor_s[0, int(Modality.VIDEO)]) == 5.0 * (lost - 1) + STEP_S


def test_the_weakest_of_what_is_old_goes_first_and_the_others_keep_their_digits(unit):
    count = 420
    inputs = [unit_thing(i, 5.0 * i) for i in range(count)]
    strong = {0, 3, 7}
    for i, (tokens, _) in enumerate(inputs):
        tokens.salience[0, 0] = 0.9 if i in strong else 0.5
    state, _ = fold(unit, inputs)
    found = shown(state)
    lost = int(state.evictions.sum())
    assert lost > 20
    assert len(found) == count - lost
    for i in strong:
        key = inputs[i][0].keys[0, 0]
        digits, scale = digits_of(key)
        assert torch.equal(found[5.0 * i], digits * scale)
    # Nothing is claimed about times up to the last event that went.
    gone = {5.0 * i for i in range(count)} - set(found)
    assert float(state.floor_s[0, int(Modality.VIDEO)]) == max(gone) + STEP_S


def test_a_memory_full_of_packed_sights_gives_sounds_their_reserve(unit):
    count, sounds = 344, LAYOUT.reserved_events
    inputs = [unit_thing(i, 5.0 * i) for i in range(count)]
    inputs += [thing(i, start_s=5.0 * (count + i), modality=Modality.AUDIO) for i in range(sounds)]
    state, _ = fold(unit, inputs)
    kinds = state.modality[0, LAYOUT.event_slots].tolist()
    assert kinds.count(int(Modality.AUDIO)) == sounds
    held = len(shown(state))
    assert held + int(state.evictions.sum()) == count + sounds
    assert held >= sounds + (LAYOUT.events - sounds) * LAYOUT.pack_places - 6


def test_an_event_that_comes_again_keeps_both_its_times_while_packs_have_room(unit):
    """Alike events are packed apart, so "how many times" and "when" stay exact."""
    count = LAYOUT.events + 20
    inputs = [unit_thing(i % 7, 5.0 * i) for i in range(count)]
    state, _ = fold(unit, inputs)
    assert int(state.merges.sum()) == 0
    assert sorted(shown(state)) == [5.0 * i for i in range(count)]


KEYS = hnp.arrays(
    np.float32, (MOST_PLACES, 32), elements=st.floats(-16.0, 16.0, width=32, allow_subnormal=False)
)


@given(KEYS)
@settings(max_examples=60, deadline=None)
def test_each_key_of_a_pack_comes_back_as_it_was_rounded_whatever_the_others_are(arrays):
    keys = torch.from_numpy(arrays)
    token, rounded, scales = torch.zeros(32), [], []
    for place, key in enumerate(keys):
        digits, scale = digits_of(key)
        assert float((digits * scale - key).abs().max()) <= 0.62 * float(key.abs().max())
        token = added(token, place, digits)
        rounded.append(digits * scale)
        scales.append(scale)
        assert torch.equal(unpack(token, torch.stack(scales)), torch.stack(rounded))
    assert float(token.abs().max()) < 1.0


def test_rounding_costs_a_dense_key_about_an_eighth_of_its_length():
    keys = torch.randn(200, LAYOUT.dim, generator=torch.Generator().manual_seed(3))
    lost = []
    for key in keys:
        digits, scale = digits_of(key)
        lost.append(float((digits * scale - key).norm() / key.norm()))
    assert max(lost) < 0.16
    assert sum(lost) / len(lost) < 0.13


def test_a_key_of_nothing_is_packed_as_nothing():
    digits, scale = digits_of(torch.zeros(8))
    assert torch.equal(unpack(added(torch.zeros(8), 0, digits), scale[None]), torch.zeros(1, 8))
