"""Recall on episodes of real media as a share of the unlimited store's. Knows no encoder.

Such an episode is an ordinary `Episode` whose tokens came from encoders and whose banks hold the
text keys of what can be named; a module that makes them gives `episodes() -> Sequence[Episode]`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence

from ttm_model.evaluation.asking import Setting, ask
from ttm_model.evaluation.interface import Episode
from ttm_model.evaluation.questions import questions
from ttm_model.evaluation.statistics import Estimate, relative
from ttm_model.evaluation.systems.registry import OURS, load

SOURCE = "ttm_model.evaluation.clips"
LOAD = "clips"


def clip_episodes() -> Sequence[Episode] | None:
    """The episodes of real clips, or None where the module that makes them is not there."""
    if importlib.util.find_spec(SOURCE) is None:
        return None
    made: Sequence[Episode] = importlib.import_module(SOURCE).episodes()
    return made


def share_of_unlimited(
    episodes: Sequence[Episode], seed: int, candidates: int, ours: str = OURS
) -> Estimate:
    """Right answers of ours for each right answer of the unlimited store, same questions."""
    right: dict[str, list[list[bool]]] = {}
    for name in (ours, "unlimited"):
        system = load(name)
        groups = []
        for number, episode in enumerate(episodes):
            asked = questions(episode, seed + number, candidates)
            setting = Setting(LOAD, 0.0, number)
            rows = ask(system, system.fold(episode), episode, asked, setting)
            groups.append([row.rank == 1 for row in rows if row.rank is not None])
        right[name] = groups
    return relative(right[ours], right["unlimited"])
