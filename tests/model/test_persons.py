"""Persons as events: as many go on as are in view, one each; real slot write, synthetic keys."""

import pytest
import torch

from ttm_model.slow import LAG_S
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.slot_write import slot_write
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens

LAYOUT = Layout()
STEP_S = 0.5
PLACES = 8
WALK = 0.04  # of the picture's width in a step


def key_of(who, alike=0.6):
    """Somebody's key: all have much in common."""
    common = torch.randn(LAYOUT.dim, generator=torch.Generator().manual_seed(99))
    own = torch.randn(LAYOUT.dim, generator=torch.Generator().manual_seed(who))
    key = alike**0.5 * common + (1 - alike) ** 0.5 * own
    return key / key.norm()


def box_at(x):
    """A person's box with its left edge at x, 0 to 1, in bytes."""
    return torch.tensor([255 * x, 60, 255 * (x + 0.15), 240]).clamp(0, 255).to(torch.uint8)


def seen(persons, start_s, late_s=LAG_S):
    """Tokens of one picture's persons, pairs of who and where, found `late_s` afterwards."""
    tokens = InputTokens.empty(1, PLACES, LAYOUT.dim)
    mask = torch.zeros(1, PLACES, dtype=torch.bool)
    for place, (who, x) in enumerate(persons):
        tokens.keys[0, place] = key_of(who)
        tokens.looks[0, place, :4] = box_at(x)
        tokens.modality[0, place] = int(Modality.PERSON)
        tokens.salience[0, place] = 0.8
        tokens.start_s[0, place] = start_s
        tokens.end_s[0, place] = start_s + STEP_S
        mask[0, place] = True
    tokens.clock_s[0] = start_s + STEP_S + late_s
    return tokens, mask


def fold(pictures, state=None):
    state = state or MemoryState.initial(1, LAYOUT)
    for tokens, mask in pictures:
        after, _, _ = slot_write(state, tokens, mask, LAYOUT, S0Rule())
        state = after.updated(clock_s=tokens.clock_s)
    return state


def events(state):
    """Start, end and left edge of every person event, working or archived, by start."""
    tier, kept = LAYOUT.event_slots, state.archive
    working = (state.modality[0, tier] == int(Modality.PERSON)).nonzero()[:, 0] + tier.start
    archived = (kept.modality[0] == int(Modality.PERSON)).nonzero()[:, 0]
    rows = [
        (float(state.t_first[0, i]), float(state.t_last[0, i]), int(state.looks[0, i, 0]))
        for i in working
    ]
    rows += [
        (float(kept.start_s[0, i]), float(kept.end_s[0, i]), int(kept.looks[0, i, 0]))
        for i in archived
    ]
    return sorted(rows)


def at_once(state, time_s):
    return sum(start_s <= time_s < end_s for start_s, end_s, _ in events(state))


def test_three_who_stay_are_three_events():
    people = [(1, 0.1), (2, 0.4), (3, 0.7)]
    state = fold([seen(people, t * STEP_S) for t in range(20)])
    assert [event[:2] for event in events(state)] == [(0.0, 10.0)] * 3


def test_two_who_look_the_same_are_two():
    """No likeness makes two persons one: both stand in the same picture."""
    state = fold([seen([(1, 0.1), (1, 0.6)], t * STEP_S) for t in range(6)])
    assert [event[2] for event in events(state)] == [25, 153]
    assert at_once(state, 2.0) == 2


def test_who_comes_in_begins_an_event_and_takes_that_of_nobody_who_stays():
    """The newcomer is found first, as the surest; those who stay keep their events all the same."""
    before = [seen([(1, 0.2), (2, 0.6)], t * STEP_S) for t in range(6)]
    after = [seen([(3, 0.85), (1, 0.2), (2, 0.6)], (6 + t) * STEP_S) for t in range(4)]
    state = fold(before + after)
    assert [event[:2] for event in events(state)] == [(0.0, 5.0), (0.0, 5.0), (3.0, 5.0)]
    assert [event[2] for event in events(state)][2] == 216


def test_who_walks_through_the_picture_is_one_event_and_its_box_follows():
    pictures = [seen([(1, WALK * t), (2, 0.7 - WALK * t)], t * STEP_S) for t in range(16)]
    state = fold(pictures)
    assert [event[:2] for event in events(state)] == [(0.0, 8.0)] * 2
    lefts = sorted(event[2] for event in events(state))
    assert lefts[0] == pytest.approx(255 * (0.7 - 15 * WALK), abs=255 * WALK * 1.5)
    assert lefts[1] == pytest.approx(255 * 15 * WALK, abs=255 * WALK * 1.5)


