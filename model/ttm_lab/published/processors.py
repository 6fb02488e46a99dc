"""The published processors that the serving unit does not use. They know no memory."""

from __future__ import annotations

from torch import Tensor, nn

from ttm_model.ttm.layers import Mlp, layer_norm


class MixerBlock(nn.Module):
    """Token mixing over the transposed tokens, then channel mixing, both residual."""

    def __init__(self, dim: int, tokens: int, hidden: int, sequence_hidden: int) -> None:
        super().__init__()
        self.norm_tokens = layer_norm(dim)
        self.token_mixing = Mlp(tokens, sequence_hidden, tokens)
        self.norm_channels = layer_norm(dim)
        self.channel_mixing = Mlp(dim, hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, r, D) -> (B, r, D)."""
        x = x + self.token_mixing(self.norm_tokens(x).transpose(-1, -2)).transpose(-1, -2)
        result: Tensor = x + self.channel_mixing(self.norm_channels(x))
        return result


class MixerProcessor(nn.Module):
    """L mixer blocks and a final norm: (B, r, D) -> (B, r, D)."""

    def __init__(
        self, dim: int, tokens: int, layers: int, hidden: int, sequence_hidden: int
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            MixerBlock(dim, tokens, hidden, sequence_hidden) for _ in range(layers)
        )
        self.norm = layer_norm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, r, D) -> (B, r, D)."""
        for block in self.blocks:
            x = block(x)
        result: Tensor = self.norm(x)
        return result


class MlpProcessor(nn.Module):
    """x = MLP(LN x) per layer, without residual, and a final norm: (B, r, D) -> (B, r, D)."""

    def __init__(self, dim: int, layers: int, hidden: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(layer_norm(dim) for _ in range(layers))
        self.mlps = nn.ModuleList(Mlp(dim, hidden, dim) for _ in range(layers))
        self.norm = layer_norm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, r, D) -> (B, r, D)."""
        for norm, mlp in zip(self.norms, self.mlps, strict=True):
            x = mlp(norm(x))
        result: Tensor = self.norm(x)
        return result
