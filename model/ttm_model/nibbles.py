"""Vectors as four-bit digits with a scale each: pack, unpack, compare. Knows no meaning of them.

A digit is -7 to 7, stored as 1 to 15 in half a byte, so a zero half byte is never a digit. What is
compared is compared as whole numbers, so likeness has the same bits on every machine.
"""

from __future__ import annotations

import torch
from torch import Tensor

STEPS = 7  # digits on either side of zero
CLIPS = tuple(0.40 + 0.05 * step for step in range(13))  # largest levels tried, share of the peak
_MIDDLE = 8  # half byte of digit 0
_LOW = 15


def pack(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """(N, d) float, d even -> digits (N, d // 2) uint8 and scales (N,) float32; rows stand alone.

    The largest component of a row gets the largest digit. Raises ValueError where a component is
    not finite.
    """
    if not bool(torch.isfinite(vectors).all()):
        raise ValueError("vectors: every component must be finite")
    rows = vectors.detach().to("cpu", torch.float32)
    scale = rows.abs().amax(dim=-1) / STEPS  # (N,)
    safe = torch.where(scale > 0, scale, 1.0)
    halves = (rows / safe[:, None]).round().clamp(-STEPS, STEPS).to(torch.int16) + _MIDDLE
    return (halves[:, 0::2] + 16 * halves[:, 1::2]).to(torch.uint8), scale


def pack_closest(vector: Tensor) -> tuple[Tensor, Tensor]:
    """(d,) float, finite -> digits (d // 2,) uint8 and a scale () float32 that lose little.

    The scale is the one of a few that loses least in squares: a dense vector loses about an eighth
    of its length, spread over all directions, where the largest component is not kept.
    """
    peak = vector.abs().max()
    if not bool(peak > 0.0):
        rounded, scale = torch.zeros_like(vector), peak
    else:
        scales = peak * torch.tensor(CLIPS, device=vector.device) / STEPS
        tried = (vector[None, :] / scales[:, None]).round().clamp(-STEPS, STEPS)
        best = (tried * scales[:, None] - vector).square().sum(dim=-1).argmin()
        rounded, scale = tried[best], scales[best]
    halves = (rounded + _MIDDLE).to(torch.uint8)
    return halves[0::2] + 16 * halves[1::2], scale


def digits(packed: Tensor) -> Tensor:
    """(N, d // 2) uint8 -> (N, d) float32 of whole numbers, -8 to 7."""
    wide = packed.to(torch.int16)
    halves = torch.stack((wide & _LOW, wide >> 4), dim=-1).flatten(-2)
    return (halves - _MIDDLE).to(torch.float32)


def unpack(packed: Tensor, scale: Tensor) -> Tensor:
    """(N, d // 2) uint8 and (N,) float32 -> (N, d) float32, each component within half a scale."""
    return digits(packed) * scale[:, None]


def directions(packed: Tensor) -> Tensor:
    """(N, d // 2) uint8 -> (N, d) float32 of unit length; zeros where every digit is 0."""
    found = digits(packed)
    length = found.to(torch.float64).square().sum(dim=-1, keepdim=True).sqrt()
    return (found / length.clamp(min=1.0)).to(torch.float32)


def likeness(packed: Tensor, others: Tensor) -> Tensor:
    """(N, d // 2) and (M, d // 2) uint8 -> cosines (N, M) float64, exact but for the last rounding.

    The sums are of whole numbers below 2**24, which float32 adds exactly in any order.
    """
    a, b = digits(packed), digits(others)
    lengths = (a.square().sum(-1)[:, None] * b.square().sum(-1)[None, :].to(torch.float64)).sqrt()
    return (a @ b.T).to(torch.float64) / lengths.clamp(min=1.0)


def are_digits(packed: Tensor) -> bool:
    """Whether every half byte is one that `pack` writes."""
    return bool(((packed & _LOW) > 0).all()) and bool(((packed >> 4) > 0).all())
