"""What a slot-write unit takes and gives in one step. Knows no encoder: a key is a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import torch
from torch import Tensor

from ttm_model.declared import Declared, Kept
from ttm_model.looks.looks import BYTES as LOOKS
from ttm_model.ttm.layout import Modality


@dataclass(frozen=True, slots=True)
class InputTokens(Declared):
    """Up to n things noticed in one step of B sessions; the first axis of every tensor is B.

    What a slow sense found comes late: its interval lies before that of the step.
    """

    keys: Annotated[Tensor, Kept(torch.float32, ("n", "dim"))]
    modality: Annotated[Tensor, Kept(torch.int8, ("n",), int(Modality.EMPTY))]
    salience: Annotated[Tensor, Kept(torch.float32, ("n",))]  # 0 to 1
    start_s: Annotated[Tensor, Kept(torch.float64, ("n",))]
    end_s: Annotated[Tensor, Kept(torch.float64, ("n",))]
    looks: Annotated[Tensor, Kept(torch.uint8, ("n", LOOKS))]  # see looks; zeros: not known
    clock_s: Annotated[Tensor, Kept(torch.float64)]  # end of this step's media

    @classmethod
    def empty(cls, batch: int, places: int, dim: int) -> Self:
        """Tokens with nothing in them."""
        return cls.blank({"n": places, "dim": dim}, batch)


@dataclass(frozen=True, slots=True)
class StepOutput(Declared):
    """What a step did: the processor's tokens and where each input went."""

    tokens: Annotated[Tensor, Kept(torch.float32, ("r", "dim"))]
    slot: Annotated[Tensor, Kept(torch.int64, ("n",), -1)]  # written or merged into; -1: not kept
    fresh: Annotated[Tensor, Kept(torch.bool, ("n",))]  # the input began a new event
    healthy: Annotated[Tensor, Kept(torch.bool)]  # False: not finite, and the step was refused
