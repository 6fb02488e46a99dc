"""An LSTM of 24,576 state values with weights that fit a small budget. Knows no question.

A dense LSTM with that state would have 600 million weights. Here the hidden units stand in `cells`
groups of d; input weights are shared by the groups, recurrent weights are shared and block-diagonal
(blocks of 64), the groups talk through their mean, and each group has its own biases and its own
address for the input. Forget biases start spread over time scales (`time_scales`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ttm_lab.training.time_scales import time_scales

BLOCK = 64
QUICKEST_STEPS = 2.0
SLOWEST_STEPS = 600.0
INPUT_SCALE = 4.0  # keys have unit length, so their values are small
ADDRESS_SCALE = 16.0  # of the usual start, so that cells like different contents and times


class LstmBank(nn.Module):
    """LSTM steps (Hochreiter and Schmidhuber) of `cells` groups of `dim` units."""

    def __init__(self, dim: int, cells: int) -> None:
        super().__init__()
        if dim % BLOCK:
            raise ValueError(f"dim: {dim} is not a multiple of {BLOCK}")
        self.cells, self.dim = cells, dim
        self.pool = nn.Linear(dim, 1)
        self.inputs = nn.Linear(2 * dim, 4 * dim)
        self.mean = nn.Linear(dim, 4 * dim, bias=False)
        self.recurrent = nn.Parameter(torch.empty(dim // BLOCK, BLOCK, 4 * BLOCK))
        nn.init.uniform_(self.recurrent, -(BLOCK**-0.5), BLOCK**-0.5)
        self.bias = nn.Parameter(torch.zeros(cells, 4, dim))
        self.address = nn.Linear(2 * dim, 3 * cells)  # one value for each gate of each cell
        scales = time_scales(QUICKEST_STEPS, SLOWEST_STEPS, cells)
        with torch.no_grad():
            self.bias[:, 1] = (scales - 1).log()[:, None]
            self.bias[:, 0] = -(scales - 1).log()[:, None]
            self.pool.weight.zero_()
            self.address.weight.mul_(ADDRESS_SCALE)
            self._start_as_store()

    def _start_as_store(self) -> None:
        """Candidates start as the mean input itself, as the other systems' tokens do."""
        candidate = slice(2 * self.dim, 3 * self.dim)
        self.inputs.weight[candidate] = 0.0
        self.inputs.weight[candidate, : self.dim] = INPUT_SCALE * torch.eye(self.dim)
        self.mean.weight[candidate] = 0.0
        self.recurrent.view(-1, BLOCK, 4, BLOCK)[:, :, 2] = 0.0

    def initial(self, batch: int) -> tuple[Tensor, Tensor]:
        """Hidden and cell state of zeros, each (B, cells, d)."""
        zeros = self.bias.new_zeros(batch, self.cells, self.dim)
        return zeros, zeros

    def step(
        self, hidden: Tensor, cell: Tensor, inputs: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Inputs (B, n, d), mask (B, n) -> next hidden and cell; without input both stay."""
        x = self._pooled(inputs, mask)
        gates = self.inputs(x) + self.mean(hidden.mean(1))
        gates = gates.reshape(len(x), 1, 4, self.dim)
        blocks = hidden.reshape(*hidden.shape[:2], -1, BLOCK)  # (B, cells, d / 64, 64)
        own = torch.einsum("bcki,kio->bcko", blocks, self.recurrent)
        own = own.reshape(*own.shape[:3], 4, BLOCK).transpose(2, 3).flatten(-2)  # (B, cells, 4, d)
        gates = gates + own + self.bias
        address = self.address(x).unflatten(-1, (3, self.cells)).transpose(1, 2)[..., None]
        enter = torch.sigmoid(gates[:, :, 0] + address[:, :, 0])
        keep = torch.sigmoid(gates[:, :, 1] + address[:, :, 1])
        show = torch.sigmoid(gates[:, :, 3] + address[:, :, 2])
        after = keep * cell + enter * torch.tanh(gates[:, :, 2])
        there = mask.any(1)[:, None, None]
        cell = torch.where(there, after, cell)
        return torch.where(there, show * torch.tanh(cell), hidden), cell

    def _pooled(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """A learned weighted mean and the sum over the root of the number: (B, n, d) -> (B, 2d)."""
        weights = self.pool(inputs)[..., 0].masked_fill(~mask, -1e9).softmax(-1) * mask
        mean = (weights[..., None] * inputs).sum(1)
        count = mask.sum(1, keepdim=True).clamp_min(1)
        total = (inputs * mask[..., None]).sum(1) / count.sqrt()
        return torch.cat([mean, total], dim=-1)
