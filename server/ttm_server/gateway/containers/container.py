"""Opens one live container and decodes it, within limits. Knows PyAV, no media clock.

What a hostile stream may cost is bounded here: only the formats and codecs that recorders use, no
picture above a size (the decoder itself refuses it, before it makes room), one thread, few tracks,
so much that a demuxer keeps (in the demuxer) and so many bytes without media (in the pipe).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import av.error
import numpy as np

from ttm_protocol.errors import MediaError
from ttm_protocol.messages import SAMPLE_RATE_HZ
from ttm_server.gateway.containers.cutter import Samples
from ttm_server.gateway.containers.demuxer import Demuxer, words_of
from ttm_server.gateway.containers.pipe import EBML, FTYP, BytePipe
from ttm_server.gateway.containers.stills import MAX_PIXELS, check_size

VIDEO_CODECS = frozenset({"vp8", "vp9", "av1", "h264", "hevc"})
AUDIO_CODECS = frozenset({"opus", "vorbis", "aac", "mp3", "pcm_s16le", "pcm_f32le", "flac"})
_CODEC_OPTIONS = {"max_pixels": str(MAX_PIXELS)}
LAG_S = {"matroska": 2.0, "mp4": 10.0}  # a fragment of MP4 holds its tracks one after the other


class Container:
    """One recorder's stream, open. Raises MediaError where it is none that can be decoded."""

    def __init__(self, pipe: BytePipe, head: bytes) -> None:
        self._pipe = pipe
        self.format = format_of(head)
        self._demuxer = Demuxer(pipe, self.format)
        self._damaged = 0
        streams = {
            name: stream
            for name, streams, codecs in (
                ("video", self._demuxer.streams.video, VIDEO_CODECS),
                ("audio", self._demuxer.streams.audio, AUDIO_CODECS),
            )
            for stream in [_first(streams, codecs)]
            if stream is not None
        }
        self._names = {stream.index: name for name, stream in streams.items()}
        self._codecs = {name: stream.codec_context for name, stream in streams.items()}
        try:
            self._check()
        except MediaError:
            self.close()
            raise

    @property
    def names(self) -> list[str]:
        """Its tracks: `video`, `audio` or both."""
        return list(self._codecs)

    @property
    def damaged(self) -> int:
        """How often reading or decoding failed."""
        return self._demuxer.errors + self._damaged

    @property
    def lag_s(self) -> float:
        """How far one of its tracks may lie behind the other."""
        return LAG_S[self.format]

    def frames(self) -> Iterator[tuple[str, float, Any]]:
        """(track, timestamp in seconds, frame) in the order of decoding, to the container's end.

        A damaged packet costs itself only and is counted in `damaged`.
        """
        for packet in self._demuxer.packets(list(self._names)):
            name = self._names[packet.stream.index]
            try:
                frames = self._codecs[name].decode(packet)
            except (av.error.FFmpegError, ValueError):
                self._damaged += 1
                continue
            for frame in frames:
                if frame.time is not None:
                    self._pipe.yielded()
                    yield name, frame.time, frame

    def close(self) -> None:
        """Give its memory back."""
        self._demuxer.close()

    def _check(self) -> None:
        if not self._codecs:
            raise MediaError(
                f"media: no track of a kind that is decoded here: {', '.join(sorted(VIDEO_CODECS))}"
                f"; {', '.join(sorted(AUDIO_CODECS))}",
                field="media",
            )
        for name, codec in self._codecs.items():
            if name == "video":
                check_size(codec.width, codec.height)
            codec.thread_count = 1
            codec.options = dict(_CODEC_OPTIONS)


class Resampler:
    """Frames of sound as 16 kHz mono; a change of their format begins anew."""

    def __init__(self) -> None:
        self._resampler = self._new()

    def samples(self, frame: av.AudioFrame) -> Samples:
        """What comes out for one frame. Raises MediaError where it cannot be converted."""
        try:
            frames = self._resampler.resample(frame)
        except (ValueError, av.error.FFmpegError):
            self._resampler = self._new()
            try:
                frames = self._resampler.resample(frame)
            except (ValueError, av.error.FFmpegError) as error:
                raise MediaError(f"media: sound cannot be converted: {words_of(error)}") from None
        pieces = [piece.to_ndarray().reshape(-1) for piece in frames]
        return np.concatenate(pieces).astype(np.int16) if pieces else np.zeros(0, np.int16)

    def _new(self) -> av.AudioResampler:
        return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)


def format_of(head: bytes) -> str:
    """`matroska` or `mp4`, by a stream's first bytes; raises MediaError."""
    if head[:4] == EBML:
        return "matroska"
    if head[4:8] == FTYP:
        return "mp4"
    raise MediaError(
        f"media: begins with {head[:8].hex(' ')}, neither WebM/Matroska nor fragmented MP4; after "
        "a reconnect a recorder has to begin anew, with its header",
        field="media",
    )


def _first(streams: Any, codecs: frozenset[str]) -> Any:
    """The first track whose codec is one of these."""
    for stream in streams:
        if stream.codec_context is not None and stream.codec_context.codec.canonical_name in codecs:
            return stream
    return None
