"""The slot-write unit: exact keep, bounded tiers, invariances. Real unit, synthetic keys."""

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm_model.nibbles import pack_closest, unpack
from ttm_model.serial import from_bytes, to_bytes
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.slot_write import slot_write
from ttm_model.ttm.state import Archive, MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit, UnitConfig
from ttm_protocol.errors import StateIncompatible

PLACES = 4
STEP_S = 0.5
LAYOUT = Layout()
HELD = LAYOUT.events + LAYOUT.archive
NO_ARCHIVE = Layout(events=64, archive=0, reserved_events=16)


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
        modality=torch.randint(0, 3, (batch, PLACES), generator=generator).to(torch.int8),
        salience=torch.rand(batch, PLACES, generator=generator),
        start_s=start_s,
        end_s=start_s + STEP_S,
        looks=torch.randint(0, 256, (batch, PLACES, 15), generator=generator).to(torch.uint8),
        clock_s=start_s[:, 0] + STEP_S,
    )
    return inputs, torch.rand(batch, PLACES, generator=generator) < 0.5


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
    key = torch.zeros(1, 1, LAYOUT.dim)
    key[0, 0, index % LAYOUT.dim] = 1.0
    if extra is not None:
        key[0, 0] += extra
    start = torch.full((1, 1), start_s, dtype=torch.float64)
    inputs = InputTokens.empty(1, 1, LAYOUT.dim).updated(
        keys=key,
        modality=torch.full((1, 1), int(modality), dtype=torch.int8),
        salience=torch.full((1, 1), salience),
        start_s=start,
        end_s=start + STEP_S,
        clock_s=start[:, 0] + STEP_S,
    )
    return inputs, torch.ones(1, 1, dtype=torch.bool)


def fold(unit, inputs):
    state = unit.initial(1)
    with torch.inference_mode():
        for tokens, mask in inputs:
            state, output = unit.step(state, tokens, mask)
    return state, output


def written(inputs):
    """The slot write alone, step after step: what is held does not depend on the dense parts."""
    state = MemoryState.initial(1, LAYOUT)
    for tokens, mask in inputs:
        after, _, _ = slot_write(state, tokens, mask, LAYOUT, S0Rule())
        state = after.updated(clock_s=tokens.clock_s)
    return state


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), warm=st.sampled_from([0, 3, 60, 400]))
def test_slots_that_a_step_does_not_write_stay_bit_identical(unit, seed, warm):
    generator = torch.Generator().manual_seed(seed)
    state = warmed(unit, warm, seed % 2)
    inputs, mask = random_inputs(1, 1000, generator)
    with torch.inference_mode():
        after, output = unit.step(state, inputs, mask)
    may_change = set(range(LAYOUT.gist_slots.start, LAYOUT.gist_slots.stop))
    may_change |= {int(slot) for slot in output.slot[0] if slot >= 0}
    may_change |= set(range(LAYOUT.recent))
    begun = int(output.fresh.sum())
    written = changed(state.archive, after.archive)
    assert len(written) <= begun
    if not bool((state.archive.modality[0] == int(Modality.EMPTY)).any()):
        # Making room may merge one event into another, or superpose one that is given up.
        merged = changed_slots(state, after) & set(range(LAYOUT.recent, LAYOUT.recent + 24))
        assert len(merged - may_change) <= begun
        may_change |= merged
        may_change |= set(range(LAYOUT.consolidated_slots.start, LAYOUT.consolidated_slots.stop))
    assert changed_slots(state, after) <= may_change


@cache
def warmed(unit, steps, seed):
    return run(unit, steps, seed=seed)


def changed(before, after):
    """Places of the archive in which any tensor differs."""
    return differing(before, after, before.tensors())


def changed_slots(before, after):
    """Working slots in which any tensor differs."""
    spec = MemoryState.spec(LAYOUT.sizes)
    per_slot = [n for n, (shape, _) in spec.items() if shape[:1] == (LAYOUT.tokens,)]
    return differing(before, after, per_slot)


def differing(before, after, names):
    """Indices of the second axis at which any of these tensors differs."""
    one, other = before.tensors(), after.tensors()
    where = [
        (one[name] != other[name])[0].flatten(1).any(dim=1)
        if one[name].dim() > 2
        else (one[name] != other[name])[0]
        for name in names
    ]
    return set(torch.nonzero(torch.stack(where).any(dim=0))[:, 0].tolist())


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
                alone, _ = unit.step(alone, inputs.row(b), mask[b : b + 1])
        assert_equal(alone, together.row(b))


