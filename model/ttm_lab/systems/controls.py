"""A system that has no memory: what chance and prior alone give."""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_lab.task.interface import Episode, Verdict


class QuestionOnlySystem:
    """Answers from the question alone; candidates come in random order, so ties are chance."""

    name = "question-only"

    def fold(self, episode: Episode) -> None:
        """Nothing is kept."""

    def state_bytes(self, memory: None) -> int:
        """No bytes."""
        return 0

    def at_time(self, memory: None, time_s: float, candidates: Tensor) -> Tensor:
        """No candidate before another."""
        return torch.zeros(candidates.shape[0])

    def beside(self, memory: None, sound: Tensor, candidates: Tensor) -> Tensor:
        """No candidate before another."""
        return torch.zeros(candidates.shape[0])

    def when(self, memory: None, sight: Tensor) -> float | None:
        """Not known."""
        return None

    def presence(self, memory: None, sight: Tensor) -> tuple[float, Verdict]:
        """The prior: as many questions are about what was there as about what was not."""
        return 0.5, "not_seen"
