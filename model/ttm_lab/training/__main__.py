"""Train a system: `python -m ttm_lab.training --system NAME --out FILE [--steps N] [--resume]`.

The weights go to FILE; beside it, FILE.run holds all that `--resume` needs, written every minute
and when interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from ttm_lab.training.memories import MEMORIES
from ttm_lab.training.plan import WINDOW, Plan
from ttm_lab.training.saved_run import resume_run, save_run
from ttm_lab.training.trainer import Trainer
from ttm_lab.training.weights_file import write_weights
from ttm_protocol.errors import StateIncompatible

SAVE_EVERY_S = 60.0
TELL_EVERY_S = 5.0
DEFAULT_MINUTES = 6.0


def main(arguments: list[str]) -> int:
    """Train until the budget is used; -> 0, or 2 where an argument or a file is refused."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        plan = _plan(options)
        saved = options.out.with_name(options.out.name + ".run")
        if saved.exists() and not options.resume:
            raise ValueError(f"out: {saved} is there; --resume goes on with it, or remove it")
        device = _device(options.device)
        trainer = resume_run(saved, plan, device) if saved.exists() else Trainer(plan, device)
    except (ValueError, StateIncompatible) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        _train(trainer, saved)
    except KeyboardInterrupt:
        save_run(trainer, saved)
        sys.stderr.write(f"interrupted; go on with --resume ({saved})\n")
        return 130
    save_run(trainer, saved)
    write_weights(trainer.network, plan.system, about(trainer), options.out)
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size} bytes\n")
    return 0


def about(trainer: Trainer) -> dict[str, object]:
    """How a network came to be, for its file and card."""
    plan, done = trainer.plan, trainer.progress
    return {
        "seed": plan.seed,
        "steps": done.step,
        "batch": plan.batch,
        "learning_rate": plan.learning_rate,
        "horizon": plan.horizon,
        "shortest": plan.shortest,
        "back": plan.back,
        "episodes": done.episodes,
    }


def line(trainer: Trainer, episodes_per_s: float, left_s: float) -> str:
    """What is shown while training."""
    p = trainer.progress
    return (
        f"{trainer.plan.system} step {p.step} horizon {p.horizon} loss {p.loss:.3f} "
        f"recall {p.recall:.3f} {episodes_per_s:.2f} episodes/s {p.spent_s:.0f} s used, "
        f"{left_s:.0f} s left"
    )


def _train(trainer: Trainer, saved: Path) -> None:
    began_s = told_s = saved_s = time.monotonic()
    first, already = trainer.progress.episodes, trainer.fraction
    while not trainer.done:
        trainer.batch()
        now_s = time.monotonic()
        if now_s - saved_s > SAVE_EVERY_S:
            save_run(trainer, saved)
            saved_s = now_s
        if now_s - told_s > TELL_EVERY_S or trainer.done:
            told_s = now_s
            gained = max(trainer.fraction - already, 1e-6)
            left_s = (now_s - began_s) * (1.0 - trainer.fraction) / gained
            rate = (trainer.progress.episodes - first) / (now_s - began_s)
            sys.stdout.write(line(trainer, rate, left_s) + "\n")
            sys.stdout.flush()


def _plan(options: argparse.Namespace) -> Plan:
    minutes = options.minutes
    if options.steps is None and minutes is None:
        minutes = DEFAULT_MINUTES
    return Plan(
        options.system,
        options.seed,
        options.steps,
        minutes,
        options.batch,
        options.learning_rate,
        options.horizon,
        options.shortest,
        options.back,
    )


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ttmserve train", description=(__doc__ or "").strip())
    parser.add_argument("--system", required=True, choices=sorted(MEMORIES))
    parser.add_argument("--out", required=True, type=Path, help="safetensors file for the weights")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=int, help="windows of 16 stream steps: repeats exactly")
    budget.add_argument("--minutes", type=float, help="processor minutes (default 6)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=8, help="streams at once")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--horizon", type=int, default=256, help="longest stream, in steps")
    parser.add_argument("--shortest", type=int, default=WINDOW, help="of the first streams")
    parser.add_argument(
        "--back", type=int, default=1, help="windows of 16 steps that gradients go back through"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on with FILE.run if it is there")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
