"""What the trained systems have between the stream and the reader. Knows no question.

A memory folds embedded tokens (B, K, n, d) of K steps into its state, a tuple of tensors, and lays
the state out as tokens (B, M, d) with a mask for the reader. `recurrent` ones are trained by
truncated backpropagation; the other sees the whole history at once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ttm_lab.published.unit import PublishedConfig, PublishedState, PublishedUnit
from ttm_lab.task.episodes import PLACES
from ttm_lab.training.lstm_bank import LstmBank
from ttm_lab.training.published_start import start_as_running_means
from ttm_model.ttm.layers import Attention, Mlp, layer_norm

DIM = 256
MEMORY_TOKENS = 96
State = tuple[Tensor, ...]


class Memory(nn.Module):
    """What all memories have in common."""

    recurrent = True

    def initial(self, batch: int) -> State:
        """The state before the first step of `batch` sessions."""
        raise NotImplementedError

    def fold(self, state: State, inputs: Tensor, mask: Tensor) -> State:
        """K steps: inputs (B, K, n, d), mask (B, K, n) True where a token is there."""
        raise NotImplementedError

    def tokens(self, state: State) -> tuple[Tensor, Tensor]:
        """Tokens (B, M, d) and mask (B, M) for the reader."""
        raise NotImplementedError


class PublishedMemory(Memory):
    """The published unit, mode `tl-mha`, 96 tokens, Transformer processor (Ryoo et al., 2023)."""

    def __init__(self, dim: int = DIM, memory_tokens: int = MEMORY_TOKENS) -> None:
        super().__init__()
        # Without positions it cannot tell its own slots apart, and keeps no more than the last few.
        self.unit = PublishedUnit(
            PublishedConfig(
                dim,
                input_tokens=PLACES,
                memory_tokens=memory_tokens,
                mode="tl-mha",
                layers=2,
                heads=4,
                mlp_hidden=dim,
                positions=True,
            )
        )
        assert self.unit.read_positions is not None
        nn.init.normal_(self.unit.read_positions, std=dim**-0.5)  # of unit length, as keys are
        start_as_running_means(self.unit)

    def initial(self, batch: int) -> State:
        """Memory of zeros."""
        return (self.unit.initial(batch).tokens,)

    def fold(self, state: State, inputs: Tensor, mask: Tensor) -> State:
        """One published step for each of the K."""
        missing = PLACES - inputs.shape[2]  # positions are for so many places
        inputs = nn.functional.pad(inputs, (0, 0, 0, missing))
        mask = nn.functional.pad(mask, (0, missing))
        memory = PublishedState(state[0])
        for step in range(inputs.shape[1]):
            memory, _ = self.unit.step(memory, inputs[:, step], mask[:, step])
        return (memory.tokens,)

    def tokens(self, state: State) -> tuple[Tensor, Tensor]:
        """The memory tokens, all valid."""
        return state[0], torch.ones_like(state[0][..., 0], dtype=torch.bool)


class LstmMemory(Memory):
    """An LSTM whose hidden and cell state have the bytes of 96 tokens: 48 cells x 2 x 256."""

    def __init__(self, dim: int = DIM, memory_tokens: int = MEMORY_TOKENS) -> None:
        super().__init__()
        self.bank = LstmBank(dim, memory_tokens // 2)
        self.part = nn.Parameter(torch.empty(2, dim).normal_(std=0.02))

    def initial(self, batch: int) -> State:
        """Hidden and cell state of zeros, each (B, cells, d)."""
        return self.bank.initial(batch)

    def fold(self, state: State, inputs: Tensor, mask: Tensor) -> State:
        """K LSTM steps."""
        hidden, cell = state
        for step in range(inputs.shape[1]):
            hidden, cell = self.bank.step(hidden, cell, inputs[:, step], mask[:, step])
        return hidden, cell

    def tokens(self, state: State) -> tuple[Tensor, Tensor]:
        """Hidden and cell vectors as tokens."""
        tokens = torch.cat([part + mark for part, mark in zip(state, self.part, strict=True)], 1)
        return tokens, torch.ones_like(tokens[..., 0], dtype=torch.bool)


class TransformerMemory(Memory):
    """Full causal attention over every token of the history; state and cost grow with it.

    Two pre-norm blocks. Their ways back into the stream start at zero.
    """

    recurrent = False

    def __init__(self, dim: int = DIM, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.blocks = nn.ModuleList(_CausalBlock(dim, heads) for _ in range(layers))

    def initial(self, batch: int) -> State:
        """No tokens yet: a key/value cache for each block, outputs, mask and step numbers."""
        weight = next(self.parameters())
        dim = weight.shape[-1]
        none = weight.new_zeros(batch, 0, dim)
        caches = [none] * (2 * len(self.blocks))
        mask = torch.zeros(batch, 0, dtype=torch.bool, device=weight.device)
        return (*caches, none, mask, torch.zeros(0, dtype=torch.int64, device=weight.device))

    def fold(self, state: State, inputs: Tensor, mask: Tensor) -> State:
        """K steps at once; a token sees its own step and all before it."""
        *caches, outputs, seen, steps = state
        count, places = inputs.shape[1:3]
        first = int(steps[-1]) + 1 if steps.numel() else 0
        new = torch.arange(first, first + count, device=steps.device).repeat_interleave(places)
        used = mask.flatten(1).any(0)  # places that no row uses are left out
        new = new[used]
        x, valid = inputs.flatten(1, 2)[:, used], mask.flatten(1)[:, used]
        steps, seen = torch.cat([steps, new]), torch.cat([seen, valid], dim=1)
        allowed = seen[:, None, :] & (steps[None, :] <= new[:, None])  # (B, new, all)
        after = []
        for at, block in enumerate(self.blocks):
            assert isinstance(block, _CausalBlock)
            x, keys, values = block(x, caches[2 * at], caches[2 * at + 1], allowed)
            after += [keys, values]
        return (*after, torch.cat([outputs, x], dim=1), seen, steps)

    def tokens(self, state: State) -> tuple[Tensor, Tensor]:
        """The last block's output for every token of the history."""
        return state[-3], state[-2]


class _CausalBlock(nn.Module):
    """x += MHA(LN x) over cache and new tokens; x += MLP(LN x)."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm_attention = layer_norm(dim)
        self.attention = Attention(dim, heads)
        self.norm_mlp = layer_norm(dim)
        self.mlp = Mlp(dim, dim, dim)
        for way in (self.attention.out, self.mlp.out):
            nn.init.zeros_(way.weight)
            nn.init.zeros_(way.bias)

    def forward(
        self, x: Tensor, keys: Tensor, values: Tensor, allowed: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """New tokens (B, k, d), caches (B, N, d), `allowed` (B, k, N + k) -> x, caches."""
        attention = self.attention
        normed = self.norm_attention(x)
        keys = torch.cat([keys, attention.key(normed)], dim=1)
        values = torch.cat([values, attention.value(normed)], dim=1)
        q, k, v = (
            part.unflatten(-1, (attention.heads, -1)).transpose(1, 2)
            for part in (attention.query(normed), keys, values)
        )
        scores = (q @ k.transpose(-1, -2)) * (q.shape[-1] ** -0.5)
        weights = torch.softmax(scores.masked_fill(~allowed[:, None], -1e9), dim=-1)
        x = x + attention.out((weights @ v).transpose(1, 2).flatten(-2))
        return x + self.mlp(self.norm_mlp(x)), keys, values


MEMORIES: dict[str, type[Memory]] = {
    "published-ttm": PublishedMemory,
    "lstm": LstmMemory,
    "transformer": TransformerMemory,
}
