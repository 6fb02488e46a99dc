"""Slot-write memories of training streams, taken at several moments. Knows no reader.

Only rule S0's write is run: it alone decides what the event tier holds before training, and the
dense parts of the unit cost a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_lab.task.episodes import STEP_S
from ttm_lab.training.stream import Streams, draw
from ttm_model.ttm.slot_write import slot_write
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import UnitConfig

GAP_SIGMA = (0.5, 0.5)  # that for which the aligned reader's calibration was fitted


@dataclass(frozen=True, slots=True)
class Taken:
    """The memories of B streams at one moment."""

    state: MemoryState
    streams: Streams
    now_s: float


def take(batch: int, steps: int, every: int, generator: torch.Generator) -> Iterator[Taken]:
    """Fold `batch` streams of `steps` steps; a memory after every `every` steps."""
    config = UnitConfig()
    streams = draw(batch, steps, config.layout.dim, generator, GAP_SIGMA)
    state = MemoryState.initial(batch, config.layout)
    for step in range(steps):
        with torch.no_grad():  # not around the yield: it would hold in the caller too
            state = written(state, inputs_at(streams, step), streams.mask[:, step], config)
        if (step + 1) % every == 0:
            yield Taken(state, streams, (step + 1) * STEP_S)


def inputs_at(streams: Streams, step: int) -> InputTokens:
    """The tokens of one step of B streams."""
    batch, places = streams.mask[:, step].shape
    start_s = streams.start_s[step].expand(batch, places)
    return InputTokens.empty(batch, places, streams.keys.shape[-1]).updated(
        keys=streams.keys[:, step],
        modality=streams.modality[:, step],
        salience=streams.salience[:, step],
        start_s=start_s,
        end_s=start_s + STEP_S,
        clock_s=start_s[:, 0] + STEP_S,
    )


def written(
    state: MemoryState, inputs: InputTokens, mask: Tensor, config: UnitConfig
) -> MemoryState:
    """One step of the slot write and the clock, without read, process and gist."""
    after, _, _ = slot_write(state, inputs, mask, config.layout, config.rule)
    return after.updated(clock_s=inputs.clock_s, steps=state.steps + 1)
