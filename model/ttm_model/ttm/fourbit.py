"""Keys as digits of four bits with one scale each. Knows no memory.

A key is rounded to 15 levels, and the scale is the one of a few that loses least in squares. That
costs about an eighth of a dense key's length, spread over all directions.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST = 7  # digits go from -7 to 7
MIDDLE = 8  # a half byte holds the digit plus this
BASE = 16
CLIPS = tuple(0.40 + 0.05 * step for step in range(13))  # largest levels tried, share of the peak


def rounded(key: Tensor) -> tuple[Tensor, Tensor]:
    """A key (d,) -> its bytes (d / 2,) uint8, two digits each, and their scale () float32."""
    peak = key.abs().max()
    if not bool(peak > 0.0):
        digits, scale = torch.zeros_like(key), peak
    else:
        scales = peak * torch.tensor(CLIPS, device=key.device) / LARGEST
        tried = (key[None, :] / scales[:, None]).round().clamp(-LARGEST, LARGEST)
        best = (tried * scales[:, None] - key).square().sum(dim=-1).argmin()
        digits, scale = tried[best], scales[best]
    halves = (digits + MIDDLE).to(torch.uint8)
    return halves[0::2] + BASE * halves[1::2], scale


def digits_of(key: Tensor) -> Tensor:
    """Bytes (..., d / 2) uint8 -> digits (..., d) float32, whole numbers."""
    halves = torch.stack([key % BASE, key // BASE], dim=-1).flatten(-2)
    return halves.to(torch.float32) - MIDDLE


def restored(key: Tensor, scale: Tensor) -> Tensor:
    """Bytes (..., d / 2) uint8 and scales (...) -> keys (..., d) float32."""
    return digits_of(key) * scale[..., None]
