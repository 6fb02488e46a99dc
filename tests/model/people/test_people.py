"""Persons in real pictures: found whole, from the shoulders up, cut off; nobody in things."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from ttm_model.encoders.pinning import FOLDER_VARIABLE, PinnedWeights
from ttm_model.encoders.weights import pinned
from ttm_model.errors import WeightsError
from ttm_model.people import PeopleSense
from ttm_model.people.boxes import area, one_each, shared
from ttm_model.people.detector import LEAST, MOST, PersonDetector
from ttm_model.slow import Job, JobMedia, People, Person

JOB = Job("people", 1, 0.0, 0.5, 2.0)
NOBODY = ["brick", "chelsea", "coffee", "coins", "grass", "gravel", "rocket", "moon", "retina"]


@pytest.fixture(scope="module")
def sense():
    return PeopleSense()


def photograph(name):
    picture = np.asarray(getattr(skimage.data, name)())
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def found(sense, picture):
    return sense.find(JOB, JobMedia(picture=np.ascontiguousarray(picture))).persons


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_one_person_is_found_once(sense, name):
    (person,) = found(sense, photograph(name))
    left, top, right, bottom = person.box
    assert 0.0 <= left < right <= 1.0
    assert 0.0 <= top < bottom <= 1.0
    assert area(person.box) > 0.2
    assert person.p > 0.8


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ((0, 280), (40, 414)),
        ((20, 220), (100, 366)),
        ((40, 190), (130, 330)),
        ((0, 300), (60, 300)),
    ],
)
def test_head_and_shoulders_before_a_camera_are_a_person(sense, rows, columns):
    (person,) = found(sense, photograph("astronaut")[slice(*rows), slice(*columns)])
    assert person.p > 0.8


def test_a_darker_picture_shows_the_person_too(sense):
    (person,) = found(sense, (photograph("astronaut") * 0.35).astype(np.uint8))
    assert person.p > 0.6


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_is_found_in_things_and_animals(sense, name):
    assert found(sense, photograph(name)) == ()


def test_two_persons_side_by_side_are_two(sense):
    one = Image.fromarray(photograph("astronaut")).resize((320, 480))
    both = np.hstack([np.asarray(one), np.asarray(one)[:, ::-1]])
    persons = found(sense, both)
    assert len(persons) == 2
    assert sorted(p.box[0] >= 0.4 for p in persons) == [False, True]


def test_the_same_picture_gives_the_same_finding(sense):
    media = JobMedia(picture=photograph("astronaut"))
    assert sense.find(JOB, media) == sense.find(JOB, media)


def test_no_picture_is_nobody(sense):
    assert sense.find(JOB, JobMedia()) == People()


def test_of_boxes_on_one_person_the_surest_stays():
    body = Person((0.2, 0.1, 0.6, 0.9), 0.7)
    again = Person((0.22, 0.12, 0.61, 0.92), 0.9)
    head = Person((0.3, 0.1, 0.45, 0.25), 0.5)
    beside = Person((0.55, 0.1, 0.95, 0.9), 0.4)
    assert one_each([body, again, head, beside]) == (again, beside)
    assert one_each([]) == ()


def test_areas_and_what_boxes_share():
    assert area((0.0, 0.0, 0.5, 0.5)) == 0.25
    assert area((0.5, 0.5, 0.4, 0.9)) == 0.0
    assert shared((0.0, 0.0, 0.5, 1.0), (0.25, 0.0, 1.0, 1.0)) == 0.25
    assert shared((0.0, 0.0, 0.2, 0.2), (0.5, 0.5, 1.0, 1.0)) == 0.0


def test_bounds_are_bounds():
    assert 0.0 < LEAST < 0.5
    assert MOST >= 16


def test_another_file_than_the_pinned_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    path = tmp_path / "people.onnx"
    path.write_bytes(b"not the shipped bytes")
    real = pinned("people/people.onnx")
    with pytest.raises(WeightsError, match=real.sha256):
        PersonDetector(PinnedWeights(real.name, real.sha256, lambda: path))
