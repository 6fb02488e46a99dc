"""Fragmented MP4, box by box, before the demuxer sees it. Knows sizes and counts, no codec.

A demuxer makes room for as many samples as a box *says* there are. A few bytes could so ask for
gigabytes; here they are counted first. The words are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
from typing import Protocol

from ttm_server.errors import MediaError

MAX_BOX_BYTES = 1024 * 1024  # of moov and moof
MAX_FRAGMENT_SAMPLES = 20_000
_KNOWN = (b"ftyp", b"moov", b"moof", b"mdat")
_HEADER_BYTES = 8


class Reading(Protocol):
    """What bytes are read from."""

    def read(self, most: int) -> bytes:
        """1 to `most` bytes; none at the end."""


class CheckedBoxes:
    """A file over a file: the same bytes, with every box that a live stream does not need blanked.

    Raises MediaError from `read` for a plain (not fragmented) MP4 and for counts beyond the limits.
    """

    def __init__(self, source: Reading) -> None:
        self._source = source
        self._ready = b""
        self._pass_bytes = 0  # what is left of a box that goes through unread
        self._has_moov = False
        self._has_moof = False

    def read(self, most: int) -> bytes:
        """1 to `most` bytes; none at the end."""
        if not self._ready and not self._pass_bytes:
            self._next_box()
        if self._ready:
            out, self._ready = self._ready[:most], self._ready[most:]
            return out
        out = self._source.read(min(most, self._pass_bytes)) if self._pass_bytes else b""
        self._pass_bytes -= len(out)
        return out

    def _next_box(self) -> None:
        header = self._exactly(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            return
        size, kind = struct.unpack(">I4s", header)
        head_bytes = _HEADER_BYTES
        if size == 1:
            header += self._exactly(8)
            head_bytes = len(header)
            size = int.from_bytes(header[8:16], "big")
        if size < head_bytes:
            raise MediaError("media: an MP4 box without a size; live MP4 is fragmented MP4")
        self._check_order(kind)
        if kind in (b"moov", b"moof"):
            if size > MAX_BOX_BYTES:
                raise MediaError(f"media: an MP4 header of {size} bytes, at most {MAX_BOX_BYTES}")
            body = self._exactly(size - head_bytes)
            _check_counts(kind, body)
            self._ready = header + body
            return
        if kind not in _KNOWN:
            header = header[:4] + b"free" + header[8:]
        self._ready, self._pass_bytes = header, size - head_bytes

    def _check_order(self, kind: bytes) -> None:
        self._has_moov = self._has_moov or kind == b"moov"
        self._has_moof = self._has_moof or kind == b"moof"
        if kind == b"mdat" and not (self._has_moov and self._has_moof):
            raise MediaError(
                "media: a plain MP4; live MP4 has to be fragmented (ffmpeg: -movflags "
                "frag_keyframe+empty_moov+default_base_moof)"
            )

    def _exactly(self, count: int) -> bytes:
        out = bytearray()
        while len(out) < count:
            piece = self._source.read(count - len(out))
            if not piece:
                break
            out += piece
        return bytes(out)


def _check_counts(kind: bytes, body: bytes) -> None:
    """Wherever in a box they stand: a demuxer follows them into boxes of every kind."""
    if b"cmov" in body:
        raise MediaError("media: a compressed MP4 header")
    for name in (b"stsz", b"stz2"):
        if _sum_counts(body, name, 8) > 0:
            raise MediaError(
                "media: an MP4 header that lists samples; live MP4 has an empty one (ffmpeg: "
                "-movflags frag_keyframe+empty_moov+default_base_moof)"
            )
    samples = _sum_counts(body, b"trun", 4)
    if samples > MAX_FRAGMENT_SAMPLES or (samples and kind != b"moof"):
        raise MediaError(
            f"media: an MP4 fragment of {samples} samples, at most {MAX_FRAGMENT_SAMPLES}"
        )


def _sum_counts(body: bytes, name: bytes, offset: int) -> int:
    """The counts that stand `offset` bytes behind each of these names, added up."""
    total, place = 0, body.find(name)
    while place >= 0:
        field = body[place + 4 + offset : place + 8 + offset]
        total += int.from_bytes(field, "big")
        place = body.find(name, place + 4)
    return total
