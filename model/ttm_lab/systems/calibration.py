"""Turns what a reader found into a probability. Knows no memory and no episode.

The odds that a held thing, and not an absent one, gave what was found are logistic in a handful of
features. A memory that has lost a share of what there was can find nothing of a thing that was
there: `odds = (1 - lost) * held_odds + lost`, at equal prior odds. The numbers are fitted on
episodes of training concepts (`fit_calibration`), never on those of an evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import torch
from torch import Tensor

RIDGE = 1e-5
MAX_LOG_ODDS = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader found for a key: features of the best match, and the share that is lost."""

    features: tuple[float, ...]
    lost: float


@dataclass(frozen=True, slots=True)
class PresenceCalibration:
    """`held_odds = exp(bias + weights . features)`."""

    bias: float
    weights: tuple[float, ...]

    def probability(self, found: Found) -> float:
        """The probability; raises ValueError where the number of features is not the weights'."""
        log_odds = self.bias
        log_odds += sum(w * x for w, x in zip(self.weights, found.features, strict=True))
        held_odds = exp(max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, log_odds)))
        odds = (1.0 - found.lost) * held_odds + found.lost
        return odds / (1.0 + odds)


def fit_calibration(
    found: list[Found], truths: list[bool], iterations: int = 60
) -> PresenceCalibration:
    """Fit by maximum likelihood with a very small ridge."""
    x = torch.tensor([one.features for one in found], dtype=torch.float64)
    lost = torch.tensor([one.lost for one in found], dtype=torch.float64)
    y = torch.tensor(truths, dtype=torch.float64)
    weights = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        log_odds = (weights[0] + x @ weights[1:]).clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS)
        odds = (1 - lost) * log_odds.exp() + lost + 1e-12
        nll = torch.log1p(odds) - y * odds.log()
        return nll.mean() + RIDGE * weights.square().sum()

    def closure() -> float:
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    for _ in range(5):
        optimiser.step(closure)  # type: ignore[no-untyped-call]
    fitted = [float(weight) for weight in weights.detach()]
    return PresenceCalibration(fitted[0], tuple(fitted[1:]))
