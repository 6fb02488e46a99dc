"""Building blocks shared by every unit: MLP, attention, TokenLearner. They know no memory.

Arithmetic follows the published implementation (Ryoo et al., Token Turing Machines, CVPR 2023,
and its Flax layers): layer norm with eps 1e-6, tanh-approximated GELU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAYER_NORM_EPS = 1e-6
BOTTLENECK = 64


def layer_norm(dim: int) -> nn.LayerNorm:
    """Layer norm over the last `dim` values, with Flax's epsilon."""
    return nn.LayerNorm(dim, eps=LAYER_NORM_EPS)


class Mlp(nn.Module):
    """Dense, GELU, Dense over the last axis: (..., in) -> (..., out)."""

    def __init__(self, dim_in: int, hidden: int, dim_out: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim_in, hidden)
        self.out = nn.Linear(hidden, dim_out)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        result: Tensor = self.out(F.gelu(self.hidden(x), approximate="tanh"))
        return result


class Attention(nn.Module):
    """Multi-head attention with separate projections: queries (B, q, D), context (B, n, D)."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"dim: {dim} is not a multiple of heads, {heads}")
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend from (B, q, D) to (B, n, D); `mask` (B, n) is True where context is valid."""
        q, k, v = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, tokens, D/H)
            for project, x in (
                (self.query, queries),
                (self.key, context),
                (self.value, context),
            )
        )
        scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
        mixed = torch.softmax(scores, dim=-1) @ v  # (B, H, q, D/H)
        result: Tensor = self.out(mixed.transpose(1, 2).flatten(-2))
        return result


class TokenLearner(nn.Module):
    """TokenLearner v1.1, MLP form: k weighted sums of the tokens, (B, n, D) -> (B, k, D).

    The weights come from the normalised tokens; what is pooled are the tokens themselves.
    """

    def __init__(self, dim: int, tokens_out: int, bottleneck: int = BOTTLENECK) -> None:
        super().__init__()
        self.norm = layer_norm(dim)
        self.weights = Mlp(dim, bottleneck, tokens_out)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, n, D) and an optional validity mask (B, n) -> (B, k, D)."""
        scores = self.weights(self.norm(x)).transpose(-1, -2)  # (B, k, n)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, :], float("-inf"))
        return torch.softmax(scores, dim=-1) @ x
