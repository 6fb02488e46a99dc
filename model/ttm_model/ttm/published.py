"""The published Token Turing Machine units, exactly: three memory modes, three processors.

Source: Ryoo et al., "Token Turing Machines", CVPR 2023, and its released implementation. They are
the baseline of this project; the slot write is the default. Known of them: `tl` overwrites every
slot at each step; `tl-adderase` adds about +1 to every slot a step and overflows within hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ttm_model.ttm.layers import BOTTLENECK, Mlp, TokenLearner, TokenLearnerAttention, layer_norm
from ttm_model.ttm.processors import (
    MixerProcessor,
    MlpProcessor,
    ProcessorKind,
    TransformerProcessor,
)

MemoryMode = Literal["tl", "tl-mha", "tl-adderase"]


@dataclass(frozen=True, slots=True)
class PublishedConfig:
    """Sizes of a published unit; `input_tokens` is n, needed only for positional embeddings."""

    dim: int
    memory_tokens: int  # m
    process_tokens: int  # r
    input_tokens: int  # n
    mode: MemoryMode = "tl"
    processor: ProcessorKind = "transformer"
    layers: int = 2
    heads: int = 4
    mlp_hidden: int = 64
    positions: bool = False
    read_write_heads: int = 8
    adderase_tokens: int = 8
    bottleneck: int = BOTTLENECK
    mixer_sequence_hidden: int = 128


@dataclass(frozen=True, slots=True)
class PublishedState:
    """Memory of a published unit: tokens (B, m, D)."""

    tokens: Tensor


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


class PublishedUnit(nn.Module):
    """One published unit: read r tokens, process, write m tokens."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.config = config
        c = config
        attention_form = c.mode == "tl-mha"
        self.read = _token_learner(c, c.process_tokens, attention_form)
        self.process = _processor(c)
        self.write: nn.Module
        if c.mode == "tl-adderase":
            self.write = AddEraseWrite(c.dim, c.process_tokens, c.adderase_tokens, c.bottleneck)
        else:
            self.write = _token_learner(c, c.memory_tokens, attention_form)
        read_length = c.memory_tokens + c.input_tokens
        write_length = read_length + c.process_tokens
        self.read_positions = (
            nn.Parameter(torch.zeros(1, read_length, c.dim)) if c.positions else None
        )
        self.write_positions = (
            nn.Parameter(torch.zeros(1, write_length, c.dim)) if c.positions else None
        )

    def initial(self, batch: int) -> PublishedState:
        """Memory of zeros for `batch` sessions."""
        weight = next(self.parameters())
        return PublishedState(weight.new_zeros(batch, self.config.memory_tokens, self.config.dim))

    def step(
        self, state: PublishedState, inputs: Tensor, mask: Tensor | None = None
    ) -> tuple[PublishedState, Tensor]:
        """One step: inputs (B, n, D), mask (B, n) True where valid -> next state, output (B, r, D).

        A row without any valid token keeps its memory bit for bit. Without a mask this is the
        published arithmetic.
        """
        memory = state.tokens
        seen = None if mask is None else _extend(mask, memory.shape[1])
        x = torch.cat([memory, inputs], dim=1)  # (B, m+n, D)
        if self.read_positions is not None:
            x = x + self.read_positions
        output: Tensor = self.process(self.read(x, seen))  # (B, r, D)
        written = self._write(memory, inputs, output, mask)
        if mask is not None:
            written = torch.where(mask.any(dim=1)[:, None, None], written, memory)
        return PublishedState(written), output

    def _write(self, memory: Tensor, inputs: Tensor, output: Tensor, mask: Tensor | None) -> Tensor:
        if isinstance(self.write, AddEraseWrite):
            added: Tensor = self.write(memory, output)
            return added
        x = torch.cat([memory, inputs, output], dim=1)  # (B, m+n+r, D)
        if self.write_positions is not None:
            x = x + self.write_positions
        valid = None if mask is None else _extend(mask, memory.shape[1], output.shape[1])
        written: Tensor = self.write(x, valid)
        return written


def _extend(mask: Tensor, before: int, after: int = 0) -> Tensor:
    """The input mask (B, n) with always-valid tokens before and after it."""
    ones = mask.new_ones(mask.shape[0], before + after)
    return torch.cat([ones[:, :before], mask, ones[:, before:]], dim=1)


def _token_learner(config: PublishedConfig, tokens_out: int, attention_form: bool) -> nn.Module:
    if attention_form:
        return TokenLearnerAttention(config.dim, tokens_out, config.read_write_heads)
    return TokenLearner(config.dim, tokens_out, config.bottleneck)


def _processor(c: PublishedConfig) -> nn.Module:
    if c.processor == "transformer":
        return TransformerProcessor(c.dim, c.process_tokens, c.layers, c.heads, c.mlp_hidden)
    if c.processor == "mixer":
        return MixerProcessor(c.dim, c.process_tokens, c.layers, c.mixer_sequence_hidden)
    return MlpProcessor(c.dim, c.layers, c.mlp_hidden)
