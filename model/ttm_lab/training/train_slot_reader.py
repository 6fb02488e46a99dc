"""Trains stage S1 on slot memories of training streams. Knows no evaluation episode.

`python -m ttm_lab.training.train_slot_reader --out FILE [--minutes M] [--seed S]`
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm_lab.systems.base import UNCALIBRATED
from ttm_lab.systems.calibrated import CALIBRATED
from ttm_lab.systems.calibration import PresenceCalibration
from ttm_lab.systems.entries import Entries
from ttm_lab.systems.slot_ttm import slot_entries
from ttm_lab.training.asking import EACH, ask
from ttm_lab.training.slot_memories import take
from ttm_lab.training.slot_reader import SlotReader
from ttm_lab.training.weights_file import write_weights
from ttm_model.ttm.layout import Layout

NAME = "slot-reader"
SCALE = 12.0  # cosine to logit in the loss
STREAMS, STEPS, EVERY = 4, (480, 960, 1440), 160
RATE = 3e-3
ROUNDS = 6  # of questions to each memory


@dataclass(frozen=True, slots=True)
class Problem:
    """One memory with questions of every kind and their truths."""

    entries: Entries
    now_s: float
    candidates: Tensor  # (C, d)
    times_s: tuple[float, ...]
    time_truths: tuple[int, ...]
    sounds: Tensor  # (b, d)
    sound_truths: tuple[int, ...]
    sights: Tensor  # (p, d)
    present: Tensor  # (p,)


def problems(steps: int, generator: torch.Generator) -> Iterator[Problem]:
    """Memories of `STREAMS` streams of `steps` steps with rounds of questions."""
    layout = Layout()
    for taken in take(STREAMS, steps, EVERY, generator):
        rounds = [ask(taken.streams, taken.now_s, generator) for _ in range(ROUNDS)]
        for row in range(STREAMS):
            entries = slot_entries(taken.state.row(row), layout)
            times_s: list[float] = []
            truths: tuple[list[int], list[int]] = ([], [])
            sounds, sights, present = [], [], []
            for asked, truth in rounds:
                good = truth.counts[row]
                for q in torch.nonzero(good[: 2 * EACH])[:, 0].tolist():
                    truths[q // EACH].append(int(truth.sight[row, q]))
                    if q < EACH:
                        times_s.append(float(asked.time_s[row, q]))
                    else:
                        sounds.append(asked.key[row, q])
                for q in (torch.nonzero(good[3 * EACH :])[:, 0] + 3 * EACH).tolist():
                    sights.append(asked.key[row, q])
                    present.append(truth.present[row, q])
            yield Problem(
                entries,
                taken.now_s,
                taken.streams.sight_text,
                tuple(times_s),
                tuple(truths[0]),
                torch.stack(sounds) if sounds else torch.zeros(0, layout.dim),
                tuple(truths[1]),
                torch.stack(sights),
                torch.stack(present),
            )


def loss_of(
    reader: SlotReader, problem: Problem, calibration: PresenceCalibration
) -> tuple[Tensor, ...]:
    """Mean losses of `at_time`, `beside` and `presence`; zero where nothing was asked."""
    p, entries = problem, problem.entries
    at = [reader.at_time(entries, p.now_s, t, p.candidates) for t in p.times_s]
    by = [reader.beside(entries, p.now_s, s, p.candidates) for s in p.sounds]
    told = [reader.presence(entries, p.now_s, s, calibration) for s in p.sights]
    parts = []
    for scores, truths in ((at, p.time_truths), (by, p.sound_truths)):
        if scores:
            parts.append(F.cross_entropy(SCALE * torch.stack(scores), torch.tensor(truths)))
        else:
            parts.append(torch.zeros(()))
    probability = torch.stack(told).clamp(1e-6, 1 - 1e-6)
    parts.append(F.binary_cross_entropy(probability, p.present))
    return tuple(parts)


def train(minutes: float, seed: int, calibration: PresenceCalibration) -> tuple[SlotReader, int]:
    """Train for so many processor minutes; -> the reader and the number of memories it saw."""
    reader = SlotReader(seed=seed)
    optimiser = torch.optim.AdamW(reader.parameters(), lr=RATE, weight_decay=0.01)
    generator = torch.Generator().manual_seed(seed)
    began_s = told_s = time.process_time()
    memories, shown = 0, [0.0, 0.0, 0.0]
    while (spent := time.process_time() - began_s) < 60 * minutes:
        for problem in problems(STEPS[memories // 97 % len(STEPS)], generator):
            parts = loss_of(reader, problem, calibration)
            done = min(1.0, (time.process_time() - began_s) / (60 * minutes))
            for group in optimiser.param_groups:
                group["lr"] = RATE * max(0.05, 1.0 - done)
            optimiser.zero_grad(set_to_none=True)
            torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
            memories += 1
            shown = [0.98 * a + 0.02 * float(b.detach()) for a, b in zip(shown, parts, strict=True)]
            if time.process_time() - told_s > 10.0:
                told_s = time.process_time()
                losses = " ".join(f"{part / (1 - 0.98**memories):.4f}" for part in shown)
                sys.stdout.write(f"{NAME} memories {memories} losses {losses} {spent:.0f} s\n")
                sys.stdout.flush()
    return reader, memories


def main(arguments: list[str]) -> int:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(prog="ttm_lab.training.train_slot_reader")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    calibration = CALIBRATED.get("slot-ttm", UNCALIBRATED)
    reader, memories = train(options.minutes, options.seed, calibration)
    write_weights(reader, NAME, {"seed": options.seed, "memories": memories}, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
