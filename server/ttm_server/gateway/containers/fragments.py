"""A movie fragment (`moof`) as a demuxer may see it. Knows boxes and counts, no codec, no file.

A demuxer follows boxes of every kind, in boxes of every kind, and keeps what it finds in them (for
encryption, for groups of samples) as long as the file is open. Here only those are left that a
recorder's pictures and sound need. The words are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ttm_protocol.errors import MediaError

MAX_FRAGMENT_SAMPLES = 20_000
_HEADER_BYTES = 8
_TRACK_KNOWN = (b"tfhd", b"tfdt", b"trun")
_HAS_BASE = 1  # in tfhd's flags: where samples lie is told from the beginning of the file
_BASE_AT = 8


def checked_fragment(body: bytes, moved_bytes: int) -> tuple[bytes, int]:
    """A moof's body with every other box blanked, and how many samples it tells of.

    `moved_bytes`: how much nearer to the beginning of the demuxer's file it lies than to that of
    the sender's. Raises MediaError by the number of samples and for boxes that overlap.
    """
    out = bytearray(body)
    samples = 0
    for kind, first, end in _boxes(out, 0, len(out)):
        if kind == b"traf":
            for inner, inner_first, inner_end in _boxes(out, first, end):
                if inner == b"trun":
                    samples += int.from_bytes(out[inner_first + 4 : inner_first + 8], "big")
                elif inner == b"tfhd":
                    _move_base(out, inner_first, inner_end, moved_bytes)
                if inner not in _TRACK_KNOWN:
                    _blank(out, inner_first)
        elif kind != b"mfhd":
            _blank(out, first)
    if samples > MAX_FRAGMENT_SAMPLES:
        raise MediaError(
            f"media: an MP4 fragment of {samples} samples, at most {MAX_FRAGMENT_SAMPLES}"
        )
    return bytes(out), samples


def _boxes(data: bytearray, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, where its body begins, where it ends) of each box in an interval."""
    while end - place >= _HEADER_BYTES:
        size, kind = struct.unpack_from(">I4s", data, place)
        if not _HEADER_BYTES <= size <= end - place:
            raise MediaError("media: an MP4 fragment with a box that does not fit into it")
        yield kind, place + _HEADER_BYTES, place + size
        place += size


def _blank(data: bytearray, first: int) -> None:
    data[first - 4 : first] = b"free"


def _move_base(data: bytearray, first: int, end: int, moved_bytes: int) -> None:
    flags = int.from_bytes(data[first + 1 : first + 4], "big")
    place = first + _BASE_AT
    if flags & _HAS_BASE and end - place >= 8:
        base = int.from_bytes(data[place : place + 8], "big") - moved_bytes
        data[place : place + 8] = (base % (1 << 64)).to_bytes(8, "big")
