"""The worker's pure parts: scheduler, gaps, media."""

import io

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ttm_model.slow import Job
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import Gap, Picture, encode_chunk
from ttm_server.media import LARGE_PX, decode_chunk, decode_picture, job_media
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


# --- media of slow jobs ---------------------------------------------------------------------------


def pcm(value, seconds):
    return np.full(round(seconds * 16_000), value, "<i2").tobytes()


def speech(start_s, end_s):
    return Job("speech", 0, start_s, end_s, end_s + 2.0)


def heard(job, *chunks):
    sound = job_media(job, [encode_chunk(one) for one in chunks]).audio
    return (sound * 32768).astype(int)


def test_a_jobs_sound_is_its_window_and_zeros_where_none_came():
    chunks = [
        chunk(1, audio=pcm(1, 0.5)),
        chunk(2, audio=None),
        chunk(3, audio=pcm(3, 0.25)),
        chunk(4, audio=pcm(4, 0.5)),
    ]
    sound = heard(speech(0.25, 1.75), *chunks)
    assert len(sound) == 24_000
    parts = [(0, 4000, 1), (4000, 12_000, 0), (12_000, 16_000, 3), (16_000, 20_000, 0)]
    for first, last, value in [*parts, (20_000, 24_000, 4)]:
        assert set(sound[first:last]) == {value}


def test_chunks_that_came_after_a_job_was_made_change_nothing_of_its_media():
    """Clients may send a little more sound than a chunk lasts, and clocks that overlap."""
    own = [chunk(1, audio=pcm(1, 0.5)), chunk(2, audio=pcm(2, 0.58))]
    later = [chunk(3, t=0.9, audio=pcm(3, 0.5)), chunk(4, t=0.9, audio=pcm(4, 0.6))]
    silent = chunk(1, audio=None)
    assert set(heard(speech(0.0, 0.5), silent, chunk(2, t=0.1, audio=pcm(2, 0.5)))) == {0}
    alone = heard(speech(0.2, 1.07), *own)
    assert set(alone) == {1, 2}
    assert (heard(speech(0.2, 1.07), *own, *later) == alone).all()
    early, late = picture(1, jpeg((250, 0, 0))), picture(1, jpeg((0, 250, 0)))
    job = Job("people", 0, 0.5, 0.5, 2.5)
    frames = [
        chunk(1, video=[msgspec.structs.replace(early, t=0.5)]),
        chunk(
            2, video=[msgspec.structs.replace(late, t=0.5), msgspec.structs.replace(late, t=0.4)]
        ),
    ]
    pixels = job_media(job, [encode_chunk(one) for one in frames]).picture
    assert pixels[0, 0].argmax() == 0


def test_a_jobs_picture_has_its_own_size_up_to_a_limit():
    for size, shape in (((900, 700), (700, 900, 3)), ((4000, 1000), (320, LARGE_PX, 3))):
        one = chunk(1, video=[picture(1, jpeg(size=size))])
        media = job_media(Job("reading", 0, 0.0, 0.0, 2.0), [encode_chunk(one)])
        assert media.picture.shape == shape
        assert media.audio is None


def test_a_jobs_picture_that_cannot_be_decoded_is_none():
    one = chunk(1, video=[picture(1, jpeg()[:150])])
    assert job_media(Job("people", 0, 0.0, 0.0, 2.0), [encode_chunk(one)]).picture is None
    assert job_media(Job("people", 0, 0.3, 0.3, 2.0), [encode_chunk(one)]).picture is None
