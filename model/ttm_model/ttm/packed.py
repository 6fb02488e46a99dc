"""Packed slots: one token whose float32 values hold several keys as the digits of one number.

A float32 counts exactly up to 2^24, so each value of a token has room for six digits of 4 bits. A
packed event's key is rounded to 15 levels with a scale of its own (chosen for the least squared
error) and its digits are added at its place's power of 16; the sum is exact, so what is packed
later never changes what was packed before. Rounding costs about a tenth of a key's length, spread
over all directions. Signed digits are those of balanced number systems (Knuth, The Art of Computer
Programming 2, 4.1). Scales and times of the places are stored beside the token.
"""

from __future__ import annotations

import torch
from torch import Tensor

SIGNIFICAND_BITS = 24
DIGIT_BITS = 4
MOST_PLACES = SIGNIFICAND_BITS // DIGIT_BITS
BASE = 1 << DIGIT_BITS
LARGEST = BASE // 2 - 1  # digits go from -7 to 7, so that a number's digits are its only ones
UNIT = 2.0 ** -(SIGNIFICAND_BITS - 1)  # keeps packed values below 1; a power of 2, so exact
CLIPS = tuple(0.40 + 0.05 * step for step in range(13))  # largest levels tried, share of the peak


def digits_of(key: Tensor) -> tuple[Tensor, Tensor]:
    """A key (d,) -> its digits (d,), whole numbers from -7 to 7, and their scale ()."""
    peak = key.abs().max()
    if not bool(peak > 0.0):
        return torch.zeros_like(key), peak
    scales = peak * torch.tensor(CLIPS, device=key.device) / LARGEST
    digits = (key[None, :] / scales[:, None]).round().clamp(-LARGEST, LARGEST)
    best = (digits * scales[:, None] - key).square().sum(dim=-1).argmin()
    return digits[best], scales[best]


def added(token: Tensor, place: int, digits: Tensor) -> Tensor:
    """A packed token (d,) with digits (d,) at a place that holds none yet."""
    assert 0 <= place < MOST_PLACES
    weight: float = UNIT * BASE**place
    return token + digits * weight


def digits_in(token: Tensor, places: int) -> Tensor:
    """A packed token (d,) -> the digits of its first places (places, d), exactly as added."""
    rest = (token.double() / UNIT).round().to(torch.int32)
    found = []
    for _ in range(places):
        digits = (rest + BASE // 2) % BASE - BASE // 2
        found.append(digits.to(token.dtype))
        rest = (rest - digits) // BASE
    return torch.stack(found)


def unpack(token: Tensor, scales: Tensor) -> Tensor:
    """A packed token (d,) and the scales of its first n places (n,) -> their keys (n, d)."""
    return digits_in(token, scales.shape[0]) * scales[:, None]
