"""The Transformer processor: tokens read from memory -> output tokens. It knows no memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ttm_model.ttm.layers import Attention, Mlp, layer_norm


class TransformerBlock(nn.Module):
    """Pre-norm block: x += MHA(LN x); x += MLP(LN x)."""

    def __init__(self, dim: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm_attention = layer_norm(dim)
        self.attention = Attention(dim, heads)
        self.norm_mlp = layer_norm(dim)
        self.mlp = Mlp(dim, hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, r, D) -> (B, r, D)."""
        normed = self.norm_attention(x)
        x = x + self.attention(normed, normed)
        result: Tensor = x + self.mlp(self.norm_mlp(x))
        return result


class TransformerProcessor(nn.Module):
    """Learned positions, L pre-norm blocks, final norm: (B, r, D) -> (B, r, D)."""

    def __init__(self, dim: int, tokens: int, layers: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.empty(1, tokens, dim).normal_(std=0.02))
        self.blocks = nn.ModuleList(TransformerBlock(dim, heads, hidden) for _ in range(layers))
        self.norm = layer_norm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, r, D) -> (B, r, D)."""
        x = x + self.positions
        for block in self.blocks:
            x = block(x)
        result: Tensor = self.norm(x)
        return result
