"""Colours and places: of things against their scene, of clothes, and as bytes that merge."""

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ttm_model.looks import COLOURS, UNKNOWN, Looks, chance, clothes, look, merge, merge_rows, told
from ttm_model.looks.colours import oklab, word_of
from ttm_model.looks.look import torso
from ttm_model.looks.looks import BYTES, FULL

WHOLE = (0.0, 0.0, 1.0, 1.0)
FOCAL = {
    "black": (20, 20, 20),
    "white": (245, 245, 245),
    "grey": (128, 128, 128),
    "red": (200, 20, 30),
    "orange": (250, 130, 20),
    "yellow": (250, 220, 30),
    "green": (30, 140, 60),
    "blue": (30, 80, 190),
    "purple": (115, 40, 145),
    "pink": (250, 150, 185),
    "brown": (110, 65, 30),
}
bytes_of_looks = st.binary(min_size=BYTES, max_size=BYTES)


def coffee():
    """A cup on a wooden table, as the fold sees it: 224x288."""
    return Image.fromarray(skimage.data.coffee()).resize((288, 224))


def thing(colour, box=(0.55, 0.2, 0.85, 0.65), picture=None):
    picture = coffee() if picture is None else picture
    left, top, right, bottom = (
        int(share * size) for share, size in zip(box, picture.size * 2, strict=True)
    )
    ImageDraw.Draw(picture).ellipse((left, top, right, bottom), fill=colour)
    return np.asarray(picture)


def test_a_plain_colour_has_its_name():
    assert tuple(FOCAL) == COLOURS
    named = word_of(oklab(list(FOCAL.values())))
    assert [COLOURS[i] for i in named] == list(COLOURS)


@pytest.mark.parametrize("colour", [c for c in COLOURS if c != "brown"])  # as the table is
def test_a_thing_over_a_photograph_has_its_colour(colour):
    looks = look(thing(FOCAL[colour]), (0.55, 0.2, 0.85, 0.65))
    assert told(looks.colours)[0] == colour


def test_a_coarse_window_tells_the_thing_and_not_the_table_around_it():
    """A window of 4 by 4 cells of the 9 by 7 that a picture has holds much of the table."""
    picture = thing(FOCAL["blue"], box=(0.6, 0.3, 0.8, 0.6))
    window = (5 / 9, 1 / 7, 1.0, 5 / 7)
    assert told(look(picture, window).colours)[0] == "blue"


def test_a_red_thing_on_a_white_table_is_red_and_not_white():
    table = Image.new("RGB", (288, 224), (238, 238, 235))
    picture = thing(FOCAL["red"], box=(0.4, 0.4, 0.6, 0.6), picture=table)
    assert told(look(picture, (0.3, 0.3, 0.7, 0.7)).colours) == ("red",)
    assert told(look(picture, WHOLE).colours) == ("red",)


def test_a_red_and_a_blue_cup_are_told_apart():
    red, blue = (look(thing(FOCAL[c]), (0.55, 0.2, 0.85, 0.65)).colours for c in ("red", "blue"))
    assert chance(red, "red") > 0.8 > 0.1 > chance(red, "blue")
    assert chance(blue, "blue") > 0.8 > 0.1 > chance(blue, "red")


def test_a_dark_picture_has_the_same_colours():
    picture = thing(FOCAL["orange"])
    dark = (picture * 0.7).astype(np.uint8)
    assert told(look(dark, (0.55, 0.2, 0.85, 0.65)).colours)[0] == "orange"


def test_where_thing_and_scene_have_one_colour_it_is_told():
    grey = np.full((224, 288, 3), 128, np.uint8)
    assert told(look(grey, (0.3, 0.3, 0.6, 0.6)).colours) == ("grey",)
    assert told(look(grey, WHOLE).colours) == ("grey",)


def test_an_astronaut_wears_orange():
    picture = skimage.data.astronaut()
    assert told(clothes(picture, (0.01, 0.07, 0.74, 0.99)).colours)[0] == "orange"


