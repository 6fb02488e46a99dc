"""How looks of events change: whole numbers, unknown parts, what follows and what is a mean."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ttm_model.looks import Looks
from ttm_model.ttm.appearance import gone_on, joined, nearness

RED, BLUE = 3, 7
WEIGHTS = st.floats(0.0078125, 1024.0, width=32)
ROWS = st.lists(st.integers(0, 255), min_size=15, max_size=15)


def row(box=(0, 0, 0, 0), **shares):
    colours = [0] * 11
    for name, share in shares.items():
        colours[{"red": RED, "blue": BLUE}[name]] = share
    return torch.tensor([[*box, *colours]], dtype=torch.uint8)


def weight(value):
    return torch.tensor([float(value)])


def colour(looks, place):
    return int(looks[0, 4 + place])


def test_a_box_moves_halfway_and_colours_by_weight():
    held, new = row((10, 20, 30, 40), red=200), row((20, 20, 41, 60), blue=100)
    looks = gone_on(held, new, weight(3), weight(1))
    assert looks[0, :4].tolist() == [15, 20, 36, 50]
    assert (colour(looks, RED), colour(looks, BLUE)) == (150, 25)


def test_a_long_event_still_sees_a_colour_change():
    looks = row((0, 0, 9, 9), red=255)
    for step in range(100):
        looks = gone_on(looks, row((0, 0, 9, 9), blue=255), weight(1000 + step), weight(1))
    assert colour(looks, BLUE) > 230
    assert colour(looks, RED) < 25


def test_two_occurrences_keep_the_box_of_the_stronger():
    one, other = row((10, 20, 30, 40), red=200), row((200, 20, 240, 60), blue=100)
    for stronger, box in ((False, [10, 20, 30, 40]), (True, [200, 20, 240, 60])):
        looks = joined(one, other, weight(1), weight(1), torch.tensor([stronger]))
        assert looks[0, :4].tolist() == box
        assert (colour(looks, RED), colour(looks, BLUE)) == (100, 50)


@pytest.mark.parametrize("known", [row((1, 2, 3, 4)), row(red=9), row((1, 2, 3, 4), blue=7)])
@pytest.mark.parametrize("stronger", [True, False])
def test_what_is_unknown_of_one_is_the_others(known, stronger):
    stronger = torch.tensor([stronger])
    for one, other in ((known, row()), (row(), known)):
        assert torch.equal(gone_on(one, other, weight(2), weight(1)), known)
        assert torch.equal(joined(one, other, weight(2), weight(1), stronger), known)


@given(ROWS, ROWS, WEIGHTS, WEIGHTS)
def test_every_byte_stays_between_those_of_the_two(a, b, v, w):
    one, other = torch.tensor([a], dtype=torch.uint8), torch.tensor([b], dtype=torch.uint8)
    looks = gone_on(one, other, weight(v), weight(w))
    low, high = torch.minimum(one, other), torch.maximum(one, other)
    for part in (slice(0, 4), slice(4, 15)):
        if bool(one[:, part].any()) and bool(other[:, part].any()):
            assert bool((looks[:, part] >= low[:, part]).all())
            assert bool((looks[:, part] <= high[:, part]).all())


def test_nearness_is_one_in_the_same_place_and_falls_with_the_distance():
    looks = torch.cat([row((100, 0, 140, 90)), row((120, 0, 160, 90)), row((0, 0, 40, 90)), row()])
    near = nearness(looks, looks[0])
    assert float(near[0]) == 1.0
    assert float(near[0]) > float(near[1]) > float(near[2])
    assert float(near[3]) == 0.5
    assert (nearness(looks, row()[0]) == 0.5).all()


def test_a_row_is_what_looks_reads():
    looks = Looks.from_bytes(bytes(row((51, 0, 102, 255), red=255)[0].tolist()))
    assert looks.place == (0.2, 0.0, 0.4, 1.0)
    assert looks.colours[RED] == 255
