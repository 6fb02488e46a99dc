"""A bank of concepts in key space, with siblings and a gap to text. Knows no episode, no system.

Concepts come in pairs of siblings whose sensor keys have a cosine between 0.6 and 0.8; apart from
that, directions are random. A pair is held out as a whole, so that a held-out concept's hard
negative was never trained on either.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_lab.task.interface import Concepts

SIBLING_COS = (0.6, 0.8)


def make_concepts(
    count: int, dim: int, modality_gap_sigma: float, held_out_share: float, seed: int
) -> Concepts:
    """Draw `count` concepts (an even number) with keys of `dim` values.

    A text key is its sensor key plus a random vector of expected length `modality_gap_sigma`,
    scaled to unit length: their cosine is about `1 / sqrt(1 + sigma^2)`. Raises ValueError where
    `count` is odd or less than 2, or the share is not within 0 and 1.
    """
    if count < 2 or count % 2:
        raise ValueError(f"count: {count} is not an even number of at least 2")
    if not 0.0 <= held_out_share <= 1.0:
        raise ValueError(f"held_out_share: {held_out_share} is not within 0 and 1")
    generator = torch.Generator().manual_seed(seed)
    pairs = count // 2
    first = unit(torch.randn(pairs, dim, generator=generator))
    other = torch.randn(pairs, dim, generator=generator)
    aside = unit(other - (other * first).sum(-1, keepdim=True) * first)
    low, high = SIBLING_COS
    cos = low + (high - low) * torch.rand(pairs, 1, generator=generator)
    second = cos * first + (1.0 - cos.square()).sqrt() * aside
    sensor = torch.stack([first, second], dim=1).reshape(count, dim)
    text = noisy(sensor, modality_gap_sigma, generator)
    order = torch.randperm(pairs, generator=generator)
    held_pairs = torch.zeros(pairs, dtype=torch.bool)
    held_pairs[order[: round(pairs * held_out_share)]] = True
    sibling = torch.arange(count).reshape(pairs, 2).flip(1).reshape(count)
    return Concepts(sensor, text, sibling, held_pairs.repeat_interleave(2))


def unit(vectors: Tensor) -> Tensor:
    """Vectors (..., d) scaled to length 1."""
    scaled: Tensor = vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    return scaled


def noisy(vectors: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """Unit vectors (..., d) with a random vector of expected length `sigma` added, rescaled."""
    shift = torch.randn(vectors.shape, generator=generator) * (sigma / vectors.shape[-1] ** 0.5)
    return unit(vectors + shift)
