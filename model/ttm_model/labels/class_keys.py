"""Memory keys of at most 256 classes: the posterior itself, turned. Knows no names and no sounds.

`key = p Phi` with orthonormal rows: linear, so merged keys are merged posteriors, and exact.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_model.labels.likeness import Likeness

KEY_WIDTH = 256
# Keys of single classes are alike or orthogonal: only merged ones lie between.
ALIKE = Likeness(even=0.7, slope=12.0)


class ClassKeys:
    """The keys of one label space and what they decode to. Float32; holds no state."""

    def __init__(self, classes: int) -> None:
        """Raises ValueError where a key has not a number for every class."""
        if classes > KEY_WIDTH:
            raise ValueError(f"classes: {classes} are more than the {KEY_WIDTH} numbers of a key")
        self.phi = _orthonormal_rows(classes)

    def key(self, posteriors: Tensor) -> Tensor:
        """Posteriors (..., C) -> memory keys (..., 256)."""
        return posteriors @ self.phi

    def decode(self, keys: Tensor) -> Tensor:
        """Keys (N, 256) -> posteriors (N, C), non-negative."""
        return (keys @ self.phi.T).clamp(min=0.0)

    def likeness(self, keys: Tensor, examples: Tensor) -> Tensor:
        """Keys (N, 256), examples (M, 256) -> P(the same class) (N,).

        A key says which class sounded and nothing else: another bell, or voice, is the same.
        """
        return ALIKE(keys, examples)


def _orthonormal_rows(classes: int) -> Tensor:
    """Rows (C, 256) of the Hadamard matrix (Sylvester's), scaled to unit length.

    The same bits on every machine, and dense: keys with a single non-zero value could not be told
    apart once they are superposed.
    """
    matrix = torch.ones(1, 1)
    while len(matrix) < KEY_WIDTH:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    rows: Tensor = matrix[KEY_WIDTH - classes :] / KEY_WIDTH**0.5
    return rows
