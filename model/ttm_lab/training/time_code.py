"""Media-clock seconds as unit vectors whose products fall with the distance. Knows no module."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FREQUENCIES = 32
DIM = 2 * FREQUENCIES
PERIODS_S = (3.0, 3000.0)  # shortest and longest
STEP_S = 0.5


def time_code(time_s: Tensor) -> Tensor:
    """Seconds (...) -> (..., DIM) of unit length: cosines and sines, periods in geometric steps."""
    first, last = (math.log(2 * math.pi / period) for period in PERIODS_S)
    at = torch.linspace(first, last, FREQUENCIES, dtype=torch.float64, device=time_s.device)
    phase = time_s.double()[..., None] * at.exp()
    return torch.cat([phase.cos(), phase.sin()], dim=-1).float() / math.sqrt(FREQUENCIES)


def grid_s(until_s: float, device: torch.device | str = "cpu") -> Tensor:
    """Every step's start up to a time (G,), what a time head chooses from."""
    steps = max(1, math.ceil(until_s / STEP_S - 1e-9))
    return torch.arange(steps, dtype=torch.float64, device=device) * STEP_S
