"""What a media source is and what it yields: chunks without a number. Knows no socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from ttm_protocol.messages import Chunk, Gap, Picture


@dataclass(frozen=True, slots=True)
class MediaChunk:
    """About half a second of media from `t` (media-clock seconds), lasting `d` seconds.

    `audio` is PCM signed 16-bit little-endian mono at 16 kHz, or None.
    """

    t: float
    d: float
    pictures: tuple[Picture, ...] = ()
    audio: bytes | None = None
    gap: Gap | None = None

    def numbered(self, seq: int) -> Chunk:
        """The protocol chunk with this number."""
        return Chunk(
            seq=seq,
            t=self.t,
            d=self.d,
            video=list(self.pictures),
            audio=self.audio,
            gap=self.gap,
        )


class Source:
    """Where media comes from: iterate over it, in any one thread, for its chunks in order.

    `live`: it goes on whether or not somebody takes what it gives, at its own pace. Iterating
    blocks; it raises MediaError where there is no media, and ends soon after :meth:`stop`.
    """

    live: bool = False

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def __iter__(self) -> Iterator[MediaChunk]:
        raise NotImplementedError

    def duration_s(self) -> float | None:
        """The length that is known beforehand, or None. Blocks; may raise MediaError."""
        return None

    def stop(self) -> None:
        """Let the iteration end, with what it has so far, for good; from any thread."""
        self._stopping.set()

    @property
    def stopped(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping.is_set()
