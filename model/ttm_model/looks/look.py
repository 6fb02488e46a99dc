"""Looks at one thing in one picture: its colours against the scene's; knows no memory and no word.

A thing's box holds some of its background too. A colour of which the box has more than the
picture around it is the thing's (Swain and Ballard 1991 find things by the same ratio).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ttm_model.looks.colours import LEVELS, cells_of, words_of
from ttm_model.looks.looks import Looks
from ttm_model.slow import Box

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

LONG_PX = 144  # a larger picture is read at every n-th pixel
_COARSE = 4  # cells of the cube are compared in blocks of so many a side
_BLOCKS = LEVELS // _COARSE
_FRAME = 0.12  # of a thing that fills the picture, the scene is what is this near to an edge
_SCENE = 1.0  # how many times over the scene's share of a colour counts against the box's
_BRIGHT = 98.0  # percentile of a picture's pixels that is taken for nearly white
_MOST_GAIN = 1.5  # how many times brighter a dark picture is read
_LEAST = 0.02  # of the box: with less left than this, what is in it counts as it is
_MIDDLE = 0.35  # standard deviation, in sides of the box, of how much more its middle counts


def look(picture: Picture, box: Box) -> Looks:
    """Where the box is and what colours the thing in it has; `picture` (H, W, 3) uint8 RGB.

    Raises ValueError where the array is no picture. A box is cut at the picture's edges and has
    at least one pixel.
    """
    return Looks.of(box, colours_in(picture, box, box).tolist())


def colours_in(picture: Picture, box: Box, whole: Box) -> Floats:
    """Shares (11,) of the colours in the box that the picture around has less of; sum 1.

    `whole` is the box of the thing of which `box` is a part, or the same: what is around is what
    is outside of that.
    """
    cells = cells_of(_exposed(_small(picture)))
    inside = _counts(cells, _within(cells.shape, box))
    around = _counts(cells, _around(cells.shape, whole, framed=whole == box))
    blocks_in, blocks_out = _blurred(inside), _blurred(around)
    # How likely a pixel of this colour in the box is to be the thing's.
    own = np.clip(1.0 - _SCENE * blocks_out / np.maximum(blocks_in, 1e-12), 0.0, 1.0)
    thing = inside * own[_block_of_cell()]
    # Where thing and scene share their colours, the box as it is says more than the rest of it.
    seen = float(thing.sum())
    mixed = thing + max(0.0, _LEAST - seen) * inside
    words = words_of(mixed)
    return np.asarray(words / words.sum())


def clothes(picture: Picture, box: Box) -> Looks:
    """The person's box with the colours of what they wear on the upper half of the body."""
    return Looks.of(box, colours_in(picture, torso(picture, box), box).tolist())


def torso(picture: Picture, box: Box) -> Box:
    """The chest and the belly in a person's box, which may end anywhere below the shoulders."""
    left, top, right, bottom = box
    height, width = picture.shape[:2]
    tall = ((bottom - top) * height) / max((right - left) * width, 1e-9)
    # The box of a whole person is 1.7 times as tall as wide, or more; of head and shoulders, once.
    whole = min(1.0, max(0.0, (tall - 1.0) / 0.7))
    first, last = 0.52 - 0.32 * whole, 1.0 - 0.48 * whole
    inset = 0.22 * (right - left)
    return (
        left + inset,
        top + first * (bottom - top),
        right - inset,
        top + last * (bottom - top),
    )


def _small(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"picture: expected (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    if 0 in picture.shape:
        raise ValueError(f"picture: expected at least 1x1 px, got {picture.shape}")
    step = -(-max(picture.shape[:2]) // LONG_PX)
    return picture[::step, ::step]


def _exposed(picture: Picture) -> Picture:
    """As eyes do: what is brightest in a dark picture is white, so that an orange is not brown."""
    bright = float(np.percentile(picture.max(axis=2), _BRIGHT))
    gain = min(_MOST_GAIN, max(1.0, 250.0 / max(bright, 1.0)))
    brighter: Picture = np.minimum(picture * gain, 255.0).astype(np.uint8)
    return brighter


def _pixels(shape: tuple[int, ...], box: Box) -> tuple[int, int, int, int]:
    """First and last row and column (exclusive) of the box: at least one pixel of the picture."""
    edges = []
    for low, high, size in ((box[1], box[3], shape[0]), (box[0], box[2], shape[1])):
        first = min(max(int(low * size + 0.5), 0), size - 1)
        edges += [first, min(max(int(high * size + 0.5), first + 1), size)]
    return edges[0], edges[1], edges[2], edges[3]


def _within(shape: tuple[int, ...], box: Box) -> Floats:
    """Weights (H, W): how much each pixel of the box counts, its middle more than its rim."""
    top, bottom, left, right = _pixels(shape, box)
    weights = np.zeros(shape)
    rows, columns = (
        np.exp(-0.5 * ((np.arange(n) + 0.5) / n - 0.5) ** 2 / _MIDDLE**2)
        for n in (bottom - top, right - left)
    )
    weights[top:bottom, left:right] = rows[:, None] * columns
    return weights


def _around(shape: tuple[int, ...], box: Box, framed: bool) -> Floats:
    """Weights (H, W) of the scene: what is outside the box.

    Where hardly anything is: a frame around the picture if `framed`, else nothing.
    """
    top, bottom, left, right = _pixels(shape, box)
    weights = np.ones(shape)
    weights[top:bottom, left:right] = 0.0
    rows, columns = (max(1, int(_FRAME * n)) for n in shape)
    if weights.mean() < 2 * _FRAME:
        weights[:] = 0.0
        if framed:
            weights[:rows] = weights[-rows:] = 1.0
            weights[:, :columns] = weights[:, -columns:] = 1.0
    return weights


def _counts(cells: npt.NDArray[np.int64], weights: Floats) -> Floats:
    counts = np.bincount(cells.ravel(), weights=weights.ravel(), minlength=LEVELS**3)
    return np.asarray(counts / max(counts.sum(), 1e-12))


def _block_of_cell() -> npt.NDArray[np.int64]:
    level = np.arange(LEVELS) // _COARSE
    blocks = (level[:, None, None] * _BLOCKS + level[:, None]) * _BLOCKS + level
    return np.asarray(blocks.ravel())


def _blurred(counts: Floats) -> Floats:
    """Counts of the cells (LEVELS ** 3,) by block, each block's shared with its neighbours."""
    blocks = np.bincount(_block_of_cell(), weights=counts, minlength=_BLOCKS**3)
    cube = blocks.reshape(_BLOCKS, _BLOCKS, _BLOCKS)
    for axis in range(3):
        padded = np.pad(cube, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        before, here, after = (np.take(padded, range(i, i + _BLOCKS), axis=axis) for i in range(3))
        cube = 0.25 * before + 0.5 * here + 0.25 * after
    return np.asarray(cube.ravel())
