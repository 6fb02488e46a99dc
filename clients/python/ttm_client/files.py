"""Chunks from a file or URL that PyAV can open. Blocking; knows no socket and no session."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt

from ttm_client.source import MediaChunk
from ttm_server.errors import MediaError
from ttm_server.protocol import SAMPLE_RATE_HZ, Picture

CHUNK_S = 0.5
JPEG_QUALITY = 85
LONGEST_SIDE_PX = 480
MAX_HOLE_S = 600.0  # a longer jump of the timestamps is a fault of the file, not a silence


@dataclass(slots=True)
class FileSource:
    """Half-second chunks of a media file: stills as JPEG, sound as 16 kHz mono PCM.

    Iterate over it once. Raises MediaError where the file cannot be opened or holds no media.
    """

    source: str | Path
    pictures_per_chunk: int = 1
    chunk_s: float = CHUNK_S
    _frames: deque[tuple[float, Any]] = field(default_factory=deque)
    _pcm: list[npt.NDArray[np.int16]] = field(default_factory=list)
    _pcm_start: int = 0  # sample number of the first sample in _pcm
    _pcm_end: int = 0
    _video_s: float = 0.0

    def __iter__(self) -> Iterator[MediaChunk]:
        try:
            with av.open(str(self.source)) as container:
                yield from self._chunks(container)
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f"{self.source}: {error}") from error

    def duration_s(self) -> float | None:
        """The length that the container announces, or None."""
        try:
            with av.open(str(self.source)) as container:
                return None if container.duration is None else container.duration / av.time_base
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f"{self.source}: {error}") from error

    def _chunks(self, container: Any) -> Iterator[MediaChunk]:
        streams = [kind[0] for kind in (container.streams.video, container.streams.audio) if kind]
        if not streams:
            raise MediaError(f"{self.source}: neither picture nor sound in it")
        has_video, has_audio = bool(container.streams.video), bool(container.streams.audio)
        for stream in streams:
            stream.thread_type = "AUTO"
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        origin_s = (container.start_time or 0) / av.time_base
        number = 0
        for packet in container.demux(*streams):
            for frame in _decoded(packet):
                self._take(frame, resampler, origin_s)
            while self._complete(number, has_video, has_audio):
                yield self._cut(number, has_audio)
                number += 1
        if has_audio:
            self._append(resampler.resample(None), None)
        end_s = max(self._pcm_end / SAMPLE_RATE_HZ, self._video_s)
        while number * self.chunk_s < end_s - 0.1:
            yield self._cut(number, has_audio, end_s)
            number += 1

    def _complete(self, number: int, has_video: bool, has_audio: bool) -> bool:
        """Whether both streams have passed the end of chunk `number`, with a second of slack.

        The slack lets a stream that lies behind in the file catch up; one that has ended early
        must not hold the other back for ever.
        """
        end_s = (number + 1) * self.chunk_s
        positions = []
        if has_video:
            positions.append(self._video_s)
        if has_audio:
            positions.append(self._pcm_end / SAMPLE_RATE_HZ)
        return min(positions) > end_s or max(positions) > end_s + 10.0

    def _take(self, frame: Any, resampler: Any, origin_s: float) -> None:
        time_s = max(0.0, (frame.time if frame.time is not None else 0.0) - origin_s)
        if isinstance(frame, av.VideoFrame):
            self._frames.append((time_s, frame))
            self._video_s = max(self._video_s, time_s)
        else:
            self._append(resampler.resample(frame), time_s)

    def _append(self, frames: list[Any], time_s: float | None) -> None:
        if time_s is not None and frames:
            hole = round(time_s * SAMPLE_RATE_HZ) - self._pcm_end
            if SAMPLE_RATE_HZ // 20 < hole < MAX_HOLE_S * SAMPLE_RATE_HZ:
                self._add(np.zeros(hole, np.int16))
        for frame in frames:
            self._add(frame.to_ndarray().reshape(-1).astype(np.int16))

    def _add(self, samples: npt.NDArray[np.int16]) -> None:
        self._pcm.append(samples)
        self._pcm_end += len(samples)

    def _cut(self, number: int, has_audio: bool, end_s: float | None = None) -> MediaChunk:
        start_s = number * self.chunk_s
        length_s = self.chunk_s if end_s is None else min(self.chunk_s, end_s - start_s)
        frames = []
        while self._frames and self._frames[0][0] < start_s + length_s:
            frames.append(self._frames.popleft())
        picked = _spread(frames, self.pictures_per_chunk)
        pictures = tuple(Picture(time_s, _jpeg(frame)) for time_s, frame in picked)
        audio = self._cut_audio(start_s, length_s) if has_audio else None
        return MediaChunk(start_s, length_s, pictures, audio)

    def _cut_audio(self, start_s: float, length_s: float) -> bytes | None:
        first = round(start_s * SAMPLE_RATE_HZ)
        last = round((start_s + length_s) * SAMPLE_RATE_HZ)
        if not self._pcm:
            return None
        samples = np.concatenate(self._pcm)
        cut = samples[max(0, first - self._pcm_start) : max(0, last - self._pcm_start)]
        rest = samples[max(0, last - self._pcm_start) :]
        self._pcm, self._pcm_start = [rest], self._pcm_end - len(rest)
        return cut.astype("<i2").tobytes() or None


def _decoded(packet: Any) -> list[Any]:
    """A packet's frames; a damaged packet costs itself only."""
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return []


def _spread(frames: list[tuple[float, Any]], count: int) -> list[tuple[float, Any]]:
    """`count` frames evenly over the list, from the middle of equal parts."""
    if len(frames) <= count:
        return frames
    return [frames[(2 * i + 1) * len(frames) // (2 * count)] for i in range(count)]


def _jpeg(frame: Any) -> bytes:
    scale = min(1.0, LONGEST_SIDE_PX / max(frame.width, frame.height))
    picture = frame.to_image(
        width=max(2, round(frame.width * scale)), height=max(2, round(frame.height * scale))
    )
    out = io.BytesIO()
    picture.save(out, format="JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
