"""Fit the untrained systems' calibrations and write them. Knows only training concepts.

`python -m ttm_lab.evaluation.fit_calibration` rewrites `systems/calibrated.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from ttm_lab.evaluation.plan import CALIBRATION_SEED, CANDIDATES, SIGMA
from ttm_lab.evaluation.registry import load
from ttm_lab.evaluation.runner import bank
from ttm_lab.systems import calibrated
from ttm_lab.systems.base import EntrySystem
from ttm_lab.systems.calibration import Found, PresenceCalibration, fit_calibration
from ttm_lab.task.episodes import make_episode, questions

FITTED = ("slot-ttm", "merge-only", "fifo", "fifo-packed", "recency", "mean-pool", "unlimited")
LOADS = ((24, 90.0), (42, 160.0), (64, 240.0), (96, 360.0), (128, 480.0), (192, 720.0))
EPISODES = LOADS * 2  # events and seconds of each
HEADER = '''"""Calibrations of the untrained systems, written by `fit_calibration`.

Fitted on {episodes} episodes of training concepts with seeds of their own, gap sigma {sigma}.
The weight is that of the best product with the text key.
"""

from ttm_lab.systems.calibration import PresenceCalibration

CALIBRATED: dict[str, PresenceCalibration] = {{
'''


def fit(names: tuple[str, ...]) -> dict[str, PresenceCalibration]:
    """Fit every named system on the same episodes, each episode weighing the same."""
    torch.set_num_threads(1)
    sights, sounds = bank(SIGMA)
    found: dict[str, list[Found]] = {name: [] for name in names}
    truths: list[bool] = []
    for number, (events, seconds) in enumerate(EPISODES):
        seed = CALIBRATION_SEED + number
        episode = make_episode(
            sights, sounds, events=events, seconds=seconds, seed=seed, held_out=False
        )
        asked = questions(episode, seed + 1000, CANDIDATES, limit=48).presence
        truths += [question.kind == "present" for question in asked]
        for name in names:
            system = load(name)
            assert isinstance(system, EntrySystem)
            memory = system.fold(episode)
            for question in asked:
                found[name].append(system.found(memory, sights.text[question.sight]))
    return {name: fit_calibration(found[name], truths) for name in names}


def main() -> int:
    """Write the fitted numbers."""
    lines = [HEADER.format(episodes=len(EPISODES), sigma=SIGMA)]
    for name, fitted in fit(FITTED).items():
        weights = "".join(f"{weight:.4f}, " for weight in fitted.weights).strip()
        lines.append(f'    "{name}": PresenceCalibration({fitted.bias:.4f}, ({weights})),\n')
    path = Path(calibrated.__file__)
    path.write_text("".join([*lines, "}\n"]), encoding="utf-8")
    sys.stdout.write(f"wrote {path.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
