"""Cuts pictures and sound on the media clock into chunks without holes. Knows no container.

Times are counted in samples (16 kHz), so that chunks follow each other exactly. What comes after
its chunk was cut is left out, and the next chunk says so in a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ttm_protocol.messages import DEFAULT_LIMITS, SAMPLE_RATE_HZ, Chunk, Gap, Picture

CHUNK_SAMPLES = SAMPLE_RATE_HZ // 2
PICTURES_PER_S = 2
LOST = "lost"
LATE = {"video": "late_video", "audio": "late_audio"}
_JOIN_S = 0.1  # less is the beginning of a recorder, not a gap
PATIENCE_S = 3.0  # chunks lag for the sake of a track that came to a halt; then it is given up
MAX_TICK_S = 0.5  # how long the last picture of all is taken to last, at most
_MIN_SAMPLES = round(DEFAULT_LIMITS.min_chunk_s * SAMPLE_RATE_HZ)
_JITTER_SAMPLES = SAMPLE_RATE_HZ // 20  # timestamps of sound are rounded to milliseconds

Samples = npt.NDArray[np.int16]


@dataclass(slots=True)
class _Track:
    end_s: float = float("-inf")
    is_stalled: bool = False  # was given up: not waited for until it is back
    left_out_from: int | None = None  # samples; chunks from here on were cut without it


@dataclass(slots=True)
class Cutter:
    """Chunks from `next_seq` on; the first begins at `start_s`, None: where media begins.

    `lag_s`: how far one track may lie behind the other before a chunk is cut without it.
    """

    next_seq: int
    start_s: float | None
    lag_s: float = 2.0
    _cursor: int = 0  # samples; where the next chunk begins
    _gap: Gap | None = None
    _tracks: dict[str, _Track] = field(default_factory=dict)
    _sound: list[tuple[int, Samples]] = field(default_factory=list)
    _sound_end: int | None = None
    _pictures: list[Picture] = field(default_factory=list)
    _slot: int = -1
    _slot_zero_s: float = 0.0
    _last_picture_s: float | None = None
    _tick_s: float = 0.0  # between the last two pictures

    def __post_init__(self) -> None:
        if self.start_s is not None:
            self._cursor = round(self.start_s * SAMPLE_RATE_HZ)

    @property
    def end_s(self) -> float:
        """Media time up to which chunks were cut."""
        return self._cursor / SAMPLE_RATE_HZ

    def is_behind(self, time_s: float) -> bool:
        """Whether media that begins then leaves something out."""
        return self.start_s is not None and time_s > self.end_s + _JOIN_S

    def begin(self, names: list[str], lag_s: float) -> None:
        """A container with these tracks (`video`, `audio`) follows; what was before is cut."""
        self.lag_s = lag_s
        self._tracks = {name: _Track() for name in names}
        self._sound_end, self._slot, self._last_picture_s = None, -1, None

    def wants_picture(self, time_s: float) -> bool:
        """Whether a picture of this time would be the first of its half second."""
        self._start(time_s)
        late = round(time_s * SAMPLE_RATE_HZ) < self._cursor
        return not late and self._slot_of(time_s) > self._slot

    def add_picture(self, time_s: float, data: bytes | None) -> None:
        """A picture, or (None) only word that the pictures have come so far."""
        self._start(time_s)
        if data is not None:
            self._slot = self._slot_of(time_s)
            self._pictures.append(Picture(time_s, data))
        last_s, self._last_picture_s = self._last_picture_s, time_s
        tick_s = 0.0 if last_s is None else min(max(0.0, time_s - last_s), MAX_TICK_S)
        place = round(time_s * SAMPLE_RATE_HZ)
        self._came_late("video", place, place + round(tick_s * SAMPLE_RATE_HZ))
        self._reached("video", time_s, tick_s)

    def add_sound(self, time_s: float, samples: Samples) -> None:
        """Sound, 16 kHz mono, from a time on; what lies before the sound so far is left out."""
        if not len(samples):
            return
        self._start(time_s)
        place = round(time_s * SAMPLE_RATE_HZ)
        if self._sound_end is not None:
            ahead = place - self._sound_end
            if abs(ahead) <= _JITTER_SAMPLES:
                place = self._sound_end
            elif ahead < 0:
                samples = samples[-ahead:]
                place = self._sound_end
        end = place + len(samples)
        self._came_late("audio", place, end)
        if end > self._cursor and len(samples):
            self._sound.append((place, samples))
        self._sound_end = max(end, self._sound_end or end)
        self._reached("audio", self._sound_end / SAMPLE_RATE_HZ, 0.0)

    def cut(self) -> Iterator[Chunk]:
        """Every chunk that is complete."""
        while self._is_complete():
            yield self._chunk(CHUNK_SAMPLES)

    def flush(self) -> Iterator[Chunk]:
        """Everything that is there; the last chunk may be shorter."""
        end = self._cursor
        for track in self._tracks.values():
            if track.end_s > 0.0:
                end = max(end, round(track.end_s * SAMPLE_RATE_HZ))
        if self._last_picture_s is not None and "video" in self._tracks:
            tail = round((self._last_picture_s + self._tick_s) * SAMPLE_RATE_HZ)
            end = max(end, tail)
        while end - self._cursor >= CHUNK_SAMPLES:
            yield self._chunk(CHUNK_SAMPLES)
        if self._sound or self._pictures or end - self._cursor >= _MIN_SAMPLES:
            yield self._chunk(max(_MIN_SAMPLES, end - self._cursor))

    def skip_to(self, time_s: float) -> None:
        """Media up to a time is missing; call :meth:`flush` first."""
        to = round(time_s * SAMPLE_RATE_HZ)
        if to <= self._cursor:
            return
        since_s = self.end_s if self._gap is None else self._gap.t0
        self._gap = Gap(since_s, to / SAMPLE_RATE_HZ, LOST)
        self._cursor = to
        self._sound.clear()
        self._pictures.clear()
        self._sound_end, self._slot, self._last_picture_s = None, -1, None
        self._slot_zero_s = self.end_s
        for track in self._tracks.values():
            track.end_s, track.is_stalled, track.left_out_from = float("-inf"), False, None

    # --- inside -----------------------------------------------------------------------------------

    def _start(self, time_s: float) -> None:
        """Where media begins for the first time."""
        if self.start_s is None:
            self.start_s = max(0.0, time_s)
            self._cursor = round(self.start_s * SAMPLE_RATE_HZ)
        if self._slot < 0:
            self._slot_zero_s = self.end_s

    def _slot_of(self, time_s: float) -> int:
        return int((time_s - self._slot_zero_s) * PICTURES_PER_S + 1e-6)

    def _came_late(self, name: str, start: int, end: int) -> None:
        """Media of a track that was not waited for: what lies in chunks cut since then is a gap."""
        since = self._tracks[name].left_out_from
        if since is None:
            return
        start, end = max(start, since), min(end, self._cursor)
        if start >= end:
            return
        t0, t1, reason = start / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, LATE[name]
        if self._gap is not None:
            reason = reason if self._gap.reason == reason else LOST
            t0, t1 = min(t0, self._gap.t0), max(t1, self._gap.t1)
        self._gap = Gap(t0, t1, reason)

    def _reached(self, name: str, end_s: float, tick_s: float) -> None:
        track = self._tracks[name]
        track.end_s = max(track.end_s, end_s)
        if name == "video":
            self._tick_s = tick_s
        if track.end_s >= self.end_s:
            track.is_stalled, track.left_out_from = False, None

    def _is_complete(self) -> bool:
        if not self._tracks:
            return False
        end_s = (self._cursor + CHUNK_SAMPLES) / SAMPLE_RATE_HZ
        newest_s = max(track.end_s for track in self._tracks.values())
        if newest_s < end_s:
            return False
        for name, track in self._tracks.items():
            if track.end_s < end_s and not track.is_stalled:
                if newest_s < end_s + self.lag_s:
                    return False
                if track.left_out_from is None:
                    # A picture of this half second is all that it would have got.
                    has_its_own = name == "video" and bool(self._pictures)
                    track.left_out_from = self._cursor + CHUNK_SAMPLES * has_its_own
                track.is_stalled = newest_s >= track.end_s + self.lag_s + PATIENCE_S
        return True

    def _chunk(self, count: int) -> Chunk:
        start, end = self._cursor, self._cursor + count
        pictures = [p for p in self._pictures if round(p.t * SAMPLE_RATE_HZ) < end]
        self._pictures = self._pictures[len(pictures) :]
        chunk = Chunk(
            seq=self.next_seq,
            t=start / SAMPLE_RATE_HZ,
            d=count / SAMPLE_RATE_HZ,
            video=pictures[: DEFAULT_LIMITS.max_pictures],
            audio=self._take_sound(start, end),
            gap=self._gap,
        )
        self.next_seq += 1
        self._cursor, self._gap = end, None
        return chunk

    def _take_sound(self, start: int, end: int) -> bytes | None:
        """The sound of an interval, silence in its holes; None where there is none at all."""
        out: npt.NDArray[np.int16] | None = None
        rest: list[tuple[int, Samples]] = []
        for place, samples in self._sound:
            first, last = max(place, start), min(place + len(samples), end)
            if first < last:
                out = np.zeros(end - start, np.int16) if out is None else out
                out[first - start : last - start] = samples[first - place : last - place]
            if place + len(samples) > end:
                rest.append((place, samples))
        self._sound = rest
        return None if out is None else out.astype("<i2").tobytes()
