"""What a media source yields: a chunk's content before it has a number. Knows no socket."""

from __future__ import annotations

from dataclasses import dataclass

from ttm_server.protocol import Chunk, Gap, Picture


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
