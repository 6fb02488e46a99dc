"""The reader that every trained system has: two cross-attention layers and three heads.

Knows no memory: it gets M tokens, a mask and questions. Sizes are the same for every system, and so
is the start: projections at identity, so that a token that carries a key is found by that key.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ttm_lab.training import time_code
from ttm_model.ttm.layers import Attention, Mlp, layer_norm

LAYERS = 2
HEADS = 4
HIDDEN = 256
KINDS = ("at_time", "beside", "when", "presence")
QUERY_SCALE = 2.0  # sharpens attention at the start, so that one token among hundreds is found
SCORE_SCALE = 12.0  # cosine to logit; learned from here


@dataclass(frozen=True, slots=True)
class Asked:
    """Q questions of B sessions; what a kind does not name is zero."""

    kind: Tensor  # (B, Q) int64, index into KINDS
    key: Tensor  # (B, Q, d) float32, text key, zero for `at_time`
    time_s: Tensor  # (B, Q) float64, only for `at_time`

    def to(self, device: torch.device | str) -> Asked:
        """The same questions on another device."""
        return Asked(self.kind.to(device), self.key.to(device), self.time_s.to(device))


Laid = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the heads say of Q questions of B sessions."""

    found: Tensor  # (B, Q, d) of unit length: the text key that is meant
    scale: Tensor  # (), cosine to logit
    time: Tensor  # (B, Q, time_code.DIM): product with a time's code is that time's logit
    present: Tensor  # (B, Q) logit

    def candidate_logits(self, candidates: Tensor) -> Tensor:
        """Text keys (K, d) -> (B, Q, K)."""
        return self.scale * (self.found @ candidates.T)


def time_projection(dim: int) -> nn.Linear:
    """From a time code into token space, the same start for what is stored and what is asked."""
    layer = nn.Linear(time_code.DIM, dim, bias=False)
    generator = torch.Generator().manual_seed(0)
    nn.init.orthogonal_(layer.weight, generator=generator)
    return layer


class ReaderHead(nn.Module):
    """Question [key, time, kind] -> cross-attention to memory tokens (B, M, d) -> `Reading`."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.kinds = nn.Parameter(torch.empty(len(KINDS), dim).normal_(std=0.02))
        self.time_in = time_projection(dim)
        self.norm_memory = layer_norm(dim)
        self.norms = nn.ModuleList(layer_norm(dim) for _ in range(LAYERS))
        self.attentions = nn.ModuleList(Attention(dim, HEADS) for _ in range(LAYERS))
        self.norms_mlp = nn.ModuleList(layer_norm(dim) for _ in range(LAYERS))
        self.mlps = nn.ModuleList(Mlp(dim, HIDDEN, dim) for _ in range(LAYERS))
        self.norm = layer_norm(dim)
        self.found = nn.Linear(dim, dim)
        self.scale = nn.Parameter(torch.tensor(SCORE_SCALE))
        self.time_out = nn.Linear(dim, time_code.DIM)
        self.present = Mlp(2 * dim, 64, 1)
        self._start()

    def _start(self) -> None:
        # The first look asks as it is asked. The second one asks for what was there at the time of
        # what the first one found: without this start no system learned to find a sight by its
        # sound.
        in_time = self.time_in.weight @ self.time_in.weight.T
        looks = (torch.eye(len(in_time)), in_time)
        for attention, look in zip(self.attentions, looks, strict=True):
            assert isinstance(attention, Attention)
            for part in (attention.query, attention.key, attention.value, attention.out):
                nn.init.eye_(part.weight)
                nn.init.zeros_(part.bias)
            with torch.no_grad():
                attention.query.weight.copy_(QUERY_SCALE * look)
        for mlp in self.mlps:
            assert isinstance(mlp, Mlp)
            nn.init.zeros_(mlp.out.weight)
        nn.init.eye_(self.found.weight)
        with torch.no_grad():  # a time code read back through the way it came in
            self.time_out.weight.copy_(self.time_in.weight.T)

    def forward(self, asked: Asked, memory: Tensor, mask: Tensor) -> Reading:
        """Memory tokens (B, M, d), mask (B, M) or, one for each question, (B, Q, M)."""
        return self.read(asked, self.lay_out(memory), mask)

    def lay_out(self, memory: Tensor) -> Laid:
        """Each layer's keys and values (B, heads, M, d / heads): what no question changes."""
        memory = self.norm_memory(memory)
        return [
            (_by_head(attention.key(memory)), _by_head(attention.value(memory)))
            for attention in self.attentions
            if isinstance(attention, Attention)
        ]

    def read(self, asked: Asked, laid: Laid, mask: Tensor) -> Reading:
        """Questions to a memory that was laid out, with its mask."""
        named = asked.kind == KINDS.index("at_time")
        code = time_code.time_code(asked.time_s) * named[..., None]
        x = asked.key + self.time_in(code) + self.kinds[asked.kind]  # (B, Q, d)
        for norm, attention, norm_mlp, mlp, (keys, values) in zip(
            self.norms, self.attentions, self.norms_mlp, self.mlps, laid, strict=True
        ):
            x = x + _attend(attention, norm(x), keys, values, mask)
            x = x + mlp(norm_mlp(x))
        x = self.norm(x)
        found = torch.nn.functional.normalize(self.found(x), dim=-1)
        alike = x * asked.key * x.shape[-1] ** 0.5
        present: Tensor = self.present(torch.cat([x, alike], dim=-1))[..., 0]
        return Reading(found, self.scale, self.time_out(x), present)


def _by_head(x: Tensor) -> Tensor:
    """(B, N, d) -> (B, heads, N, d / heads)."""
    batch, count, dim = x.shape
    return x.reshape(batch, count, HEADS, dim // HEADS).transpose(1, 2)


def _attend(attention: nn.Module, queries: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention with a mask that may differ from question to question."""
    assert isinstance(attention, Attention)
    q = _by_head(attention.query(queries))
    seen = mask[:, None, None, :] if mask.dim() == 2 else mask[:, None]
    scores = (q @ k.transpose(-1, -2)) * (q.shape[-1] ** -0.5)
    # A question to an empty memory attends evenly to nothing: its values are zeroed below.
    weights = torch.softmax(scores.masked_fill(~seen, -1e9), dim=-1) * seen
    result: Tensor = attention.out((weights @ v).transpose(1, 2).flatten(-2))
    return result
