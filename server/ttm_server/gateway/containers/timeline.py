"""A container's timestamps on the session's media clock. Knows tracks by name, no media.

Timestamps may jump. Forwards, in every track that is running, by at most ten minutes: media is
missing, a gap. Backwards, further, or in one track alone: its clock was set; it goes on where it
was. Tracks that were set by about as much are set by exactly as much and so stay together.
"""

from __future__ import annotations

from dataclasses import dataclass

BACK_S = 1.0  # frames may be so late
HOLE_S = 5.0  # a longer hole in all tracks is a gap, not a pause between frames
MAX_GAP_S = 600.0
ALIKE_S = 1.0


@dataclass(slots=True)
class _Track:
    offset_s: float
    end_s: float  # media time up to which it has come
    jump_s: float | None = None  # it jumped so far and was held back, perhaps alone
    jump_at_s: float = 0.0
    before_s: float = 0.0  # its offset before that


class Timeline:
    """Offsets of one container's tracks.

    `start_s`: where its first timestamp lies on the media clock; `zero_s`: where its timestamp zero
    lies, where that is known; then `start_s` does not count.
    """

    def __init__(self, start_s: float, zero_s: float | None = None) -> None:
        self._start_s = start_s
        self._offset_s = zero_s
        self._tracks: dict[str, _Track] = {}
        self._shift_s: float | None = None  # by which a track was set last
        self._shift_at_s = 0.0

    def place(self, name: str, stamp_s: float, length_s: float) -> tuple[float, bool]:
        """Media time of a piece, and whether a gap lies before it: in all tracks, up to it."""
        if self._offset_s is None:
            self._offset_s = self._start_s - stamp_s
        track = self._tracks.get(name)
        if track is None:
            track = self._tracks[name] = self._new(stamp_s)
        time_s = stamp_s + track.offset_s
        jump_s = time_s - track.end_s
        is_gap = False
        if not -BACK_S <= jump_s <= HOLE_S:
            is_gap = HOLE_S < jump_s <= MAX_GAP_S and self._all_jumped(track, jump_s)
            if not is_gap:
                self._hold(track, jump_s)
            time_s = stamp_s + track.offset_s
        if track.jump_s is not None and time_s > track.jump_at_s + HOLE_S:
            track.jump_s = None  # alone
        track.end_s = max(track.end_s, time_s + length_s)
        self._offset_s = track.offset_s
        return time_s, is_gap

    @property
    def _end_s(self) -> float:
        return max((track.end_s for track in self._tracks.values()), default=self._start_s)

    def _new(self, stamp_s: float) -> _Track:
        assert self._offset_s is not None
        time_s = stamp_s + self._offset_s
        if self._tracks and not -MAX_GAP_S <= time_s - self._end_s <= HOLE_S:
            return _Track(self._end_s - stamp_s, self._end_s)
        return _Track(self._offset_s, time_s)

    def _all_jumped(self, track: _Track, jump_s: float) -> bool:
        """Whether the others that run were held back by about as much; then all are let go."""
        now_s = self._end_s
        others = [
            other
            for other in self._tracks.values()
            if other is not track and other.end_s > now_s - HOLE_S
        ]
        for other in others:
            if other.jump_s is None or abs(other.jump_s - jump_s) > ALIKE_S:
                track.jump_s, track.jump_at_s = jump_s, track.end_s
                track.before_s = track.offset_s
                return False
        for other in others:
            other.offset_s, other.jump_s = other.before_s, None
            other.end_s = track.end_s + jump_s
        track.jump_s = None
        track.end_s += jump_s
        return True

    def _hold(self, track: _Track, jump_s: float) -> None:
        """Let a track go on where it was; as another one that was set just before."""
        shift_s = -jump_s
        recent = self._shift_s is not None and track.end_s < self._shift_at_s + HOLE_S
        if recent and self._shift_s is not None and abs(self._shift_s - shift_s) <= ALIKE_S:
            shift_s = self._shift_s
        self._shift_s, self._shift_at_s = shift_s, track.end_s
        track.offset_s += shift_s
