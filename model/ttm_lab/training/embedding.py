"""Input tokens of a step as vectors that every trained memory takes. Knows no memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ttm_lab.training import time_code
from ttm_lab.training.reader_head import time_projection
from ttm_model.ttm.layout import STREAMED


class TokenEmbedding(nn.Module):
    """Key, time, modality and salience, added: the key starts as itself."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.key = nn.Linear(dim, dim)
        nn.init.eye_(self.key.weight)
        nn.init.zeros_(self.key.bias)
        self.time = time_projection(dim)
        self.modality = nn.Parameter(torch.empty(len(STREAMED), dim).normal_(std=0.02))
        self.salience = nn.Parameter(torch.empty(dim).normal_(std=0.02))

    def forward(self, keys: Tensor, modality: Tensor, salience: Tensor, start_s: Tensor) -> Tensor:
        """Keys (B, T, n, d), modality and salience (B, T, n), start_s (T,) -> (B, T, n, d)."""
        when: Tensor = self.time(time_code.time_code(start_s))[None, :, None]
        kind = self.modality[modality.long().clamp_min(0)]
        result: Tensor = self.key(keys) + when + kind + salience[..., None] * self.salience
        return result
