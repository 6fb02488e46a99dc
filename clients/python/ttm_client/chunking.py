"""Decoded frames in, chunks of half a second out, on one clock. Knows no file and no socket."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ttm_client.source import MediaChunk
from ttm_protocol.messages import SAMPLE_RATE_HZ, Gap, Picture

CHUNK_S = 0.5
JPEG_QUALITY = 85
LONGEST_SIDE_PX = 480
SHORTEST_CHUNK_S = 0.1
MAX_HOLE_S = 600.0  # a longer jump of the timestamps is a fault of the source, not a silence
MAX_BACK_S = 10.0  # as is one this far back
HOLE_S = 0.05  # missing sound that is shorter is jitter
KEPT_EVERY_S = 1 / 16  # pictures that come faster are not candidates
CAPTURE = "capture"  # reason of a gap: the device or network lost sound


class Chunker:
    """Pictures and sound, each frame with its time, cut into equal chunks.

    Times given to :meth:`add` count from this chunker's own zero, which is `start_s` of the media
    clock. `slack_s`: how far one kind may lag behind before the other goes on without it.
    `tell_holes`: report missing sound as a gap (a file's silence is none).
    """

    def __init__(
        self,
        *,
        video: bool,
        audio: bool,
        pictures_per_chunk: int = 1,
        chunk_s: float = CHUNK_S,
        start_s: float = 0.0,
        slack_s: float = 10.0,
        tell_holes: bool = False,
        first_gap: Gap | None = None,
    ) -> None:
        self._video, self._audio = video, audio
        self._pictures_per_chunk = pictures_per_chunk
        self._chunk_s = chunk_s
        self._start_s = start_s
        self._slack_s = slack_s
        self._tell_holes = tell_holes
        self._gaps: list[Gap] = [] if first_gap is None else [first_gap]  # in media-clock seconds
        self._number = 0
        self._frames: deque[tuple[float, Any]] = deque()
        self._video_s = 0.0
        self._kept_s = -1.0
        self._shift_s = {True: 0.0, False: 0.0}  # of video, of audio: after jumps of timestamps
        self._resampler = _resampler()
        self._pcm: list[npt.NDArray[np.int16]] = []
        self._pcm_start = 0  # sample number of the first sample in _pcm
        self._pcm_end = 0

    @property
    def end_s(self) -> float:
        """Media-clock seconds at which the newest chunk so far ends."""
        return self._start_s + self._number * self._chunk_s

    def add(self, frame: Any, time_s: float | None) -> None:
        """Take a decoded `av` frame that begins `time_s` after this chunker's zero."""
        if isinstance(frame, av.VideoFrame):
            self._add_picture(frame, self._placed(time_s, self._video_s, True))
        else:
            at_s = self._placed(time_s, self._pcm_end / SAMPLE_RATE_HZ, False)
            self._add_sound(self._resampled(frame), at_s)

    def ready(self) -> Iterator[MediaChunk]:
        """The chunks that are complete."""
        while self._complete():
            yield self._cut(None)

    def rest(self) -> Iterator[MediaChunk]:
        """What is left when nothing follows; the last chunk may be shorter."""
        if self._audio:
            self._add_sound(self._resampler.resample(None), None)
        end_s = max(self._pcm_end / SAMPLE_RATE_HZ, self._video_s)
        while self._number * self._chunk_s < end_s - SHORTEST_CHUNK_S:
            yield self._cut(end_s)

    def _placed(self, time_s: float | None, at_s: float, video: bool) -> float:
        """The frame's time; after a jump that no media explains, as if nothing were between."""
        if time_s is None:
            return at_s
        shifted_s = time_s + self._shift_s[video]
        if not at_s - MAX_BACK_S <= shifted_s <= at_s + MAX_HOLE_S:
            self._shift_s[video] += at_s - shifted_s
            shifted_s = at_s
        return max(0.0, shifted_s)

    def _add_picture(self, frame: Any, time_s: float) -> None:
        self._video_s = max(self._video_s, time_s)
        if time_s - self._kept_s < KEPT_EVERY_S - 0.001 and self._frames:
            return
        self._kept_s = time_s
        self._frames.append((time_s, frame))

    def _resampled(self, frame: Any) -> list[Any]:
        try:
            return list(self._resampler.resample(frame))
        except ValueError:  # the source has changed its format
            before = list(self._resampler.resample(None))
            self._resampler = _resampler()
            return before + list(self._resampler.resample(frame))

    def _add_sound(self, frames: list[Any], time_s: float | None) -> None:
        if time_s is not None and frames:
            hole = round(time_s * SAMPLE_RATE_HZ) - self._pcm_end
            if hole > HOLE_S * SAMPLE_RATE_HZ:
                if self._tell_holes and self._pcm_end:
                    from_s = self._start_s + self._pcm_end / SAMPLE_RATE_HZ
                    self._gaps.append(Gap(from_s, self._start_s + time_s, CAPTURE))
                self._append(np.zeros(hole, np.int16))
        for frame in frames:
            self._append(frame.to_ndarray().reshape(-1).astype(np.int16))

    def _append(self, samples: npt.NDArray[np.int16]) -> None:
        self._pcm.append(samples)
        self._pcm_end += len(samples)

    def _complete(self) -> bool:
        """Whether both kinds have passed the end of the next chunk.

        A kind that lies behind is waited for, for the slack; one that has ended early must not
        hold the other back for ever.
        """
        end_s = (self._number + 1) * self._chunk_s
        positions = []
        if self._video:
            positions.append(self._video_s)
        if self._audio:
            positions.append(self._pcm_end / SAMPLE_RATE_HZ)
        return min(positions) > end_s or max(positions) > end_s + self._slack_s

    def _cut(self, end_s: float | None) -> MediaChunk:
        from_s = self._number * self._chunk_s
        length_s = self._chunk_s if end_s is None else min(self._chunk_s, end_s - from_s)
        frames = []
        while self._frames and self._frames[0][0] < from_s + length_s:
            frames.append(self._frames.popleft())
        picked = spread(frames, self._pictures_per_chunk)
        pictures = tuple(Picture(self._start_s + time_s, jpeg(frame)) for time_s, frame in picked)
        audio = self._cut_audio(from_s, length_s) if self._audio else None
        start_s = self.end_s
        self._number += 1
        return MediaChunk(start_s, length_s, pictures, audio, self._cut_gap(start_s + length_s))

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

    def _cut_gap(self, end_s: float) -> Gap | None:
        """The gaps that begin before the chunk's end, as one."""
        told = [gap for gap in self._gaps if gap.t0 < end_s]
        self._gaps = [gap for gap in self._gaps if gap.t0 >= end_s]
        if not told:
            return None
        reason = told[0].reason if len({gap.reason for gap in told}) == 1 else "several"
        return Gap(min(gap.t0 for gap in told), max(gap.t1 for gap in told), reason)


def _resampler() -> Any:
    return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)


def spread(frames: list[tuple[float, Any]], count: int) -> list[tuple[float, Any]]:
    """`count` frames evenly over the list, from the middle of equal parts."""
    if len(frames) <= count:
        return frames
    return [frames[(2 * i + 1) * len(frames) // (2 * count)] for i in range(count)]


def jpeg(frame: Any) -> bytes:
    """A frame as a JPEG file whose longer side has at most LONGEST_SIDE_PX pixels."""
    scale = min(1.0, LONGEST_SIDE_PX / max(frame.width, frame.height))
    picture = frame.to_image(
        width=max(2, round(frame.width * scale)), height=max(2, round(frame.height * scale))
    )
    out = io.BytesIO()
    picture.save(out, format="JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
