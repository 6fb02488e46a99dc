"""Packets of one live container, by one libavformat demuxer after another. Knows no decoder.

Of MP4 a demuxer keeps a note of every sample, see :mod:`~ttm_server.gateway.containers.boxes`: it
is exchanged now and then, between two fragments. Their timestamps are the container's own, so they
just go on; and who decodes need not begin anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import av.error

from ttm_protocol.errors import MediaError
from ttm_server.gateway.containers.boxes import FRAGMENT_NOTES, CheckedBoxes
from ttm_server.gateway.containers.pipe import BytePipe
from ttm_server.gateway.containers.stills import MAX_PIXELS

# Decoders that libavformat may use while it looks at a stream; names are those of libavcodec.
_DECODERS = (
    "vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,h264,hevc,opus,libopus,vorbis,libvorbis,aac,mp3,"
    "mp3float,pcm_s16le,pcm_f32le,flac"
)
_OPTIONS = {
    "codec_whitelist": _DECODERS,
    "max_pixels": str(MAX_PIXELS),
    "max_streams": "8",
    "probesize": str(256 * 1024),
    "analyzeduration": "500000",  # microseconds
    "fpsprobesize": "0",
    "indexmem": str(64 * 1024),  # of Matroska's key frames, for seeking; thinned out when full
    "threads": "1",
}
MAX_ERRORS = 1000  # of reading, one after the other


class Demuxer:
    """A container, open: `matroska` or `mp4`. Raises MediaError where its header cannot be read."""

    def __init__(self, pipe: BytePipe, form: str) -> None:
        self._pipe = pipe
        self._form = form
        self._boxes = CheckedBoxes(pipe) if form == "mp4" else None
        self.errors = 0  # of reading
        try:
            self._input = self._open()
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(f"media: the header cannot be read: {words_of(error)}") from None

    @property
    def streams(self) -> Any:
        """PyAV's streams, as the header tells them."""
        return self._input.streams

    def packets(self, indices: list[int]) -> Iterator[Any]:
        """Packets of these streams, to the container's end; there an empty one of each.

        Raises MediaError where a demuxer read all it may and found no packet.
        """
        first, found = True, False
        while True:
            for packet in self._packets(indices):
                found = True
                yield packet if first else _uncut(packet)
            if self._boxes is None or not self._boxes.is_held:
                return
            if not found:
                raise MediaError(
                    f"media: MP4 fragments that count as {self._boxes.notes} samples (each as "
                    f"{FRAGMENT_NOTES} more) and neither a picture nor sound in them",
                    field="media",
                )
            first, found = False, False
            self._input.close()
            self._boxes.go_on()
            try:
                self._input = self._open()
            except (av.error.FFmpegError, ValueError):
                self.errors += 1
                return

    def close(self) -> None:
        """Give its memory back."""
        self._input.close()

    def _open(self) -> Any:
        source: Any = self._pipe if self._boxes is None else self._boxes
        return av.open(source, format=self._form, options=dict(_OPTIONS))

    def _packets(self, indices: list[int]) -> Iterator[Any]:
        """Those of one demuxer. Where the container goes on, the decoders are not to be emptied."""
        errors = 0
        while True:
            try:
                for packet in self._input.demux(*indices):
                    errors = 0
                    if packet.size or self._boxes is None or not self._boxes.is_held:
                        yield packet
                return
            except av.error.FFmpegError as error:
                self.errors += 1
                errors += 1
                if isinstance(error, av.error.EOFError) or errors > MAX_ERRORS:
                    return


def words_of(error: Exception) -> str:
    """What libav said, without the file name that it adds."""
    return str(getattr(error, "strerror", None) or error)[:200]


def _uncut(packet: Any) -> Any:
    """Without word of the encoder's delay, which a demuxer has cut off where it begins."""
    if not packet.has_sidedata("skip_samples"):
        return packet
    plain = av.Packet(bytes(packet))
    plain.stream = packet.stream
    plain.pts, plain.dts, plain.time_base = packet.pts, packet.dts, packet.time_base
    plain.duration = packet.duration
    return plain
