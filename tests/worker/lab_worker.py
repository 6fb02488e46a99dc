"""A worker process for tests: `python -m worker.lab_worker` in tests/, set by `TTM_*` variables.

Its engine keeps a hash chain and a filler of a real memory's size, steps as slowly as told, and
ends its own process by SIGKILL, or hangs, for the sound, the picture or the question that says so.
"""

from __future__ import annotations

import os
import re
import signal
import struct
import time
from collections.abc import Mapping, Sequence

import numpy as np

from chain import Chain, ChainEngine, HashSense, slow_senses, sound_bytes
from ttm_model.asking import Asking
from ttm_model.chunk import ChunkMedia
from ttm_model.slow import Finding, Job, JobMedia
from ttm_model.step_result import StepResult
from ttm_protocol.answers import Answer
from ttm_server.config import Settings
from ttm_server.worker import running

KILL_STEP = struct.pack("<h", 0x4B4B) * 8
HANG_STEP = struct.pack("<h", 0x4B4C) * 8
SLOW_SAMPLE = 0x4B4E
KILL_SLOW = struct.pack("<h", SLOW_SAMPLE) * 8
FREEZE_STEP = struct.pack("<h", 0x4B4D) * 8
KILL_COLOUR = (255, 0, 255)
HANG_COLOUR = (0, 255, 255)
KILL_QUESTION = "kill"
HANG_QUESTION = "hang"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """One thread never goes on, the others do."""
    while True:
        time.sleep(1)


def freeze() -> None:
    """No thread goes on: this search keeps the interpreter's lock for longer than anybody lives."""
    re.match("(x+)+$", "x" * 100 + "y")


TROUBLE = {KILL_STEP: die, HANG_STEP: hang, FREEZE_STEP: freeze}


class DeadlySense(HashSense):
    """Ends the process where its sound says so."""

    def find(self, job: Job, media: JobMedia) -> Finding:
        if media.audio is not None and (media.audio * 32768 == SLOW_SAMPLE).any():
            die()
        return super().find(job, media)


class LabEngine(ChainEngine):
    """A hash chain with a filler of incompressible and of empty bytes."""

    def __init__(
        self, step_s: float, state_bytes: int, events: bool, is_slow: bool = False
    ) -> None:
        super().__init__(slow_senses() | {"speech": DeadlySense("speech")} if is_slow else {})
        self._step_s = step_s
        self._events = events
        random = np.random.default_rng(7).bytes(state_bytes)
        # Two fifths random: a memory that is half full packs to about as much.
        self._filler = random[: state_bytes * 2 // 5] + bytes(state_bytes - state_bytes * 2 // 5)

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        colour = pixels.reshape(-1, 3).mean(axis=0)
        for poison, trouble in ((KILL_COLOUR, die), (HANG_COLOUR, hang)):
            if np.abs(colour - poison).max() < 15:
                trouble()
        return pixels

    def dump(self, state: Chain) -> bytes:
        return super().dump(state) + self._filler

    def load(self, data: bytes) -> Chain:
        return super().load(data[: len(data) - len(self._filler)])

    def step(
        self,
        states: Sequence[Chain],
        media: Sequence[ChunkMedia],
        findings: Sequence[Mapping[int, Finding]] = (),
    ) -> list[StepResult[Chain]]:
        for one in media:
            if one.audio is not None:
                TROUBLE.get(sound_bytes(one), lambda: None)()
        if self._step_s > 1:
            print("stepping", flush=True)
        time.sleep(self._step_s * len(states))
        results = super().step(states, media, findings)
        return results if self._events else [StepResult(result.state) for result in results]

    def answer(self, state: Chain, asking: Asking) -> Answer:
        if asking.text == KILL_QUESTION:
            die()
        if asking.text == HANG_QUESTION:
            hang()
        return super().answer(state, asking)


def make_engine(_settings: Settings) -> LabEngine:
    time.sleep(float(os.environ.get("LAB_LOAD_S", "0")))
    return LabEngine(
        float(os.environ.get("LAB_STEP_S", "0")),
        int(os.environ.get("LAB_STATE_BYTES", "0")),
        os.environ.get("LAB_EVENTS", "1") == "1",
        os.environ.get("LAB_SLOW", "0") == "1",
    )


if __name__ == "__main__":
    running.EXIT_WITHIN_S = float(os.environ.get("LAB_EXIT_WITHIN_S", running.EXIT_WITHIN_S))
    raise SystemExit(running.run(make_engine))
