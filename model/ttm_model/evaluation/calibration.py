"""Turns what a reader found into a probability. Knows no memory and no episode.

A logistic regression on a handful of features; its numbers are fitted on episodes of training
concepts (`fit_calibration`), never on those of an evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import torch
from torch import Tensor

RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Logistic:
    """Probability `1 / (1 + exp(-(bias + weights . features)))`."""

    bias: float
    weights: tuple[float, ...]

    def probability(self, features: tuple[float, ...]) -> float:
        """The probability; raises ValueError where the number of features is not the weights'."""
        total = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, total))))


def fit_logistic(features: Tensor, truths: Tensor, iterations: int = 50) -> Logistic:
    """Fit by Newton's method with a small ridge: features (N, f), truths (N,) of 0 and 1."""
    x = torch.cat([torch.ones(features.shape[0], 1), features], dim=1).double()
    y = truths.double()
    weights = torch.zeros(x.shape[1], dtype=torch.float64)
    ridge = torch.eye(x.shape[1], dtype=torch.float64) * (RIDGE * x.shape[0])
    ridge[0, 0] = 1e-9
    for _ in range(iterations):
        p = torch.sigmoid(x @ weights)
        gradient = x.T @ (p - y) + ridge @ weights
        curvature = (x * (p * (1 - p)).clamp_min(1e-9)[:, None]).T @ x + ridge
        weights = weights - torch.linalg.solve(curvature, gradient)
    return Logistic(float(weights[0]), tuple(float(w) for w in weights[1:]))
