"""Gives each pixel shares of the eleven basic colour words; knows no box, no thing and no scene.

The words are those of Berlin and Kay (Basic Color Terms, 1969). The rule is a set of limits on
lightness, chroma and hue in OKLab (Ottosson 2020), set by hand and moved to where the survey of
R. Munroe (xkcd, 2010; public domain) draws them; model/tools/looks_eval.py measures it there.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COLOURS: Final = (
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown",
)  # fmt: skip
LEVELS = 32  # of each channel that are told apart
_BLUR = 0.02  # OKLab distance within which a colour is half the one and half the other

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: npt.ArrayLike) -> Floats:
    """sRGB (..., 3) of 0 to 255 -> OKLab (..., 3): lightness 0 to 1, and two of hue and chroma."""
    share = np.asarray(rgb, np.float64) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T)


def word_of(lab: Floats) -> npt.NDArray[np.int64]:
    """The colour word (N,), a place in COLOURS, of each of N colours (N, 3) in OKLab."""
    light, a, b = lab.T
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a)) % 360.0
    reddish = (hue >= 350.0) | (hue < 36.0)
    # The first rule that holds decides.
    rules: list[tuple[npt.NDArray[np.bool_], str]] = [
        ((light < 0.20) & (chroma < 0.08) | (light < 0.28) & (chroma < 0.035), "black"),
        (light < 0.15, "black"),
        ((light > 0.84) & (chroma < 0.04), "white"),
        (chroma < 0.035, "grey"),
        (reddish & (light > 0.72), "pink"),
        (reddish & (light > 0.56) & (chroma < 0.15), "pink"),
        (reddish & (hue > 12.0) & (hue < 350.0) & (chroma < 0.11), "brown"),
        (reddish & (light > 0.56) & ((hue < 12.0) | (hue >= 350.0)), "pink"),
        (reddish, "red"),
        ((hue < 72.0) & ((light < 0.52) | (light < 0.62) & (chroma < 0.14)), "brown"),
        ((hue < 72.0) & (light < 0.80) & (chroma < 0.10), "brown"),
        ((hue < 60.0) & (chroma < 0.09), "pink"),
        ((hue < 50.0) & (light < 0.66) & (chroma > 0.19), "red"),
        (hue < 72.0, "orange"),
        ((hue < 98.0) & (light < 0.66), "brown"),
        ((hue < 98.0) & (light < 0.78) & (chroma < 0.08), "brown"),
        ((hue >= 98.0) & (hue < 116.0) & (light < 0.76), "green"),
        (hue < 116.0, "yellow"),
        (hue < 186.0, "green"),
        (hue < 288.0, "blue"),
        ((hue < 350.0) & (hue >= 312.0) & (light > 0.74), "pink"),
        (hue < 336.0, "purple"),
        (light > 0.55, "pink"),
        (hue < 350.0, "purple"),
    ]
    return np.select([held for held, _ in rules], [COLOURS.index(word) for _, word in rules])


@cache
def _table() -> Floats:
    """The shares (LEVELS ** 3, 11) of every colour word in every cell of the RGB cube."""
    level = (np.arange(LEVELS) + 0.5) * (256 / LEVELS)
    lab = oklab(np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(-1, 3))
    moves = np.concatenate([np.zeros((1, 3)), np.eye(3) * _BLUR, np.eye(3) * -_BLUR])
    shares = np.zeros((len(lab), len(COLOURS)))
    for move in moves:
        shares[np.arange(len(lab)), word_of(lab + move)] += 1.0 / len(moves)
    shares.flags.writeable = False
    return shares


def cells_of(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """The cell of the RGB cube (H, W) in which each pixel of a picture (H, W, 3) lies."""
    level = picture.astype(np.int64) * LEVELS // 256
    return np.asarray((level[..., 0] * LEVELS + level[..., 1]) * LEVELS + level[..., 2])


def words_of(weights: Floats) -> Floats:
    """How much of each word (11,) is in weights (LEVELS ** 3,) of the cells of the RGB cube."""
    return np.asarray(weights @ _table())
