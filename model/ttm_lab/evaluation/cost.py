"""What a step costs late in a stream against early, measured in turns. Knows no question."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_lab.evaluation.plan import SIGMA
from ttm_lab.evaluation.runner import bank
from ttm_lab.task.episodes import make_episode
from ttm_model.serial import to_bytes
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit

EARLY = 200
STREAM_EVENTS = 96
STREAM_S = 300.0
REPEATS = 400


@dataclass(frozen=True, slots=True)
class Cost:
    """A step's time and a memory's bytes at two moments of one stream."""

    early: int
    late: int
    early_ms: float
    late_ms: float
    early_bytes: int
    late_bytes: int

    @property
    def ratio(self) -> float:
        """Late against early."""
        return self.late_ms / self.early_ms


def measure_cost(late: int, seed: int = 0) -> Cost:
    """Step one stream to `late`; then time steps from both moments in turns.

    In turns, because another program on the same machine would else be measured too. The stream
    is one busy episode shown again and again, its times going on.
    """
    torch.set_num_threads(1)
    unit = SlotUnit().eval()
    sights, sounds = bank(SIGMA)
    episode = make_episode(
        sights, sounds, events=STREAM_EVENTS, seconds=STREAM_S, seed=seed, held_out=None
    )
    state = early_state = unit.initial(1)
    count = len(episode.steps)
    with torch.inference_mode():
        for step in range(late):
            if step == EARLY:
                early_state = state
            inputs, mask = _at(episode.steps, step, count, episode.length_s)
            state, _ = unit.step(state, inputs, mask)
        early_ms: list[float] = []
        late_ms: list[float] = []
        states = {EARLY: early_state, late: state}
        for turn in range(REPEATS):
            for base, times_ms in ((EARLY, early_ms), (late, late_ms)):
                # The same tokens for both: only the memory differs.
                inputs, mask = _at(episode.steps, turn, count, 0.0, shift_s=base * 0.5)
                began_s = time.perf_counter()
                states[base], _ = unit.step(states[base], inputs, mask)
                times_ms.append((time.perf_counter() - began_s) * 1000)
    return Cost(
        EARLY,
        late,
        statistics.median(early_ms),
        statistics.median(late_ms),
        _bytes(early_state),
        _bytes(state),
    )


def _at(
    steps: tuple[tuple[InputTokens, Tensor], ...],
    step: int,
    count: int,
    length_s: float,
    shift_s: float = 0.0,
) -> tuple[InputTokens, Tensor]:
    inputs, mask = steps[step % count]
    shift = shift_s + (step // count) * length_s
    moved = inputs.updated(
        start_s=inputs.start_s + shift,
        end_s=inputs.end_s + shift,
        clock_s=inputs.clock_s + shift,
    )
    return moved, mask


def _bytes(state: MemoryState) -> int:
    return len(to_bytes(state.tensors(), "eval"))
