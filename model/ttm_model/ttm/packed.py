"""Packed slots: one token that superposes several events, each bound to its place by a code.

A packed token is `sum_i key_i * code_i`, where the codes are fixed vectors of random signs, one for
each place. Multiplying by a code undoes it for that place and turns the others into noise of about
`|key| sqrt((k-1)/d)` per direction: keys are told apart as long as a slot holds few of them. This
is binding by elementwise product and superposition by addition (Kanerva, Hyperdimensional
Computing, 2009; Plate, Holographic Reduced Representations, 1995). When each event was is not
superposed: a packed slot stores the times of its places.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from ttm_model.ttm.layout import Layout

CODE_SEED = 1995


@lru_cache(maxsize=8)
def _codes(places: int, dim: int, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(CODE_SEED)
    signs = torch.randint(0, 2, (places, dim), generator=generator)
    return (signs * 2 - 1).to(device=device, dtype=torch.float32)


def codes(layout: Layout, device: torch.device) -> Tensor:
    """The codes of a layout's places, (places, d) of +1 and -1; the same in every process."""
    return _codes(layout.pack_places, layout.dim, device)


def unbind(token: Tensor, count: int, layout: Layout) -> Tensor:
    """A packed token (d,) of `count` events -> each key, with noise of the others (count, d)."""
    return token[None, :] * codes(layout, token.device)[:count]
