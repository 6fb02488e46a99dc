"""What a step of a trained system costs early and late in a stream. Knows no question.

`python -m ttm_lab.training.cost` prints a line for each system. Weights do not matter for that.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch

from ttm_lab.training.memories import DIM, MEMORIES
from ttm_lab.training.network import Network
from ttm_lab.training.stream import draw

MARKS = (200, 2000)
TIMED = 40  # steps around each mark


def measure(name: str, marks: tuple[int, ...] = MARKS) -> list[tuple[int, float, int]]:
    """For each mark: step, median milliseconds of one step there, bytes of the state there."""
    network = Network(name).eval()
    memory = network.memory
    streams = draw(1, max(marks) + TIMED, DIM, torch.Generator().manual_seed(0))
    readings = []
    with torch.inference_mode():
        inputs = network.embed(streams)
        state, done = memory.initial(1), 0
        for mark in marks:
            state = memory.fold(state, inputs[:, done:mark], streams.mask[:, done:mark])
            size = sum(part.numel() * part.element_size() for part in state)
            done, costs_s = mark, []
            for step in range(mark, mark + TIMED):
                began_s = time.perf_counter()
                memory.fold(state, inputs[:, step : step + 1], streams.mask[:, step : step + 1])
                costs_s.append(time.perf_counter() - began_s)
            readings.append((mark, 1000 * statistics.median(costs_s), size))
    return readings


def main() -> int:
    """Print the readings."""
    torch.set_num_threads(1)
    for name in MEMORIES:
        for step, cost_ms, size in measure(name):
            sys.stdout.write(f"{name:14} step {step:5}: {cost_ms:8.3f} ms, {size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
