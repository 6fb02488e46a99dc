"""Chunks that tell where they belong, and a fold over them. Knows no process, store or clock.

The state counts the chunks in it and chains their hashes, so that a chunk that was lost, applied
twice, swapped or taken from another session gives another state for ever after.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ttm_model.asking import Asking
from ttm_model.chunk import ChunkMedia
from ttm_model.step_result import Noticed, StepResult
from ttm_protocol.answers import Answer, Summary, Timeline
from ttm_protocol.errors import StateIncompatible
from ttm_protocol.messages import Chunk, Gap

MAGIC = b"crash-chain-1"
EMPTY = MAGIC + bytes(8 + 32)
# Gaps at 50, 250, 450 …: never as many as would make a session join them.
FIRST_GAP_SEQ, GAP_EVERY, LAST_GAP_SEQ = 50, 200, 12_000
NOTICED_EVERY = 16

MODEL_INFO: dict[str, Any] = {"preset": "chain", "checkpoint": "none", "schema": "crash-chain-1"}
MEMORY_INFO: dict[str, Any] = {"tokens": 1, "dim": 32, "bytes": len(EMPTY)}


def fold(state: bytes, start_s: float, duration_s: float, sound: bytes) -> bytes:
    """The state after one more chunk."""
    count = int.from_bytes(state[len(MAGIC) : len(MAGIC) + 8], "little")
    digest = hashlib.sha256(state + struct.pack("<dd", start_s, duration_s) + sound).digest()
    return MAGIC + (count + 1).to_bytes(8, "little") + digest


def count_of(state: bytes) -> int:
    """How many chunks a state says it holds."""
    return int.from_bytes(state[len(MAGIC) : len(MAGIC) + 8], "little")


def foreign_state(rng: random.Random) -> bytes:
    """A state that no stream of chunks leads to: what an import puts in place."""
    return MAGIC + bytes(8) + rng.randbytes(32)


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
            seq=seq, t=start_ms / 1000, d=length_ms / 1000, audio=self._sound(seq), gap=gap
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

    def _sound(self, seq: int) -> bytes:
        place = self._prefix + struct.pack("<q", seq)
        return place + hashlib.sha256(place).digest()[:8]


def _has_gap(seq: int) -> bool:
    return seq % GAP_EVERY == FIRST_GAP_SEQ and seq <= LAST_GAP_SEQ


class ChainEngine:
    """An engine whose whole work is `fold`; a question is answered with the state."""

    model_info = MODEL_INFO
    memory_info = MEMORY_INFO

    def fit(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Pictures are not used."""
        return pixels

    def initial(self) -> bytes:
        """The state before the first chunk."""
        return EMPTY

    def load(self, data: bytes) -> bytes:
        """A stored state."""
        if not data.startswith(MAGIC) or len(data) != len(EMPTY):
            raise StateIncompatible("schema: not a chain")
        return data

    def dump(self, state: bytes) -> bytes:
        """The state is its own bytes."""
        return state

    def step(self, states: Sequence[bytes], media: Sequence[ChunkMedia]) -> list[StepResult[bytes]]:
        """One chunk for each state."""
        return [_step(state, one) for state, one in zip(states, media, strict=True)]

    def answer(self, state: bytes, asking: Asking) -> Answer:
        """The state in hexadecimal."""
        return Answer(question=asking.text, state="answered", answer=state.hex(), confidence=1.0)

    def timeline(self, state: bytes) -> Timeline:
        """Nothing is decoded."""
        return Timeline(events=())

    def summary(
        self, state: bytes, since_s: float | None = None, until_s: float | None = None
    ) -> Summary:
        """Nothing is decoded."""
        return Summary(
            text="Nothing.",
            since_s=since_s or 0.0,
            until_s=until_s or 0.0,
            stretches=(),
            background=(),
            stood_out=(),
        )


def _step(state: bytes, media: ChunkMedia) -> StepResult[bytes]:
    sound = b"" if media.audio is None else (media.audio * 32768).astype("<i2").tobytes()
    after = fold(state, media.start_s, media.duration_s, sound)
    if count_of(after) % NOTICED_EVERY:
        return StepResult(after)
    return StepResult(after, (Noticed("tick", "audio", media.start_s, media.end_s, 0.5),))
