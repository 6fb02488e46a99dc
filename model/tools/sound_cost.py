"""Measures what a second of sound costs each sound encoder on one core; knows no quality.

    OMP_NUM_THREADS=1 taskset -c 0 python model/tools/sound_cost.py [--cache DIR]

With a cache, speech, music, speech over music and other sounds of the packages of
`sound_unheard.py`, 30 s of each; without, synthetic chords. The encoders take turns at each chunk,
so that what else the machine does meets all of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from sound_unheard import material

sys.path.insert(0, str(Path(__file__).parents[1]))
from ttm_model.encoders.sound import SoundEncoder
from ttm_model.tagger.encoder import TaggerEncoder

RATE, SECONDS = 16_000, 30


def unbroken(sounds: list[np.ndarray], seed: int) -> np.ndarray:
    """`SECONDS` of the sounds, each up to 10 s at -22 dBFS, in an order of their own."""
    order = np.random.default_rng(seed).permutation(len(sounds))
    parts = [sounds[k][: 10 * RATE] for k in order]
    parts = [x * 10 ** (-22 / 20) / np.sqrt((x**2).mean()) for x in parts]
    x = np.concatenate(parts)
    return np.tile(x, -(-SECONDS * RATE // len(x)))[: SECONDS * RATE]


def streams(cache: Path | None) -> dict[str, np.ndarray]:
    noise = np.random.default_rng(0).standard_normal(SECONDS * RATE) * 10 ** (-68 / 20)
    t = np.arange(SECONDS * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (262.0, 330.0, 392.0)) / 11
    found = {"quiet": 0 * t, "chords": chord * np.exp(-(t % 0.5) * 4)}
    if cache:
        speech, music, other = (
            unbroken(material(cache, kind, "test"), seed)
            for seed, kind in enumerate(("speech", "music", "other"))
        )
        found |= {"speech": speech, "music": music, "other": other}
        found["speech over music"] = speech + 0.5 * music
    return {
        k: np.clip(np.rint((x + noise) * 32768), -32768, 32767).astype(np.int16)
        for k, x in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--chunk", type=int, default=8_000, help="samples of a chunk")
    args = parser.parse_args()
    encoders = {
        "first version": SoundEncoder(),
        "tagger, not asking twice": TaggerEncoder(ask_twice=False),
        "tagger": TaggerEncoder(),
    }
    for name, x in streams(args.cache).items():
        contexts = {version: encoder.initial() for version, encoder in encoders.items()}
        busy: dict[str, list[float]] = {version: [] for version in encoders}
        for at in range(0, len(x) - args.chunk + 1, args.chunk):
            for version, encoder in encoders.items():
                begin = time.process_time()
                out = encoder.encode([x[at : at + args.chunk]], [contexts[version]])
                busy[version].append((time.process_time() - begin) * 1000 * RATE / args.chunk)
                contexts[version] = out.contexts[0]
        for version, costs in busy.items():
            cost = costs[2:]
            print(
                f"{name}, {version}: mean {statistics.fmean(cost):.1f}, median "
                f"{statistics.median(cost):.1f}, dearest tenth from "
                f"{np.quantile(cost, 0.9):.1f} ms of processor per second of sound"
            )


if __name__ == "__main__":
    main()
