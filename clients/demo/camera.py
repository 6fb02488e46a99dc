"""Films a still picture with a hand-held camera; knows nothing of what the picture shows."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np
from PIL import Image

FRAME_PX = (480, 360)


@dataclass(frozen=True)
class View:
    """Where the camera looks: centre as fractions of the picture, `zoom` 1 = all that fits."""

    x: float
    y: float
    zoom: float


@dataclass(frozen=True)
class Move:
    """A camera path from one view to another, eased, with a seeded hand-shake."""

    start: View
    end: View
    seed: int
    shake: float = 1.0


def film(photo: Image.Image, move: Move, progress: float, t_s: float) -> Image.Image:
    """Return the frame (FRAME_PX) seen at `progress` 0..1 along the move, `t_s` into the shot.

    The view never leaves the picture: it is pushed back inside where the shake would cross an edge.
    """
    eased = progress * progress * (3 - 2 * progress)
    x, y, zoom = (
        a + (b - a) * eased
        for a, b in (
            (move.start.x, move.end.x),
            (move.start.y, move.end.y),
            (move.start.zoom, move.end.zoom),
        )
    )
    dx, dy, tilt = _tremble(move.seed, t_s)
    width, height = photo.size
    aspect = FRAME_PX[0] / FRAME_PX[1]
    # 0.985 leaves the margin that a tilt of half a degree needs at the corners.
    view_w = min(width, height * aspect) * 0.985 / zoom
    view_h = view_w / aspect
    angle = radians(0.5 * tilt * move.shake)
    half_w = (view_w * cos(angle) + view_h * abs(sin(angle))) / 2
    half_h = (view_h * cos(angle) + view_w * abs(sin(angle))) / 2
    centre_x = (x + 0.008 * dx * move.shake) * width
    centre_y = (y + 0.008 * dy * move.shake) * height
    centre_x = min(max(centre_x, half_w), width - half_w)
    centre_y = min(max(centre_y, half_h), height - half_h)
    # Sampled at twice the size and averaged down, or a shrinking picture would shimmer.
    out_w, out_h = 2 * FRAME_PX[0], 2 * FRAME_PX[1]
    scale = view_w / out_w
    a, b = scale * cos(angle), -scale * sin(angle)
    c, d = scale * sin(angle), scale * cos(angle)
    coefficients = (
        a,
        b,
        centre_x - a * out_w / 2 - b * out_h / 2,
        c,
        d,
        centre_y - c * out_w / 2 - d * out_h / 2,
    )
    large = photo.transform(
        (out_w, out_h), Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
    )
    return large.resize(FRAME_PX, Image.Resampling.BOX)


def _tremble(seed: int, t_s: float) -> tuple[float, float, float]:
    """Return a hand's (x, y, tilt) at `t_s`, each about -1..1: a few slow sines a hand holds."""
    rng = np.random.default_rng(seed)
    rates_hz = rng.uniform((0.3, 0.9, 2.0), (0.7, 1.6, 3.2), size=(3, 3))
    phases = rng.uniform(0, 2 * pi, size=(3, 3))
    weights = np.array([0.7, 0.3, 0.08])
    x, y, tilt = (weights * np.sin(2 * pi * rates_hz * t_s + phases)).sum(axis=1)
    return float(x), float(y), float(tilt)