def test_save_load_continue_equals_uninterrupted_bit_for_bit(unit):
    whole = run(unit, 200, seed=5)
    half = run(unit, 100, seed=5)
    data = to_bytes(half.tensors(), "test")
    loaded = MemoryState.from_tensors(from_bytes(data, "test", MemoryState.spec(LAYOUT.sizes, 1)))
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
        alone, _ = unit.step(state.row(0), inputs.row(0), mask[:1])
    assert output.healthy.tolist() == [True, False, True]
    assert_equal(after.row(1), state.row(1))
    assert_equal(after.row(0), alone)
    assert torch.isfinite(after.row(0).tokens).all()


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


def test_alike_events_are_merged_before_any_is_lost(without_archive):
    unit, many = without_archive, NO_ARCHIVE.events
    inputs = [thing(i, start_s=5.0 * i) for i in range(many - 1)]
    inputs += [thing(0, start_s=5.0 * (many - 1)), thing(200, start_s=5.0 * many)]
    state, _ = fold(unit, inputs)
    assert int(state.evictions.sum()) == 0
    assert int(state.merges.sum()) == 1
    merged = int(state.merges[0].argmax())
    assert int(state.count[0, merged]) == 2
    assert float(state.t_first[0, merged]) == 0.0


@pytest.fixture(scope="module")
def without_archive():
    return SlotUnit(UnitConfig(layout=NO_ARCHIVE)).eval()


def test_without_an_archive_the_oldest_goes_and_is_remembered_as_evicted(without_archive):
    unit, many = without_archive, NO_ARCHIVE.events + 5
    state, _ = fold(unit, [thing(i, start_s=5.0 * i) for i in range(many)])
    assert int(state.evictions.sum()) == 5
    assert float(state.floor_s[0, int(Modality.VIDEO)]) == 5.0 * 4 + STEP_S
    first = thing(0)[0].keys[0, 0]
    tier = NO_ARCHIVE.consolidated_slots
    assert float((state.tokens[0, tier] * first).sum(-1).max()) == pytest.approx(1.0)
    kept = {int(t) for t in state.t_first[0, NO_ARCHIVE.event_slots]}
    assert kept == {5 * i for i in range(5, many)}


def test_each_modality_keeps_its_reserve_without_an_archive(without_archive):
    unit, tier, reserve = without_archive, NO_ARCHIVE.event_slots, NO_ARCHIVE.reserved_events
    sounds = [thing(i, start_s=5.0 * i, modality=Modality.AUDIO) for i in range(20)]
    sights = [thing(i, start_s=200 + 5.0 * i) for i in range(100)]
    state, _ = fold(unit, sounds + sights)
    kinds = state.modality[0, tier].tolist()
    assert kinds.count(int(Modality.AUDIO)) == 20
    assert kinds.count(int(Modality.VIDEO)) == NO_ARCHIVE.events - 20
    state, _ = fold(unit, [*sights, *sounds])
    assert state.modality[0, tier].tolist().count(int(Modality.AUDIO)) == reserve


def test_the_recent_ring_holds_the_last_sixteen_seconds(unit):
    state, _ = fold(unit, [thing(i, salience=0.05, start_s=2.0 * i) for i in range(30)])
    ring = state.t_first[0, : LAYOUT.recent_per_modality]
    assert sorted(ring.tolist()) == [2.0 * i for i in range(22, 30)]


def test_before_training_the_processor_adds_exactly_nothing_to_a_key(unit):
    tokens, mask = thing(12)
    with torch.inference_mode():
        state, output = unit.step(unit.initial(1), tokens, mask)
    assert torch.equal(state.tokens[0, int(output.slot[0, 0])], tokens.keys[0, 0])


@pytest.mark.parametrize(
    "wrong", [{"recent": 15}, {"reserved_events": 113}, {"consolidated": 8}, {"dim": 7}]
)
def test_layouts_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Layout(**wrong)


def shown(state):
    """The key of every event that memory holds, working or archived, by its start."""
    tier, archive = LAYOUT.event_slots, state.archive
    working, kept = state.modality[0, tier] >= 0, archive.modality[0] >= 0
    keys = unpack(archive.key[0, kept], archive.scale[0, kept])
    return dict(
        [
            *zip(archive.start_s[0, kept].tolist(), keys, strict=True),
            *zip(
                state.t_first[0, tier][working].tolist(),
                state.tokens[0, tier][working],
                strict=True,
            ),
        ]
    )


