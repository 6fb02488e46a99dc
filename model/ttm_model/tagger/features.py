"""What the tagger's head sees of one window of sound; knows no class, no weights, no session.

A window is 1.5 s (24000 samples). Judged is the half second from 0.8 to 1.3 s; the 0.8 s before and
the 0.2 s after it are context.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ttm_model.encoders.log_mel import log_mel

Floats = npt.NDArray[np.float32]

WINDOW = 24_000
JUDGED = slice(12_800, 20_800)
_MEL = slice(80, 130)
_FRAMES = slice(40, 65)
LEVELS = 6


class Backbone(Protocol):
    """Anything that makes (75, 384) frames of (150, 80) log-mel frames."""

    def __call__(self, mel: Floats) -> Floats:
        """Encode one window."""


@dataclass(frozen=True, slots=True)
class Features:
    """One window, measured."""

    frames: Floats
    """(25, 384) encoder frames of the judged half second."""
    around: Floats
    """(2, 384) the means of the encoder frames before and after it."""
    mel: Floats
    """(50, 80) its log-mel frames."""
    mel_before: Floats
    """(80,) the mean log-mel frame before it."""
    levels: Floats
    """(6,) levels in units of 20 dB, see `_levels`."""


def measure(window: npt.NDArray[np.int16], backbone: Backbone) -> Features:
    """Features of one window (24000,) of sound at 16 kHz."""
    mel = log_mel(window)  # (150, 80)
    frames = backbone(mel)  # (75, 384)
    return Features(
        frames=frames[_FRAMES],
        around=np.stack([frames[: _FRAMES.start].mean(0), frames[_FRAMES.stop :].mean(0)]),
        mel=mel[_MEL],
        mel_before=mel[: _MEL.start].mean(0),
        levels=_levels(window),
    )


def _levels(window: npt.NDArray[np.int16]) -> Floats:
    """Blocks of 50 ms: mean, highest, lowest, last less first in the judged part; before, after."""
    x = window.astype(np.float64) / 32768
    blocks = 10 * np.log10((x.reshape(-1, 800) ** 2).mean(1) + 1e-10)  # (30,)
    heard = blocks[16:26]
    numbers = (
        heard.mean(),
        heard.max(),
        heard.min(),
        heard[5:].mean() - heard[:5].mean(),
        blocks[:16].mean(),
        blocks[26:].mean(),
    )
    return np.array(numbers, np.float32) / np.float32(20)
