"""How sure likeness of keys makes us that two things are one. Knows no modality and no memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Likeness:
    """Cosine of keys to P(the same thing): logistic, one half at `even`."""

    even: float
    slope: float

    def __call__(self, keys: Tensor, examples: Tensor) -> Tensor:
        """Keys (N, d) against the likest of a thing's M examples (M, d) -> (N,); 0 without any."""
        if not len(examples):
            return torch.zeros(len(keys))
        cosines = F.normalize(keys, dim=-1) @ F.normalize(examples, dim=-1).T  # (N, M)
        return torch.sigmoid(self.slope * (cosines.amax(dim=1) - self.even))
