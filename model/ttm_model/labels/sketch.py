"""A fixed linear sketch of class posteriors and its sparse inverse; knows no names and no pictures.

A memory key has fewer numbers than a space may have classes. The sketch is `key = p Phi`: linear,
so merged keys are merged posteriors. `Phi` (C, D) has unit rows: some columns span the kinds of
classes (the leading right singular vectors of the kinds' indicator matrix), the others are seeded
random directions that tell classes apart. A posterior with few classes comes back from its key by
non-negative least squares (compressed sensing: Candes, Romberg and Tao, 2006; solved by FISTA:
Beck and Teboulle, 2009) far better than by any linear read-out. With C <= D the sketch is exact.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

KEY_WIDTH = 256
KEPT_CLASSES = 32
_KIND_COLUMNS = 32
_CANDIDATES = 96
_STEPS = 80
_SPARSITY = 0.004
_RIDGE = 1e-3


def make_phi(kinds: Tensor, seed: int = 20) -> Tensor:
    """Make `Phi` (C, 256) for kinds' indicators (G, C). Same arguments, same matrix."""
    classes = kinds.shape[1]
    if classes <= KEY_WIDTH:
        return _orthonormal_rows(classes)
    scaled = kinds / kinds.sum(1, keepdim=True).clamp(min=1).sqrt()
    tree = torch.linalg.svd(scaled, full_matrices=False).Vh[:_KIND_COLUMNS].T
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(classes, KEY_WIDTH - tree.shape[1], generator=generator)
    noise = noise - tree @ (tree.T @ noise)
    return F.normalize(torch.cat([tree, torch.linalg.qr(noise).Q], dim=1), dim=1)


def _orthonormal_rows(classes: int) -> Tensor:
    """Rows (C, 256) of the Hadamard matrix (Sylvester's), scaled to unit length.

    Exact like unit rows, and the same bits on every machine, but dense: keys with a single non-zero
    value could not be told apart once they are bound by signs and superposed.
    """
    matrix = torch.ones(1, 1)
    while len(matrix) < KEY_WIDTH:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    rows: Tensor = matrix[KEY_WIDTH - classes :] / KEY_WIDTH**0.5
    return rows


def sparse(posteriors: Tensor, kept: int = KEPT_CLASSES) -> Tensor:
    """Keep each row's `kept` largest values of (..., C), the others 0; nothing is rescaled."""
    if posteriors.shape[-1] <= kept:
        return posteriors
    values, at = posteriors.topk(kept, dim=-1)
    return torch.zeros_like(posteriors).scatter(-1, at, values)


class Sketch:
    """The linear map of one label space and its inverses. Float32; holds no state."""

    def __init__(self, phi: Tensor) -> None:
        self.phi = phi.float()
        self.exact = phi.shape[0] <= phi.shape[1]
        spread = self.phi.T @ self.phi + _RIDGE * torch.eye(phi.shape[1])
        self._least_squares = torch.linalg.solve(spread, self.phi.T)  # (D, C)
        self._gram = self.phi @ self.phi.T  # (C, C)

    def key(self, posteriors: Tensor) -> Tensor:
        """Posteriors (..., C) -> memory keys (..., 256); only the largest classes are kept."""
        kept = posteriors if self.exact else sparse(posteriors)
        return kept @ self.phi

    def query_key(self, weights: Tensor) -> Tensor:
        """Class weights (Q, C) -> (Q, 256) with `key(p) . query_key(w) ~= p . w`.

        The least-squares read-out: exact up to 256 classes, above that a noisy first look;
        `decode(key) @ w` is what scores should be taken from.
        """
        return weights @ self.phi if self.exact else weights @ self._least_squares.T

    def decode(self, keys: Tensor) -> Tensor:
        """Keys (N, 256) -> estimated posteriors (N, C), non-negative and sparse."""
        if self.exact:
            return (keys @ self.phi.T).clamp(min=0.0)
        first = keys @ self.phi.T  # (N, C)
        count = min(_CANDIDATES, first.shape[1])
        at = first.topk(count, dim=-1).indices  # (N, M)
        gram = self._gram[at[:, :, None], at[:, None, :]]  # (N, M, M)
        goal = first.gather(1, at) - _SPARSITY
        step = 1.0 / torch.linalg.matrix_norm(gram, ord=float("inf"))[:, None]
        x = y = torch.zeros_like(goal)
        momentum = 1.0
        for _ in range(_STEPS):
            downhill = goal - (gram @ y[:, :, None])[:, :, 0]
            nxt = (y + step * downhill).clamp(min=0.0)
            faster = (1.0 + (1.0 + 4.0 * momentum * momentum) ** 0.5) / 2.0
            y = nxt + (momentum - 1.0) / faster * (nxt - x)
            x, momentum = nxt, faster
        return torch.zeros_like(first).scatter(1, at, x)
