"""From readings and truths to one loss and the recall that is shown. Knows no memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm_lab.training import time_code
from ttm_lab.training.asking import Truths
from ttm_lab.training.reader_head import KINDS, Asked, Reading

AT_TIME, BESIDE, WHEN, PRESENCE = range(len(KINDS))


@dataclass(frozen=True, slots=True)
class Scored:
    """The mean loss over kinds, and how many questions for a sight found the right one."""

    loss: Tensor
    right: int
    asked: int


def score(
    reading: Reading, asked: Asked, truths: Truths, candidates: Tensor, until_s: float
) -> Scored:
    """Cross entropy over candidate sights (C, d) and over the steps up to `until_s`; presence."""
    kind, counts = asked.kind, truths.counts
    sights = counts & (kind <= BESIDE)
    logits = reading.candidate_logits(candidates)[sights]
    wanted = truths.sight[sights]
    parts = [F.cross_entropy(logits, wanted, reduction="sum") / max(1, len(wanted))]
    timed = counts & (kind == WHEN)
    grid = time_code.time_code(time_code.grid_s(until_s, counts.device))  # (G, DIM)
    when = reading.time[timed] @ grid.T
    step = (truths.start_s[timed] / time_code.STEP_S).round().long().clamp(0, len(grid) - 1)
    parts.append(F.cross_entropy(when, step, reduction="sum") / max(1, len(step)))
    told = counts & (kind == PRESENCE)
    parts.append(
        F.binary_cross_entropy_with_logits(
            reading.present[told], truths.present[told], reduction="sum"
        )
        / max(1, int(told.sum()))
    )
    right = int((logits.argmax(-1) == wanted).sum())
    return Scored(torch.stack(parts).sum(), right, len(wanted))


def forget(
    asked: Asked, truths: Truths, mask: Tensor, share: float, generator: torch.Generator
) -> tuple[Truths, Tensor]:
    """Empty the memory of a share of the sessions; there, nothing was present.

    `mask` (B, M) or (B, Q, M); the same with those rows False.
    """
    lost = (torch.rand(mask.shape[0], generator=generator) < share).to(mask.device)
    presence = asked.kind == PRESENCE
    gone = lost[:, None]
    truths = Truths(
        truths.sight,
        truths.start_s,
        torch.where(gone, 0.0, truths.present),
        truths.counts & (~gone | presence),
    )
    return truths, mask & ~lost.view(-1, *[1] * (mask.dim() - 1))
