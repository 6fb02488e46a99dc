"""Picture sizes from headers alone, compared with Pillow on files that Pillow wrote."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ttm_protocol.errors import ProtocolError
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk, Picture
from ttm_server.gateway.pictures import check_pictures, picture_size_px

WAYS = {
    "jpeg": ("JPEG", {}),
    "jpeg progressive": ("JPEG", {"progressive": True}),
    "jpeg with a comment and a profile": (
        "JPEG",
        {"comment": b"x" * 3000, "icc_profile": b"y" * 70000},
    ),
    "png": ("PNG", {}),
    "webp lossy": ("WEBP", {}),
    "webp lossless": ("WEBP", {"lossless": True}),
    "webp extended": ("WEBP", {"exif": b"Exif\0\0x"}),
}


def file(way: str, width: int, height: int) -> bytes:
    kind, options = WAYS[way]
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 90)).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (333, 4097), (4097, 16)])
def test_sizes(way: str, size: tuple[int, int]) -> None:
    data = file(way, *size)
    assert picture_size_px(data) == size == Image.open(io.BytesIO(data)).size


@pytest.mark.parametrize("way", WAYS)
def test_a_truncated_body_passes(way: str) -> None:
    data = file(way, 640, 480)
    keep = len(data) - 40 if "jpeg" in way else 40
    assert picture_size_px(data[:keep]) == (640, 480)


def check(data: bytes) -> None:
    good = file("png", 8, 8)
    video = [Picture(0.0, good), Picture(0.0, data)]
    check_pictures(Chunk(seq=1, t=0.0, d=0.5, video=video), DEFAULT_LIMITS)


@pytest.mark.parametrize("way", WAYS)
def test_the_side_limit(way: str) -> None:
    check(file(way, 4096, 16))
    with pytest.raises(ProtocolError, match=r"video\[1\].data: 4097 x 16 px, 1 to 4096") as caught:
        check(file(way, 4097, 16))
    assert caught.value.field == "video[1].data"


def test_a_decompression_bomb_costs_nothing() -> None:
    header = file("png", 8, 8)
    bomb = header[:16] + b"\x7f\xff\xff\xff\x7f\xff\xff\xff" + header[24:]
    with pytest.raises(ProtocolError, match="2147483647 x 2147483647"):
        check(bomb)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x10",
        b"\xff\xd8\xff\xe0\x00\x00" * 9,
        b"\xff\xd8\xff\xda\x00\x04\x00\x00\x00\x00",
        b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x00\x00\x10",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIDAT" + bytes(20),
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\0\0\0\0WEBPVP8 " + bytes(20),
        b"RIFF\0\0\0\0WEBPVP8X" + bytes(4),
    ],
    ids=repr,
)
def test_headers_that_tell_nothing(data: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"video\[1\].data"):
        check(data)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]), st.binary())
def test_any_header(start: bytes, rest: bytes) -> None:
    size = picture_size_px(start + rest)
    assert size is None or len(size) == 2
