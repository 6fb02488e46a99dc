"""How sure likeness of keys makes us that two things are one. Knows no modality and no memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Likeness:
    """Cosine to the mean of examples as P(the same thing): logistic, one half at `even`.

    The mean finds more than the likest example does: what examples do not share, such as their
    backgrounds, evens out. A single example is therefore worth less.
    """

    even: float
    slope: float

    def __call__(self, keys: Tensor, examples: Tensor) -> Tensor:
        """Keys (N, d), a thing's examples (M, d) -> (N,); 0 without any example."""
        if not len(examples):
            return torch.zeros(len(keys))
        mean = F.normalize(examples, dim=-1).mean(dim=0)
        cosine = F.normalize(keys, dim=-1) @ F.normalize(mean, dim=0)
        return torch.sigmoid(self.slope * (cosine - self.even))