def test_a_photographer_wears_black():
    grey = skimage.data.camera()
    picture = np.repeat(grey[..., None], 3, axis=2)
    assert told(clothes(picture, (0.1, 0.1, 0.48, 0.95)).colours)[0] == "black"


@given(st.floats(0.0, 0.8), st.floats(0.0, 0.8), st.floats(0.02, 0.2), st.floats(0.02, 0.2))
def test_a_torso_lies_in_its_person(left, top, wide, tall):
    box = (left, top, left + wide, top + tall)
    part = torso(np.zeros((480, 640, 3), np.uint8), box)
    assert box[0] < part[0] < part[2] < box[2]
    assert box[1] < part[1] < part[3] <= box[3] + 1e-9


@pytest.mark.parametrize(
    "box",
    [(0.5, 0.5, 0.5, 0.5), (-1.0, -1.0, 0.0, 0.0), (1.0, 1.0, 2.0, 2.0), (0.9, 0.1, 0.2, 0.5)],
)
def test_any_box_has_colours(box):
    colours = look(np.asarray(coffee()), box).colours
    assert len(colours) == len(COLOURS)
    assert abs(sum(colours) - FULL) <= len(COLOURS)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (1080, 1920, 3)])
def test_any_picture_has_colours(shape):
    picture = np.full(shape, (200, 20, 30), np.uint8)
    assert told(look(picture, WHOLE).colours) == ("red",)


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)],
)
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(ValueError, match="expected"):
        look(picture, WHOLE)


def test_nothing_known_is_told_as_nothing():
    assert told(UNKNOWN.colours) == ()
    assert chance(UNKNOWN.colours, "red") == 0.0
    assert not UNKNOWN.placed


def test_the_place_is_kept_to_a_255th():
    looks = Looks.of((0.1, 0.2, 0.5, 1.0), [1.0] + [0.0] * 10)
    assert looks.placed
    assert looks.place == pytest.approx((0.1, 0.2, 0.5, 1.0), abs=0.5 / 255)
    assert told(looks.colours) == ("black",)


@given(bytes_of_looks)
def test_looks_are_fifteen_bytes_and_come_back(data):
    assert Looks.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize("size", [0, BYTES - 1, BYTES + 1])
def test_another_number_of_bytes_is_refused(size):
    with pytest.raises(ValueError, match="must be 15"):
        Looks.from_bytes(bytes(size))


@given(bytes_of_looks, bytes_of_looks, st.floats(0.0, 1.0))
def test_merged_looks_lie_between(a, b, weight):
    one, other = Looks.from_bytes(a), Looks.from_bytes(b)
    merged = merge(one, other, weight)
    for parts in (slice(0, 4), slice(4, BYTES)):
        x, y, z = (looks.to_bytes()[parts] for looks in (one, other, merged))
        if not any(x) or not any(y):
            assert z == (y if not any(x) else x)
        else:
            assert all(min(p, q) <= r <= max(p, q) for p, q, r in zip(x, y, z, strict=True))


def test_merging_unknown_looks_changes_nothing():
    looks = look(thing(FOCAL["green"]), (0.55, 0.2, 0.85, 0.65))
    assert merge(looks, UNKNOWN, 0.9) == looks
    assert merge(UNKNOWN, looks, 0.1) == looks
    assert merge(UNKNOWN, UNKNOWN, 0.5) == UNKNOWN


def test_rows_merge_alike_alone_and_together():
    rows = torch.randint(0, 256, (2, 8, BYTES), dtype=torch.uint8, generator=torch.manual_seed(3))
    weights = torch.linspace(0.0, 1.0, 8)[:, None].expand(8, 2)
    together = merge_rows(rows[0], rows[1], weights)
    alone = [
        merge_rows(rows[0, i : i + 1], rows[1, i : i + 1], weights[i : i + 1]) for i in range(8)
    ]
    assert torch.equal(together, torch.cat(alone))
    assert torch.equal(together[0], rows[0, 0])
    assert torch.equal(together[-1], rows[1, -1])
