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

from ttm_lab.published.processors import MixerProcessor, MlpProcessor
from ttm_lab.published.read_write import AddEraseWrite, TokenLearnerAttention
from ttm_model.ttm.layers import BOTTLENECK, TokenLearner
from ttm_model.ttm.processor import TransformerProcessor

MemoryMode = Literal["tl", "tl-mha", "tl-adderase"]
ProcessorKind = Literal["transformer", "mixer", "mlp"]


@dataclass(frozen=True, slots=True)
class PublishedConfig:
    """Sizes of a published unit; what is not given is as in the published code.

    The last four are constants there. `input_tokens` is n, used only for positional embeddings.
    """

    dim: int
    input_tokens: int  # n
    memory_tokens: int = 64  # m
    process_tokens: int = 8  # r
    mode: MemoryMode = "tl"
    processor: ProcessorKind = "transformer"
    layers: int = 1
    heads: int = 12
    mlp_hidden: int = 512
    positions: bool = False
    read_write_heads: int = 8
    adderase_tokens: int = 8
    bottleneck: int = BOTTLENECK
    mixer_sequence_hidden: int = 128


@dataclass(frozen=True, slots=True)
class PublishedState:
    """Memory of a published unit: tokens (B, m, D)."""

    tokens: Tensor


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
        return MixerProcessor(
            c.dim, c.process_tokens, c.layers, c.mlp_hidden, c.mixer_sequence_hidden
        )
    return MlpProcessor(c.dim, c.layers, c.mlp_hidden)