def unit_thing(index, start_s):
    inputs, mask = thing(0, start_s=start_s)
    generator = torch.Generator().manual_seed(index)
    key = torch.randn(LAYOUT.dim, generator=generator)
    inputs.keys[0, 0] = key / key.norm()
    return inputs, mask


def test_as_many_events_as_there_are_places_are_all_found_again():
    """Archiving rounds old events; each is told apart from 500 others at its stored time."""
    state = written([unit_thing(i, 5.0 * i) for i in range(HELD)])
    assert int(state.evictions.sum()) == 0
    assert int((state.archive.modality >= 0).sum()) == LAYOUT.archive
    found = shown(state)
    assert sorted(found) == [5.0 * i for i in range(HELD)]
    bank = torch.stack([unit_thing(i, 0.0)[0].keys[0, 0] for i in range(500)])
    assert [int((bank @ found[5.0 * i]).argmax()) for i in range(HELD)] == list(range(HELD))


def test_the_newest_events_stay_as_they_were_written():
    count = 250
    state = written([unit_thing(i, 5.0 * i) for i in range(count)])
    starts = sorted(state.t_first[0, LAYOUT.event_slots].tolist())
    assert starts == [5.0 * i for i in range(count - LAYOUT.events, count)]
    for start_s, key in shown(state).items():
        if start_s in starts:
            assert torch.equal(key, unit_thing(int(start_s / 5), 0.0)[0].keys[0, 0])


def test_of_equal_strength_the_oldest_go_one_by_one_and_are_counted():
    count = 400
    state = written([unit_thing(i, 5.0 * i) for i in range(count)])
    lost = int(state.evictions.sum())
    assert lost == count - HELD
    assert min(shown(state)) == 5.0 * lost
    assert len(shown(state)) == HELD
    assert float(state.floor_s[0, int(Modality.VIDEO)]) == 5.0 * (lost - 1) + STEP_S


def test_the_weakest_of_what_is_old_goes_first_and_the_others_keep_their_bits():
    count = HELD + 60
    inputs = [unit_thing(i, 5.0 * i) for i in range(count)]
    strong = {0, 3, 7}
    for i, (tokens, _) in enumerate(inputs):
        tokens.salience[0, 0] = 0.9 if i in strong else 0.5
    state = written(inputs)
    found = shown(state)
    assert len(found) == HELD
    assert int(state.evictions.sum()) == count - HELD
    for i in strong:
        digits, scale = pack_closest(inputs[i][0].keys[0, 0])
        assert torch.equal(found[5.0 * i], unpack(digits[None], scale[None])[0])
    # Nothing is claimed about times up to the last event that went.
    gone = {5.0 * i for i in range(count)} - set(found)
    assert float(state.floor_s[0, int(Modality.VIDEO)]) == max(gone) + STEP_S


def test_archiving_one_event_writes_one_place_and_no_other():
    inputs = [unit_thing(i, 5.0 * i) for i in range(HELD + 40)]
    state = written(inputs[: LAYOUT.events - 3])
    for i, (tokens, mask) in enumerate(inputs[LAYOUT.events - 3 :]):
        after, _, _ = slot_write(state, tokens, mask, LAYOUT, S0Rule())
        assert len(changed(state.archive, after.archive)) == (i >= 3)
        state = after


@pytest.mark.parametrize("first", list(Modality)[1:])
@pytest.mark.parametrize("second", list(Modality)[1:])
def test_no_modality_takes_the_reserve_of_another(first, second):
    """A memory full of one gives another its reserve, and no flood takes that away again."""
    if first == second:
        return
    reserve = LAYOUT.reserved_events
    inputs = [unit_thing(i, 5.0 * i) for i in range(HELD + reserve + 100)]
    for i, (tokens, _) in enumerate(inputs):
        is_second = HELD <= i < HELD + reserve
        tokens.modality[0, 0] = int(second if is_second else first)
    state = written(inputs)
    kinds = state.modality[0, LAYOUT.event_slots].tolist() + state.archive.modality[0].tolist()
    assert kinds.count(int(second)) == reserve
    assert kinds.count(int(first)) == HELD - reserve
    assert state.evictions[0].sum(dim=1).tolist()[int(second)] == 0
    assert float(state.floor_s[0, int(second)]) == 0.0


