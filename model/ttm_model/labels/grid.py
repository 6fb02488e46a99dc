"""Where a picture's cells lie, and which of them show the thing. Knows no class and no network.

The picture network's cells form a (7, 9) grid, short side first. A box is left, top, right and
bottom as shares of the picture as it was taken: of a picture taller than wide the short side is
the horizontal one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm_model.encoders.picture import CELLS, GRID
from ttm_model.slow import Box

WINDOW_CELLS = 4
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_FOREGROUND = 0.5  # of the most agreeing cell's agreement
_SHORT, _LONG = GRID


def _windows() -> Tensor:
    """(24, 63) which cells each window of 4x4 holds, row by row."""
    rows = []
    for top in range(_SHORT - WINDOW_CELLS + 1):
        for left in range(_LONG - WINDOW_CELLS + 1):
            window = torch.zeros(GRID, dtype=torch.bool)
            window[top : top + WINDOW_CELLS, left : left + WINDOW_CELLS] = True
            rows.append(window.flatten())
    return torch.stack(rows)


WINDOWS = _windows()
_MEANS = WINDOWS.float() / WINDOW_CELLS**2
EVERYWHERE = torch.ones(CELLS, dtype=torch.bool)


def windows_mean(cells: Tensor) -> Tensor:
    """Cells (63, D) -> the mean of each window's cells (24, D)."""
    return _MEANS @ cells


def foreground(cells: Tensor, within: Tensor, scores: Tensor | None = None) -> Tensor:
    """Which cells (63,) of those `within` show what these cells show together.

    `cells` (63, D) are features from which what is always there was taken off. A cell belongs to
    the foreground where it agrees with the mean of them all at least half as well as the cell that
    agrees best: the mean over a picture is mostly the thing's, however small it is, and the cells
    around it only thin it out. Of several places that do not hang together it is the one with the
    best cell, by `scores` (63,) where given, else by agreement. Never empty.
    """
    towards = cells[within].mean(dim=0)
    agreement = (cells @ towards).masked_fill(~within, float("-inf"))
    best = agreement.max()
    if not bool(best > 0.0):
        return within
    marked = agreement >= _FOREGROUND * best
    start = (agreement if scores is None else scores).masked_fill(~marked, float("-inf")).argmax()
    return _around(int(start), marked)


def _around(start: int, marked: Tensor) -> Tensor:
    """The marked cells (63,) that hang together with one of them, corners counted."""
    near, grid = torch.zeros(1, CELLS), marked.reshape(1, *GRID)
    near[0, start] = 1.0
    near = near.reshape(1, *GRID)
    while True:
        wider = F.max_pool2d(near, 3, stride=1, padding=1) * grid
        if torch.equal(wider, near):
            return near.flatten() > 0.0
        near = wider


def box_of(shown: Tensor, tall: bool) -> Box:
    """The box around cells (63,) of which at least one is marked."""
    rows, columns = torch.nonzero(shown.reshape(GRID)).T
    short = (int(rows.min()) / _SHORT, (int(rows.max()) + 1) / _SHORT)
    long = (int(columns.min()) / _LONG, (int(columns.max()) + 1) / _LONG)
    across, down = (short, long) if tall else (long, short)
    return across[0], down[0], across[1], down[1]


def within_box(box: Box, tall: bool) -> Tensor:
    """The cells (63,) of which a box covers half or more; the nearest one where there is none."""
    left, top, right, bottom = box
    short, long = ((left, right), (top, bottom)) if tall else ((top, bottom), (left, right))
    covered = torch.outer(_covered(*short, _SHORT), _covered(*long, _LONG)).flatten()
    inside = covered >= 0.5
    return inside if bool(inside.any()) else covered >= covered.max()


def _covered(first: float, last: float, cells: int) -> Tensor:
    """The share (cells,) of each cell of a side that an interval of it covers."""
    edges = torch.arange(cells + 1, dtype=torch.float64) / cells
    shared = edges[1:].clamp(max=last) - edges[:-1].clamp(min=first)
    return (shared * cells).clamp(0.0, 1.0)
