"""What a slot-write unit takes and gives in one step. Knows no encoder: a key is a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ttm_model.ttm.layout import Modality


@dataclass(frozen=True, slots=True)
class InputTokens:
    """Up to n things noticed in one step of B sessions; unused places have `valid` False."""

    keys: Tensor  # (B, n, d) float32
    modality: Tensor  # (B, n) int8
    salience: Tensor  # (B, n) float32, 0 to 1
    start_s: Tensor  # (B, n) float64
    end_s: Tensor  # (B, n) float64
    clock_s: Tensor  # (B,) float64, end of this step's media

    @classmethod
    def empty(cls, batch: int, places: int, dim: int) -> Self:
        """Tokens with nothing in them."""
        return cls(
            keys=torch.zeros(batch, places, dim),
            modality=torch.full((batch, places), int(Modality.EMPTY), dtype=torch.int8),
            salience=torch.zeros(batch, places),
            start_s=torch.zeros(batch, places, dtype=torch.float64),
            end_s=torch.zeros(batch, places, dtype=torch.float64),
            clock_s=torch.zeros(batch, dtype=torch.float64),
        )

    def to(self, device: torch.device | str) -> Self:
        """The same tokens on another device."""
        return type(self)(
            self.keys.to(device),
            self.modality.to(device),
            self.salience.to(device),
            self.start_s.to(device),
            self.end_s.to(device),
            self.clock_s.to(device),
        )


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What a step did: the processor's tokens and where each input went."""

    tokens: Tensor  # (B, r, d) float32
    slot: Tensor  # (B, n) int64, slot written or merged into; -1: not kept
    fresh: Tensor  # (B, n) bool, True where the input began a new event
    healthy: Tensor  # (B,) bool, False where numbers were not finite and the step was refused
