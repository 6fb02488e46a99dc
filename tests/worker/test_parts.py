"""The worker's pure parts: scheduler, gaps, media."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ttm_protocol.errors import MediaError
from ttm_protocol.messages import Gap, Picture
from ttm_server.media import decode_chunk, decode_picture
from ttm_server.scheduler import Scheduler
from ttm_server.worker.gaps import MAX_GAPS, add_gaps
from worker.streams import chunk, jpeg, picture


def same(pixels):
    return pixels


def test_a_round_holds_each_session_once_and_no_more_than_the_batch():
    scheduler = Scheduler(2)
    assert scheduler.schedule(["a", "b", "a", "c"]) == ["a", "b"]


def test_who_waited_longest_goes_first():
    scheduler = Scheduler(1)
    order = [scheduler.schedule(["a", "b", "c"])[0] for _ in range(6)]
    assert order == ["a", "b", "c", "a", "b", "c"]


@given(
    rounds=st.lists(st.sets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=40),
    size=st.integers(1, 4),
)
def test_nobody_who_is_always_ready_starves(rounds, size):
    scheduler = Scheduler(size)
    waited = 0
    for ready in rounds:
        chosen = scheduler.schedule(ready | {"z"})
        assert len(chosen) == min(size, len(ready | {"z"}))
        waited = 0 if "z" in chosen else waited + 1
        assert waited <= 7 / size + 1


def test_touching_gaps_of_one_reason_become_one():
    gaps = add_gaps([], [Gap(0, 1, "a"), Gap(1, 2, "a"), Gap(2, 3, "b"), Gap(5, 6, "b")])
    assert gaps == [Gap(0, 2, "a"), Gap(2, 3, "b"), Gap(5, 6, "b")]


def test_gaps_are_bounded_and_none_is_dropped():
    gaps = []
    for i in range(3 * MAX_GAPS):
        gaps = add_gaps(gaps, [Gap(10.0 * i, 10.0 * i + 1, "a" if i % 2 else "b")])
    assert len(gaps) == MAX_GAPS
    assert gaps[0].t0 == 0.0
    assert gaps[-1].t1 == 10.0 * (3 * MAX_GAPS - 1) + 1


def test_pictures_of_each_format_are_decoded():
    for name in ("JPEG", "PNG", "WEBP"):
        out = io.BytesIO()
        Image.new("RGB", (40, 30), (10, 200, 30)).save(out, format=name)
        pixels = decode_picture(Picture(0.0, out.getvalue()))
        assert pixels.shape == (30, 40, 3)
        assert np.abs(pixels[15, 20].astype(int) - [10, 200, 30]).max() < 12


def test_a_truncated_picture_is_a_gap_and_the_rest_of_the_chunk_is_kept():
    good = picture(1)
    decoded = decode_chunk(chunk(1, video=[good, picture(1, good.data[:200])]), same)
    assert len(decoded.media.pictures) == 1
    assert decoded.media.audio is not None
    assert decoded.gaps == (Gap(0.0, 0.5, "bad_picture"),)


def test_a_clients_gap_is_passed_on():
    decoded = decode_chunk(chunk(2, gap=Gap(0.1, 0.5, "backpressure")), same)
    assert decoded.gaps == (Gap(0.1, 0.5, "backpressure"),)


def test_a_picture_beyond_the_side_limit_is_refused_before_it_is_decoded():
    with pytest.raises(MediaError, match="4096 a side"):
        decode_picture(Picture(0.0, jpeg(size=(5000, 10))))


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 900), flip=st.binary(min_size=0, max_size=40), at=st.integers(0, 900))
def test_damaged_pictures_give_pixels_or_a_media_error(cut, flip, at):
    data = bytearray(jpeg(size=(64, 48)))
    data[at : at + len(flip)] = flip
    try:
        pixels = decode_picture(Picture(0.0, bytes(data[: len(data) - cut])))
    except MediaError:
        return
    assert pixels.ndim == 3


def test_sound_is_scaled_to_one():
    decoded = decode_chunk(chunk(1, audio=b"\x00\x80\xff\x7f"), same)
    assert decoded.media.audio.tolist() == [-1.0, 32767 / 32768]
