"""Trained systems beside the untrained memory on the same held-out episodes. Trains nothing.

`python -m ttm_lab.evaluation.compare [--systems A,B] [--loads 4,8,16] [--episodes N] [--weights D]`
prints a line for each system and load; differences to the first system are paired by episode.
`ttmserve eval` measures far more; this is for looking at a training run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

import torch

from ttm_lab.evaluation import registry
from ttm_lab.evaluation.asking import Setting, ask
from ttm_lab.evaluation.plan import SIGMA
from ttm_lab.evaluation.rows import Row
from ttm_lab.evaluation.runner import bank
from ttm_lab.evaluation.statistics import auroc, calibration_error, quantile
from ttm_lab.task.episodes import make_episode, questions
from ttm_lab.task.interface import Episode, MemorySystem
from ttm_lab.training import systems
from ttm_lab.training.memories import MEMORIES
from ttm_lab.training.slot_reader import SlotReader
from ttm_lab.training.slot_system import LearnedSlotSystem
from ttm_lab.training.weights_file import read_network, read_weights
from ttm_model.errors import WeightsError

SECONDS_PER_EVENT = 3.75
SEED = 88_000_000
WITHIN_S = 2.0
NEWEST = 2  # events at the end of an episode that are also told apart
DRAWS = 2000


@dataclass(slots=True)
class Measured:
    """One system at one load: for each episode, its rows and the time that folding took."""

    rows: list[list[Row]] = field(default_factory=list)
    fold_s: list[float] = field(default_factory=list)
    state_bytes: int = 0
    steps: int = 0


def load(name: str, folder: Path | None) -> MemorySystem:
    """A system by name: trained ones from a folder of new weights, or as shipped."""
    if name == "slot-reader":
        reader = SlotReader()
        read_weights(reader, name, (folder or systems.CHECKPOINTS) / f"{name}.safetensors")
        return LearnedSlotSystem(reader)
    if name in MEMORIES and folder is not None:
        return systems.TrainedSystem(name, read_network(name, folder / f"{name}.safetensors"))
    return registry.load(name)


def episode(events: int, number: int) -> Episode:
    """A held-out episode of this tool's own."""
    sights, sounds = bank(SIGMA)
    seed = SEED + 1000 * events + number
    seconds = max(8.0, SECONDS_PER_EVENT * events)
    return make_episode(sights, sounds, events=events, seconds=seconds, seed=seed, held_out=True)


def measure(system: MemorySystem, events: int, episodes: int) -> Measured:
    """Fold and ask."""
    result = Measured()
    for number in range(episodes):
        one = episode(events, number)
        began_s = time.process_time()
        memory = system.fold(one)
        result.fold_s.append(time.process_time() - began_s)
        asked = questions(one, SEED + number)
        result.rows.append(ask(system, memory, one, asked, Setting(str(events), SIGMA, number)))
        result.state_bytes, result.steps = system.state_bytes(memory), len(one.steps)
    return result


def recall(rows: Sequence[Row], kind: str) -> float:
    """Share of a kind's questions whose true candidate came first; nan of none."""
    ranks = [row.rank for row in rows if row.kind == kind and row.rank is not None]
    return sum(rank == 1 for rank in ranks) / len(ranks) if ranks else float("nan")


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over episodes and its 95 % bootstrap interval."""
    known = torch.tensor([value for value in values if not isnan(value)], dtype=torch.float64)
    if not len(known):
        return float("nan"), float("nan"), float("nan")
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(len(known), (DRAWS, len(known)), generator=generator)
    means = known[drawn].mean(dim=1).tolist()
    return float(known.mean()), quantile(means, 0.025), quantile(means, 0.975)


def described(name: str, events: int, own: Measured, first: Measured | None) -> str:
    """A line for a system at a load, with paired differences to the first system."""
    rows = [row for part in own.rows for row in part]
    parts = [f"{name:14} events {events:4}"]
    for kind in ("at_time", "beside"):
        each = [recall(part, kind) for part in own.rows]
        text = f"{kind} {_told(interval(each))}"
        if first is not None:
            other = [recall(part, kind) for part in first.rows]
            gains = [a - b for a, b in zip(each, other, strict=True)]
            text += f" diff {_told(interval(gains))}"
        parts.append(text)
    newest = [row for row in rows if row.intervening is not None and row.intervening < NEWEST]
    parts.append(f"newest {NEWEST} {recall(newest, 'at_time'):.3f}")
    errors = [row.error_s for row in rows if row.kind == "when"]
    near = sum(error is not None and error <= WITHIN_S for error in errors)
    parts.append(f"when<=2s {near / max(1, len(errors)):.3f}")
    parts.append(_presence(rows))
    cost_ms = 1000 * statistics.median(own.fold_s) / max(1, own.steps)
    parts.append(f"{own.state_bytes} bytes {cost_ms:.2f} ms/step")
    return " | ".join(parts)


def _presence(rows: Sequence[Row]) -> str:
    told = [row for row in rows if row.kind == "presence" and row.p is not None]
    p = [row.p for row in told if row.p is not None]
    truths = [row.subject == "present" for row in told]
    yes = [value for value, truth in zip(p, truths, strict=True) if truth]
    no = [value for value, truth in zip(p, truths, strict=True) if not truth]
    brier = sum((a - b) ** 2 for a, b in zip(p, truths, strict=True)) / max(1, len(p))
    return f"AUROC {auroc(yes, no):.3f} ECE {calibration_error(p, truths):.3f} Brier {brier:.4f}"


def _told(values: tuple[float, float, float]) -> str:
    return f"{values[0]:.3f} [{values[1]:.3f}, {values[2]:.3f}]"


def main(arguments: list[str]) -> int:
    """Print the table; 2 where a system or its file is refused."""
    parser = argparse.ArgumentParser(prog="ttm_lab.evaluation.compare")
    parser.add_argument("--systems", default="slot-ttm,published-ttm,lstm,transformer")
    parser.add_argument("--loads", default="2,4,8,16,64,192")
    parser.add_argument("--episodes", type=int, default=8)
    parser.add_argument("--weights", type=Path, help="folder of weights that are not shipped yet")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    names = options.systems.split(",")
    try:
        systems.check_files(() if options.weights else names)
        chosen = {name: load(name, options.weights) for name in names}
    except (KeyError, WeightsError) as error:
        sys.stderr.write(f"{parser.prog}: {error.args[0]}\n")
        return 2
    for events in (int(text) for text in options.loads.split(",")):
        first: Measured | None = None
        for name, system in chosen.items():
            own = measure(system, events, options.episodes)
            sys.stdout.write(described(name, events, own, first) + "\n")
            sys.stdout.flush()
            first = first or own
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
