"""The default unit: published read and Transformer processor, slot write. Knows no encoder.

`step(state, inputs, mask) -> (state, output)` as the published units have it; the state holds all
that goes on, the module only weights. Before training, the way from the processor into the written
key is exactly zero, so rule S0 alone decides what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ttm_model.ttm.layers import Attention, TokenLearner
from ttm_model.ttm.layout import Layout
from ttm_model.ttm.processor import TransformerProcessor
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.slot_write import slot_write
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens, StepOutput

MAX_KEY_NORM = 16.0


@dataclass(frozen=True, slots=True)
class UnitConfig:
    """Sizes of the default unit."""

    layout: Layout = field(default_factory=Layout)
    rule: S0Rule = field(default_factory=S0Rule)
    process_tokens: int = 8
    layers: int = 2
    heads: int = 4
    mlp_hidden: int = 256
    seed: int = 20260101


class SlotUnit(nn.Module):
    """Slot-write Token Turing Machine unit; `step` is pure: same inputs, same bits."""

    def __init__(self, config: UnitConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UnitConfig()
        dim = config.layout.dim
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # untrained parts are the same in every process
            self.read = TokenLearner(dim, config.process_tokens)
            self.process = TransformerProcessor(
                dim, config.process_tokens, config.layers, config.heads, config.mlp_hidden
            )
            self.refine = Attention(dim, config.heads)
            self.gist = TokenLearner(dim, config.layout.gist)
        nn.init.zeros_(self.refine.out.weight)
        nn.init.zeros_(self.refine.out.bias)

    def initial(self, batch: int) -> MemoryState:
        """Empty memories of `batch` sessions, on the module's device."""
        return MemoryState.initial(batch, self.config.layout, self.read.norm.weight.device)

    def step(
        self, state: MemoryState, inputs: InputTokens, mask: Tensor
    ) -> tuple[MemoryState, StepOutput]:
        """One step of B sessions; `mask` (B, n) is True where an input is there.

        A row whose numbers are not finite is refused: it keeps its state and is marked unhealthy.
        A row without inputs only moves its clock.
        """
        layout = self.config.layout
        healthy = _finite_rows(inputs, mask)
        valid = mask & healthy[:, None]
        keys = _bounded(torch.where(valid[..., None], inputs.keys, 0.0))
        memory = state.tokens
        output, keys, gist = self._dense(memory, keys, _occupied(state), valid)
        written, slot, fresh = slot_write(
            state, inputs.updated(keys=keys), valid, layout, self.config.rule
        )
        active = valid.any(dim=1)
        written.tokens[:, layout.gist_slots] = torch.where(
            active[:, None, None], gist, memory[:, layout.gist_slots]
        )
        clock_s = torch.where(healthy, torch.maximum(state.clock_s, inputs.clock_s), state.clock_s)
        after = written.updated(clock_s=clock_s, steps=state.steps + healthy.to(torch.int64))
        return after, StepOutput(output, slot, fresh, healthy)

    def _dense(
        self, memory: Tensor, keys: Tensor, occupied: Tensor, valid: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Everything that multiplies matrices -> output (B, r, d), keys (B, n, d), gist (B, g, d).

        On the CPU row after row: BLAS picks its blocking by the batch's size, and the same row
        would round differently alone and inside a batch (measured: 7e-7 on gist tokens).
        """
        if memory.device.type != "cpu" or memory.shape[0] == 1:
            return self._dense_rows(memory, keys, occupied, valid)
        rows = [
            self._dense_rows(*(x[b : b + 1] for x in (memory, keys, occupied, valid)))
            for b in range(memory.shape[0])
        ]
        output, refined, gist = (torch.cat(part) for part in zip(*rows, strict=True))
        return output, refined, gist

    def _dense_rows(
        self, memory: Tensor, keys: Tensor, occupied: Tensor, valid: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        seen = torch.cat([occupied, valid], dim=1)
        output = self.process(self.read(torch.cat([memory, keys], dim=1), seen))
        keys = keys + self.refine(keys, output)
        old = memory[:, self.config.layout.gist_slots]
        ones = valid.new_ones(valid.shape[0], old.shape[1] + output.shape[1])
        known = torch.cat([ones[:, : old.shape[1]], valid, ones[:, old.shape[1] :]], dim=1)
        gist = self.gist(torch.cat([old, keys, output], dim=1), known)
        return output, keys, gist


def _finite_rows(inputs: InputTokens, mask: Tensor) -> Tensor:
    """(B,) True where every valid number of the row is finite."""
    numbers = (
        torch.isfinite(inputs.keys).all(dim=-1)
        & torch.isfinite(inputs.salience)
        & torch.isfinite(inputs.start_s)
        & torch.isfinite(inputs.end_s)
    )
    return (numbers | ~mask).all(dim=1) & torch.isfinite(inputs.clock_s)


def _bounded(keys: Tensor) -> Tensor:
    """Keys scaled down to a largest norm, so that no input can outshout the memory."""
    norm = keys.square().sum(-1, keepdim=True).sqrt()
    return torch.where(norm > MAX_KEY_NORM, keys * (MAX_KEY_NORM / norm.clamp_min(1e-8)), keys)


def _occupied(state: MemoryState) -> Tensor:
    """(B, m) slots that read may look at; the gist tier always, so that no row is all masked."""
    occupied = state.modality >= 0
    occupied = occupied.clone()
    occupied[:, -1] = True
    return occupied
