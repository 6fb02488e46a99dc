"""Decoded media of one chunk: what the model takes. Knows neither wire format nor torch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class ChunkMedia:
    """Pictures and sound of `[start_s, start_s + duration_s)`, in media-clock seconds."""

    start_s: float
    duration_s: float
    pictures: tuple[npt.NDArray[np.uint8], ...] = ()  # RGB, each fitted to the encoder
    picture_times_s: tuple[float, ...] = ()
    audio: npt.NDArray[np.float32] | None = field(default=None)  # (samples,), -1 to 1, 16 kHz

    @property
    def end_s(self) -> float:
        """End of the chunk."""
        return self.start_s + self.duration_s