def test_who_leaves_ends_and_who_comes_later_is_another_event():
    first = [seen([(1, 0.1), (2, 0.6)], t * STEP_S) for t in range(4)]
    alone = [seen([(1, 0.1)], (4 + t) * STEP_S) for t in range(10)]
    again = [seen([(1, 0.1), (2, 0.6)], (14 + t) * STEP_S) for t in range(4)]
    state = fold(first + alone + again)
    assert [event[:2] for event in events(state)] == [(0.0, 2.0), (0.0, 9.0), (7.0, 9.0)]
    assert [at_once(state, t) for t in (1.0, 5.0, 8.0)] == [2, 1, 2]


def test_a_hole_of_up_to_three_seconds_does_not_end_an_event():
    gap_s = S0Rule().gap_s[Modality.PERSON]
    for hole_s, want in ((gap_s, 1), (gap_s + STEP_S, 2)):
        state = fold([seen([(1, 0.3)], 0.0), seen([(1, 0.3)], STEP_S + hole_s)])
        assert len(events(state)) == want


def test_pictures_that_are_found_in_one_step_are_taken_in_one_after_another():
    """As when a stream ends: four pictures' persons come at once, and are not twelve."""
    people = [(1, 0.1), (2, 0.4), (3, 0.7)]
    pictures = [seen(people, t * STEP_S) for t in range(4)]
    one_by_one = fold(pictures)
    together = InputTokens(
        *(
            torch.cat([getattr(tokens, name)[:, :3] for tokens, _ in reversed(pictures)], dim=1)
            for name in ("keys", "modality", "salience", "start_s", "end_s", "looks")
        ),
        pictures[-1][0].clock_s,
    )
    state = fold([(together, torch.ones(1, 12, dtype=torch.bool))])
    assert events(state) == events(one_by_one)


def test_persons_have_no_place_in_the_recent_ring():
    state = fold([seen([(1, 0.1)], 0.0)])
    assert (state.modality[0, : LAYOUT.recent] == int(Modality.EMPTY)).all()


def test_a_crowd_of_sights_does_not_push_out_who_is_still_there():
    """Late as their findings are, persons who go on keep their slots when room is made."""
    state = MemoryState.initial(1, LAYOUT)
    for t in range(60):
        sights = InputTokens.empty(1, 4, LAYOUT.dim)
        draw = torch.Generator().manual_seed(1000 + t)
        sights.keys.copy_(torch.randn(1, 4, LAYOUT.dim, generator=draw))
        sights.modality.fill_(int(Modality.VIDEO))
        sights.salience.fill_(0.9)
        sights.start_s.fill_(LAG_S + t * STEP_S)
        sights.end_s.fill_(LAG_S + (t + 1) * STEP_S)
        people = [(who, 0.1 * who) for who in range(1, 7)]
        state = fold([(sights, torch.ones(1, 4, dtype=torch.bool))], state)
        state = fold([seen(people, t * STEP_S)], state)
    assert [event[:2] for event in events(state)] == [(0.0, 30.0)] * 6


def test_persons_alone_and_in_a_batch_are_the_same_bits():
    rows = [
        [seen([(1, 0.1), (2, 0.4 + 0.01 * t)], t * STEP_S) for t in range(8)],
        [seen([(3, 0.8), (4, 0.2), (5, 0.5)][: 1 + t % 3], t * STEP_S) for t in range(8)],
    ]
    together = MemoryState.initial(2, LAYOUT)
    for parts in zip(*rows, strict=True):
        inputs = InputTokens.stack([tokens for tokens, _ in parts])
        mask = torch.cat([mask for _, mask in parts])
        after, _, _ = slot_write(together, inputs, mask, LAYOUT, S0Rule())
        together = after.updated(clock_s=inputs.clock_s)
    for b, row in enumerate(rows):
        alone = fold(row)
        for name, tensor in alone.tensors().items():
            assert torch.equal(tensor, together.row(b).tensors()[name]), name


def test_persons_are_never_merged():
    """A merged event would say that somebody was there in between."""
    held = LAYOUT.events + LAYOUT.archive
    state = fold([seen([(1, 0.5)], 10.0 * t) for t in range(held + 20)])
    assert int(state.merges[0, LAYOUT.event_slots].sum()) == 0
    assert len(events(state)) == held
    assert int(state.evictions[0, Modality.PERSON].sum()) == 20