def test_an_event_that_comes_again_keeps_both_its_times_while_there_is_room():
    """Alike events are archived apart, so "how many times" and "when" stay exact."""
    count = 3 * LAYOUT.events
    state = written([unit_thing(i % 7, 5.0 * i) for i in range(count)])
    assert int(state.merges.sum()) == 0
    assert sorted(shown(state)) == [5.0 * i for i in range(count)]


def test_alike_events_are_merged_once_the_archive_is_full():
    inputs = [unit_thing(i, 5.0 * i) for i in range(HELD - 1)]
    inputs += [unit_thing(HELD - 2, 5.0 * HELD), unit_thing(1000, 5.0 * HELD + 5)]
    state = written(inputs)
    assert int(state.evictions.sum()) == 0
    merged = int(state.merges[0].argmax())
    assert (int(state.count[0, merged]), int(state.merges[0, merged])) == (2, 1)
    span_s = float(state.t_first[0, merged]), float(state.t_last[0, merged])
    assert span_s == (5.0 * (HELD - 2), 5.0 * HELD + STEP_S)


def test_what_was_merged_and_archived_still_tells_so():
    inputs = [unit_thing(i, 5.0 * i) for i in range(HELD - 1)]
    inputs += [unit_thing(HELD - 2, 5.0 * HELD)]
    inputs += [unit_thing(1000 + i, 5.0 * (HELD + 1 + i)) for i in range(LAYOUT.events + 2)]
    state = written(inputs)
    place = int(state.archive.count[0].argmax())
    assert int(state.archive.count[0, place]) == 2
    assert float(state.archive.start_s[0, place]) == 5.0 * (HELD - 2)
    assert float(state.archive.end_s[0, place]) == 5.0 * HELD + STEP_S


def test_late_findings_do_not_move_the_clock(unit):
    tokens, mask = thing(3, start_s=8.0, modality=Modality.PERSON)
    tokens.clock_s[0] = 10.5
    state, _ = fold(unit, [thing(1, start_s=10.0), (tokens, mask)])
    assert float(state.clock_s[0]) == 10.5
    tokens.clock_s[0] = 9.0
    with torch.inference_mode():
        after, _ = unit.step(state, tokens, mask)
    assert float(after.clock_s[0]) == 10.5


def test_the_memory_takes_no_more_bytes_than_before_it_had_an_archive(unit):
    """96 tokens, each beside 49 bytes and six places of 28, held 304 events of two modalities."""
    before = 96 * (4 * 256 + 49 + 6 * 28)
    spec = MemoryState.spec(LAYOUT.sizes)
    slots = [n for n, (shape, _) in spec.items() if shape[:1] == (LAYOUT.tokens,)]
    names = slots + [f"archive.{name}" for name in Archive.spec(LAYOUT.sizes)]
    tensors = unit.initial(1).tensors()
    assert sum(tensors[name].nbytes for name in names) <= before
    assert HELD >= 304


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tokens", float("nan")),
        ("t_last", float("inf")),
        ("modality", 3),
        ("count", -2),
        ("archive.modality", 3),
        ("archive.scale", -1.0),
        ("archive.start_s", 1e9),
        ("archive.key", 0),
    ],
)
def test_a_stored_memory_that_cannot_be_is_refused_naming_the_tensor(unit, name, value):
    state = run(unit, 120, seed=4).copy()
    tensors = state.tensors()
    assert int(state.archive.modality[0, 0]) >= 0
    tensors[name][0, 0] = value
    with pytest.raises(StateIncompatible, match=name):
        MemoryState.from_tensors(tensors)


def test_rounding_costs_a_dense_key_about_an_eighth_of_its_length():
    keys = torch.randn(200, LAYOUT.dim, generator=torch.Generator().manual_seed(3))
    lost = []
    for key in keys:
        digits, scale = pack_closest(key)
        lost.append(float((unpack(digits[None], scale[None])[0] - key).norm() / key.norm()))
    assert max(lost) < 0.16
    assert sum(lost) / len(lost) < 0.13


def test_a_key_of_nothing_is_rounded_to_nothing():
    digits, scale = pack_closest(torch.zeros(8))
    assert torch.equal(unpack(digits[None], scale[None]), torch.zeros(1, 8))
