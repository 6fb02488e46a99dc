"""Time scales for what is kept and what is replaced. Knows no memory.

After Tallec and Ollivier, "Can recurrent neural networks warp time?", ICLR 2018.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def time_scales(first_steps: float, last_steps: float, count: int) -> Tensor:
    """`count` numbers of steps in geometric steps: (count,) float32."""
    return torch.linspace(math.log(first_steps), math.log(last_steps), count).exp()
