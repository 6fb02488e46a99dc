"""How published units read and write tokens, besides the TokenLearner that ours uses too."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ttm_model.ttm.layers import Attention, Mlp, layer_norm


class TokenLearnerAttention(nn.Module):
    """TokenLearner, attention form: k learned queries attend to the tokens.

    As published, without norm and without residual.
    """

    def __init__(self, dim: int, tokens_out: int, heads: int = 8) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.empty(1, tokens_out, dim).normal_(std=0.02))
        self.attention = Attention(dim, heads)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, n, D) and an optional validity mask (B, n) -> (B, k, D)."""
        queries = self.tokens.expand(x.shape[0], -1, -1)
        result: Tensor = self.attention(queries, x, mask)
        return result


class AddEraseWrite(nn.Module):
    """`TokenAddEraseWrite`: erase and add through j soft addresses, as published.

    The add term is mean_j(1 - s_j a_j), not the Neural Turing Machine's sum_j s_j a_j.
    """

    def __init__(self, dim: int, output_tokens: int, tokens: int, bottleneck: int) -> None:
        super().__init__()
        self.norm_address = layer_norm(dim)
        self.address = Mlp(dim, bottleneck, tokens)
        self.norm_erase = layer_norm(dim)
        self.erase_tokens = Mlp(output_tokens, bottleneck, tokens)
        self.erase_channels = Mlp(dim, bottleneck, dim)
        self.norm_add = layer_norm(dim)
        self.add_tokens = Mlp(output_tokens, bottleneck, tokens)
        self.add_channels = Mlp(dim, bottleneck, dim)

    def forward(self, memory: Tensor, output: Tensor) -> Tensor:
        """Memory (B, m, D) and output (B, r, D) -> next memory (B, m, D)."""
        address = torch.softmax(
            self.address(self.norm_address(memory)).transpose(-1, -2), dim=-1
        )  # (B, j, m)
        erase = self.erase_channels(
            self.erase_tokens(self.norm_erase(output).transpose(-1, -2)).transpose(-1, -2)
        )  # (B, j, D)
        add = self.add_channels(
            self.add_tokens(self.norm_add(output).transpose(-1, -2)).transpose(-1, -2)
        )
        keep = (1.0 - address[..., None] * erase[:, :, None, :]).prod(dim=1)  # (B, m, D)
        added = (1.0 - address[..., None] * add[:, :, None, :]).mean(dim=1)
        result: Tensor = memory * keep + added
        return result
