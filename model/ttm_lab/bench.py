"""Measure the cost of a step and the bytes of a memory, early and late in a stream.

`python -m ttm_lab.bench [--steps N] [--json]`. Synthetic things in embedding space, a new one
every few steps, so that the memory is full long before the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass

import torch

from ttm_model.serial import to_bytes
from ttm_model.ttm.layout import Modality
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit

PLACES = 6
STEP_S = 0.5
NEW_THING_EVERY = 6  # steps
WINDOW = 100  # steps over which a median is taken
EARLY = 200
NOISE = 0.1


@dataclass(frozen=True, slots=True)
class Reading:
    """Median cost of a step around one moment of the stream, and the memory's bytes then."""

    step: int
    median_ms: float
    state_bytes: int


def measure(steps: int, threads: int = 1) -> list[Reading]:
    """Run one session for `steps` steps; read the cost in its first, early and last windows."""
    torch.set_num_threads(threads)
    unit = SlotUnit().eval()
    generator = torch.Generator().manual_seed(0)
    state = unit.initial(1)
    marks = sorted({WINDOW, EARLY, max(steps // 2, EARLY), steps})
    costs_s: list[float] = []
    readings = []
    with torch.inference_mode():
        for step in range(1, steps + 1):
            inputs, mask = _inputs(step, unit.config.layout.dim, generator)
            started_s = time.perf_counter()
            state, _ = unit.step(state, inputs, mask)
            costs_s.append(time.perf_counter() - started_s)
            if step in marks:
                readings.append(_reading(step, costs_s[-WINDOW:], state))
    return readings


def _reading(step: int, costs_s: list[float], state: MemoryState) -> Reading:
    size = len(to_bytes(state.tensors(), "bench"))
    return Reading(step, statistics.median(costs_s) * 1000, size)


def _inputs(step: int, dim: int, generator: torch.Generator) -> tuple[InputTokens, torch.Tensor]:
    thing = torch.Generator().manual_seed(step // NEW_THING_EVERY)
    keys = torch.randn(1, PLACES, dim, generator=thing)
    keys = keys / keys.norm(dim=-1, keepdim=True)
    keys = keys + NOISE / dim**0.5 * torch.randn(1, PLACES, dim, generator=generator)
    tokens = InputTokens.empty(1, PLACES, dim)
    start_s = torch.full((1, PLACES), step * STEP_S, dtype=torch.float64)
    modality = torch.tensor([[Modality.VIDEO] * 4 + [Modality.AUDIO] * 2], dtype=torch.int8)
    inputs = tokens.updated(
        keys=keys,
        modality=modality,
        salience=tokens.salience + 0.8,
        start_s=start_s,
        end_s=start_s + STEP_S,
        clock_s=start_s[:, 0] + STEP_S,
    )
    return inputs, torch.ones(1, PLACES, dtype=torch.bool)


def main(arguments: list[str]) -> int:
    """Print the readings and the two ratios."""
    parser = argparse.ArgumentParser(prog="ttmserve bench")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    readings = measure(max(options.steps, 2 * EARLY), options.threads)
    early = next(reading for reading in readings if reading.step == EARLY)
    last = readings[-1]
    result = {
        "steps": last.step,
        "threads": options.threads,
        "step_time_ratio": round(last.median_ms / early.median_ms, 4),
        "state_bytes_ratio": last.state_bytes / early.state_bytes,
        "state_bytes": last.state_bytes,
        "readings": [
            {"step": r.step, "median_ms": round(r.median_ms, 3), "state_bytes": r.state_bytes}
            for r in readings
        ],
    }
    if options.json:
        sys.stdout.write(json.dumps(result) + "\n")
        return 0
    for r in readings:
        sys.stdout.write(f"step {r.step:>7}: {r.median_ms:7.3f} ms, {r.state_bytes} bytes\n")
    sys.stdout.write(
        f"step {last.step} against step {EARLY}: time x{result['step_time_ratio']}, "
        f"bytes x{result['state_bytes_ratio']:g}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
