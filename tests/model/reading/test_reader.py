"""Reading real pictures: text over photographs is read, photographs without text are not."""

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from ttm_model.encoders.pinning import FOLDER_VARIABLE
from ttm_model.errors import WeightsError
from ttm_model.reading import ReadingSense
from ttm_model.reading import reader as reader_module
from ttm_model.reading.reader import LONG_PX, MOST_LINES, Reader
from ttm_model.slow import Job, JobMedia, Read

JOB = Job("reading", 1, 0.0, 0.5, 2.0)
WITHOUT_TEXT = ["astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel"]


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.fixture(scope="module")
def sense(reader):
    return ReadingSense(reader)


def photograph(name):
    picture = np.asarray(getattr(skimage.data, name)())
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def written(*lines, size=(640, 480), px=32, turned=0.0):
    """Lines one under another on the photograph of a cup of coffee."""
    picture = Image.fromarray(photograph("coffee")).resize(size)
    draw = ImageDraw.Draw(picture)
    for row, text in enumerate(lines):
        draw.text((40, 30 + 2 * px * row), text, font=ImageFont.load_default(px), fill="white")
    return np.asarray(picture.rotate(turned))


def test_lines_are_read_from_the_top_down_with_their_places(sense):
    found = sense.find(JOB, JobMedia(picture=written("Emergency exit", "Platform 7"))).lines
    assert [line.text for line in found] == ["Emergency exit", "Platform 7"]
    for row, line in enumerate(found):
        left, top, right, bottom = line.box
        assert left == pytest.approx(40 / 640, abs=0.03)
        assert (top + bottom) / 2 == pytest.approx((30 + 64 * row + 18) / 480, abs=0.03)
        assert left < right < 0.6
        assert 0.8 < line.p <= 1.0


def test_a_turned_line_is_read(sense):
    found = sense.find(JOB, JobMedia(picture=written("Opening hours", turned=6.0))).lines
    assert [line.text for line in found] == ["Opening hours"]


@pytest.mark.parametrize("name", WITHOUT_TEXT)
def test_nothing_is_read_where_nothing_is_written(sense, name):
    assert sense.find(JOB, JobMedia(picture=photograph(name))) == Read()


def test_a_printed_page_is_read(sense):
    lines = sense.find(JOB, JobMedia(picture=photograph("page"))).lines
    assert "Region-based segmentation" in [line.text for line in lines]
    assert len(lines) == 7


def test_the_same_picture_gives_the_same_finding(sense):
    media = JobMedia(picture=written("Keep left", "Room 42"))
    assert sense.find(JOB, media) == sense.find(JOB, media)


def test_a_large_picture_is_read_within_the_bound(reader):
    """Twice the bound: the box stays in shares of the picture as it came."""
    large = written("Emergency exit", size=(2 * LONG_PX, 1200), px=80)
    (line,) = reader(large)
    assert line.text == "Emergency exit"
    assert line.box[0] == pytest.approx(40 / (2 * LONG_PX), abs=0.02)


@pytest.mark.parametrize("shape", [(1, 1, 3), (20, 400, 3), (31, 31, 3)])
def test_a_picture_too_small_to_read_in_has_no_lines(reader, shape):
    assert reader(np.zeros(shape, np.uint8)) == ()


def test_no_picture_is_nothing_read(sense):
    assert sense.find(JOB, JobMedia()) == Read()


def test_as_many_lines_as_the_bound_and_no_more(reader, monkeypatch):
    assert MOST_LINES >= 8
    monkeypatch.setattr(reader_module, "MOST_LINES", 2)
    picture = written("Fresh bread", "Coffee and cake", "Ticket office")
    assert len(reader(picture)) == 2


def test_it_says_nothing_on_standard_error(capfd):
    Reader()(written("Kitchen"))
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == ""


@pytest.mark.parametrize("name", [reader_module._DETECTOR, reader_module._RECOGNISER])
def test_another_file_than_the_pinned_one_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    real = reader_module.pinned

    def other(asked):
        weights = real(asked)
        if asked != name:
            return weights
        path = tmp_path / "other.onnx"
        path.write_bytes(b"not the published bytes")
        return type(weights)(weights.name, weights.sha256, lambda: path)

    monkeypatch.setattr(reader_module, "pinned", other)
    with pytest.raises(WeightsError, match="is not the published file"):
        Reader()
