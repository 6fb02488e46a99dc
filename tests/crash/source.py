"""Chunks that tell where they belong. Knows no process, store or clock."""

from __future__ import annotations

import hashlib
import io
import random
import struct

from PIL import Image

from chain import Chain
from ttm_protocol.messages import Chunk, Gap, Picture

# Gaps at 50, 250, 450 …: never as many as would make a session join them.
FIRST_GAP_SEQ, GAP_EVERY, LAST_GAP_SEQ = 50, 200, 12_000
PICTURE_EVERY = 4


def foreign_state(rng: random.Random) -> Chain:
    """A state that no stream of chunks leads to: what an import puts in place."""
    return Chain(digest=rng.randbytes(32).hex())


class ChunkSource:
    """The chunks of one session, each a function of the seed, the session and its number."""

    def __init__(self, seed: int, session: int) -> None:
        self._prefix = struct.pack("<qq", seed, session)
        self._rng = random.Random(f"{seed}/{session}")
        self._times: list[tuple[int, int]] = []  # start and length in ms
        self._next_ms = 0

    def chunk(self, seq: int) -> Chunk:
        """Chunk `seq`, always the same."""
        while len(self._times) < seq:
            self._add()
        start_ms, length_ms = self._times[seq - 1]
        gap = None
        if _has_gap(seq):
            gap = Gap(start_ms / 1000 - 1.0, start_ms / 1000 - 0.5, "laboratory")
        return Chunk(
            seq=seq,
            t=start_ms / 1000,
            d=length_ms / 1000,
            video=[] if seq % PICTURE_EVERY else [self._picture(seq, start_ms / 1000)],
            audio=self._sound(seq),
            gap=gap,
        )

    def gaps(self, first: int, last: int) -> list[Gap]:
        """Gaps that chunks `first` to `last` declare."""
        seqs = [seq for seq in range(first, last + 1) if _has_gap(seq)]
        return [gap for seq in seqs if (gap := self.chunk(seq).gap) is not None]

    def _add(self) -> None:
        if _has_gap(len(self._times) + 1):
            self._next_ms += 1000  # the media that the gap stands for
        length_ms = self._rng.choice((100, 120, 250))
        self._times.append((self._next_ms, length_ms))
        self._next_ms += length_ms

    def _picture(self, seq: int, at_s: float) -> Picture:
        out = io.BytesIO()
        Image.frombytes("L", (8, 4), self._sound(seq)).save(out, format="PNG")
        return Picture(at_s, out.getvalue())

    def _sound(self, seq: int) -> bytes:
        place = self._prefix + struct.pack("<q", seq)
        return place + hashlib.sha256(place).digest()[:8]


def _has_gap(seq: int) -> bool:
    return seq % GAP_EVERY == FIRST_GAP_SEQ and seq <= LAST_GAP_SEQ
