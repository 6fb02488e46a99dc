"""Measure stage S2's learned score against rule S0 on the same held-out episodes. Ships nothing.

`python -m ttm_lab.evaluation.try_keep_score [--loads 64,192] [--episodes N] [--seed S]`
"""

from __future__ import annotations

import argparse
import sys

import torch

from ttm_lab.evaluation.compare import described, measure
from ttm_lab.evaluation.statistics import auroc
from ttm_lab.systems.calibrated import CALIBRATED
from ttm_lab.systems.slot_ttm import WITHOUT_ARCHIVE
from ttm_lab.training.keep_score import KeepingSlotSystem, train


def main(arguments: list[str]) -> int:
    """Train the score, print how well it imitates, then what it changes."""
    parser = argparse.ArgumentParser(prog="ttm_lab.evaluation.try_keep_score")
    parser.add_argument("--loads", default="64,192")
    parser.add_argument("--episodes", type=int, default=8)
    parser.add_argument("--streams", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-archive", action="store_true", help="measure without it as well")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    score, odds, worth = train(options.streams, options.seed)
    yes, no = odds[worth > 0.5].tolist(), odds[worth < 0.5].tolist()
    sys.stdout.write(
        f"imitation: {len(yes)} slots of events, {len(no)} others, AUROC {auroc(yes, no):.4f}, "
        f"others below a half {sum(o < 0 for o in no) / max(1, len(no)):.3f}, "
        f"events below a half {sum(o < 0 for o in yes) / max(1, len(yes)):.4f}\n"
    )
    for layout in (None, WITHOUT_ARCHIVE) if options.no_archive else (None,):
        for events in (int(text) for text in options.loads.split(",")):
            first = None
            for name, used in (("S0", None), ("S2", score)):
                called = f"{name} no archive" if layout else name
                system = KeepingSlotSystem(called, used, layout)
                calibration = CALIBRATED.get("merge-only" if layout else "slot-ttm")
                system.calibration = calibration or system.calibration
                own = measure(system, events, options.episodes)
                sys.stdout.write(described(system.name, events, own, first) + "\n")
                sys.stdout.flush()
                first = first or own
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
