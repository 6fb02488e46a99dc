"""Arrays as a source: pictures and sound as a program makes them, and what it must not make."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from ttm_client import ArraySource
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import validate_chunk


def pictures(seconds, every_s=0.1, size=(48, 64, 3)):
    for number in range(round(seconds / every_s)):
        yield number * every_s, np.full(size, min(255, 10 * number), np.uint8)


def tone(seconds, rate, channels=1, block=1000):
    t = np.arange(round(seconds * rate)) / rate
    wave = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    whole = wave if channels == 1 else np.stack([wave] * channels, axis=1)
    yield from (whole[at : at + block] for at in range(0, len(whole), block))


def test_pictures_and_sound_are_cut_together():
    chunks = list(ArraySource(pictures(3.0), tone(3.0, 44_100, 2), 44_100))
    for seq, chunk in enumerate(chunks, start=1):
        validate_chunk(chunk.numbered(seq))
    assert [chunk.t for chunk in chunks] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    sound = np.frombuffer(b"".join(chunk.audio for chunk in chunks), "<i2")[:32_000]
    assert abs(np.argmax(np.abs(np.fft.rfft(sound))) / 2 - 440) < 1
    assert abs(np.abs(sound).max() / 32768 - 0.5) < 0.02
    shown = [np.asarray(Image.open(io.BytesIO(c.pictures[0].data))).mean() for c in chunks]
    assert shown == sorted(shown)
    assert [round(c.pictures[0].t, 1) for c in chunks] == [0.2, 0.7, 1.2, 1.7, 2.2, 2.7]


def test_each_kind_alone():
    assert all(c.audio is None for c in ArraySource(pictures(1.2)))
    only = list(ArraySource(None, (b.astype(np.float64) for b in tone(1.0, 16_000))))
    assert sum(len(c.audio) for c in only) == 32_000
    assert not any(c.pictures for c in only)
    ints = [np.full(8_000, 7, np.int16)] * 2
    assert set(np.frombuffer(b"".join(c.audio for c in ArraySource(None, ints)), "<i2")) == {7}


def test_endless_iterables_are_read_only_as_far_as_needed():
    read = []

    def endless():
        for number in itertools.count():
            read.append(number)
            yield number * 0.1, np.zeros((32, 32), np.uint8)

    source = ArraySource(endless(), tone(600, 16_000, block=1600), 16_000, live=True)
    assert source.live
    assert len(list(itertools.islice(source, 4))) == 4
    assert len(read) < 30


@pytest.mark.parametrize(
    ("frames", "audio", "told"),
    [
        ([(0.0, np.zeros((4, 4, 3), np.float32))], None, r"frames\[0\]: float32"),
        ([(0.0, np.zeros((4, 4, 4), np.uint8))], None, r"shape \(4, 4, 4\)"),
        ([(1.0, np.zeros((4, 4), np.uint8)), (0.5, np.zeros((4, 4), np.uint8))], None, "0.5 s"),
        ([(float("nan"), np.zeros((4, 4), np.uint8))], None, "nan"),
        (None, [np.zeros((9, 3), np.int16)], r"audio\[0\]: shape"),
        (None, [np.zeros(9, np.int32)], "int32"),
        (None, [np.full(9, np.nan)], "finite"),
        (None, None, "at least one"),
    ],
)
def test_wrong_arrays_are_named(frames, audio, told):
    with pytest.raises(MediaError, match=told):
        list(ArraySource(frames, audio))


def test_a_wrong_sample_rate_is_named():
    with pytest.raises(MediaError, match="sample_rate: 3 Hz, 4000 to 192000"):
        ArraySource(None, [], 3)
