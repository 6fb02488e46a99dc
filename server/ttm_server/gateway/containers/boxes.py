"""Fragmented MP4, box by box, before the demuxer sees it. Knows sizes and counts, no codec.

A demuxer makes room for as many samples as a box *says* there are. A few bytes could so ask for
gigabytes; here they are counted first. And it keeps a note of every sample and every fragment until
its file ends; so the file ends now and then, and goes on for the next demuxer, with the header
again. The words are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
from typing import Protocol

from ttm_protocol.errors import MediaError
from ttm_server.gateway.containers.fragments import checked_fragment

MAX_BOX_BYTES = 1024 * 1024  # of ftyp, moov and moof
MAX_NOTES = 20_000  # of one demuxer: 1 MB, or four minutes of pictures and sound
FRAGMENT_NOTES = 10  # a fragment takes it as much room as so many samples
_HEADER = (b"ftyp", b"moov")
_HEADER_BYTES = 8


class Reading(Protocol):
    """What bytes are read from."""

    def read(self, most: int) -> bytes:
        """1 to `most` bytes; none at the end."""


class CheckedBoxes:
    """A file over a file: the same bytes, with every box that a live stream does not need blanked.

    It ends before the fragment that would make it more than `most_notes` (one fragment it always
    has); :meth:`go_on` begins it anew there. Raises MediaError from `read` for a plain (not
    fragmented) MP4 and for counts beyond the limits.
    """

    def __init__(self, source: Reading, most_notes: int = MAX_NOTES) -> None:
        self._source = source
        self._most_notes = most_notes
        self._ready = b""
        self._pass_bytes = 0  # what is left of a box that goes through unread
        self._header: dict[bytes, bytes] = {}
        self._has_moof = False
        self._held = b""
        self._held_notes = 0
        self._place = 0  # in the source, behind the box that was begun last
        self._moved_bytes = 0  # by which a place in the source lies further than in this file
        self.notes = 0  # that a demuxer has to make of what it was given of this file

    @property
    def is_held(self) -> bool:
        """Whether it ended for one demuxer only."""
        return bool(self._held)

    def go_on(self) -> None:
        """Begin anew, for the next demuxer: the header again, then what was held back."""
        self._ready = b"".join(self._header.values()) + self._held
        self.notes, self._held, self._held_notes = self._held_notes, b"", 0

    def read(self, most: int) -> bytes:
        """1 to `most` bytes; none at the end."""
        if not self._ready and not self._pass_bytes and not self._held:
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
        begin, self._place = self._place, self._place + size
        if kind == b"mdat" and not self._has_moof:
            raise MediaError(
                "media: a plain MP4; live MP4 has to be fragmented (ffmpeg: -movflags "
                "frag_keyframe+empty_moov+default_base_moof)"
            )
        is_header = kind in _HEADER and kind not in self._header
        if not is_header and kind != b"moof":
            if kind != b"mdat":
                header = header[:4] + b"free" + header[8:]
            self._ready, self._pass_bytes = header, size - head_bytes
            return
        if size > MAX_BOX_BYTES:
            raise MediaError(f"media: an MP4 header of {size} bytes, at most {MAX_BOX_BYTES}")
        body = self._exactly(size - head_bytes)
        if is_header:
            _check_header(body)
            self._ready = self._header[kind] = header + body
        elif len(body) == size - head_bytes:
            self._fragment(header, body, begin)

    def _fragment(self, header: bytes, body: bytes, begin: int) -> None:
        self._has_moof = b"moov" in self._header
        checked, samples = checked_fragment(body, self._moved_bytes)
        notes = samples + FRAGMENT_NOTES
        if not self.notes or self.notes + notes <= self._most_notes:
            self._ready = header + checked
            self.notes += notes
            return
        self._moved_bytes = begin - sum(map(len, self._header.values()))
        self._held = header + checked_fragment(body, self._moved_bytes)[0]
        self._held_notes = notes

    def _exactly(self, count: int) -> bytes:
        out = bytearray()
        while len(out) < count:
            piece = self._source.read(count - len(out))
            if not piece:
                break
            out += piece
        return bytes(out)


def _check_header(body: bytes) -> None:
    """Wherever in a box they stand: a demuxer follows them into boxes of every kind."""
    for name, words in ((b"cmov", "a compressed MP4 header"), (b"moof", "an MP4 header in pieces")):
        if name in body:
            raise MediaError(f"media: {words}")
    for name in (b"stsz", b"stz2"):
        if _sum_counts(body, name, 8) > 0:
            raise MediaError(
                "media: an MP4 header that lists samples; live MP4 has an empty one (ffmpeg: "
                "-movflags frag_keyframe+empty_moov+default_base_moof)"
            )
    samples = _sum_counts(body, b"trun", 4)
    if samples:
        raise MediaError(f"media: an MP4 header of {samples} samples; live MP4 has an empty one")


def _sum_counts(body: bytes, name: bytes, offset: int) -> int:
    """The counts that stand `offset` bytes behind each of these names, added up."""
    total, place = 0, body.find(name)
    while place >= 0:
        field = body[place + 4 + offset : place + 8 + offset]
        total += int.from_bytes(field, "big")
        place = body.find(name, place + 4)
    return total
