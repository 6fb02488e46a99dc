"""Measures what a second of sound costs each sound encoder on one core; knows no quality.

OMP_NUM_THREADS=1 python model/tools/sound_cost.py
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from ttm_model.encoders.sound import SoundEncoder
from ttm_model.tagger.encoder import TaggerEncoder


def main() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(32_000) / 16_000
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (262.0, 330.0, 392.0)) * np.exp(-(t % 0.5) * 4)
    x = (chord * 3000 + rng.standard_normal(32_000) * 30).astype(np.int16)  # music: asked twice
    encoders = {
        "first version": SoundEncoder(),
        "tagger, not asking twice": TaggerEncoder(ask_twice=False),
        "tagger": TaggerEncoder(),
    }
    for name, encoder in encoders.items():
        for size in (1600, 8000, 16_000):
            context = encoder.encode([x[:16_000]], [encoder.initial()]).contexts[0]
            busy, wall = [], []
            for _ in range(60):
                a, b = time.process_time(), time.perf_counter()
                encoder.encode([x[16_000 : 16_000 + size]], [context])
                busy.append((time.process_time() - a) * 16_000_000 / size)
                wall.append((time.perf_counter() - b) * 16_000_000 / size)
            print(
                f"{name}, chunks of {size / 16_000:.1f} s: "
                f"{statistics.median(busy):.1f} ms of processor per second of sound, "
                f"{statistics.median(wall):.1f} ms by the clock"
            )


if __name__ == "__main__":
    main()
