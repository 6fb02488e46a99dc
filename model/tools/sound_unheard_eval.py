"""Measures the sound encoders on streams of packages that training never used; trains nothing.

OMP_NUM_THREADS=1 python model/tools/sound_unheard_eval.py --cache DIR [--part test --seed 4]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sound_compare import area
from sound_unheard import BLOCK, KINDS, RATE, Stream, compose, material

sys.path.insert(0, str(Path(__file__).parents[1]))
from ttm_model.encoders.sound import SoundEncoder
from ttm_model.tagger.encoder import TaggerEncoder

CHUNK = 8_000
FEWEST = {"speech": 12, "music": 25, "sung": 25}  # blocks of 10 ms that make a half second a hit
LEFT_OUT = {"speech": ("sung",), "music": ("sung", "played"), "sung": ()}
NEAR = 15  # blocks before and after in which nothing of a class may sound that must not be heard
CLASS = {"speech": "speech", "music": "music", "sung": "singing"}
SILENT_DB, SOUNDING_DB = -54.0, -45.0


def judged(encoder: Any, pcm: np.ndarray) -> np.ndarray:
    """Posteriors of each half second but the first four: (N, C)."""
    context, rows = encoder.initial(), []
    for at in range(0, len(pcm) - CHUNK + 1, CHUNK):
        out = encoder.encode([pcm[at : at + CHUNK]], [context])
        context = out.contexts[0]
        rows.append(out.posteriors[0])
    return np.stack(rows[4:])


def truth(stream: Stream, lag: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Per kind: the half seconds in which it sounds, and those near which it does not."""
    starts = range(4 * CHUNK, len(stream.pcm) - CHUNK + 1, CHUNK)
    first = np.array([(at - lag) // BLOCK for at in starts])
    yes, no = {}, {}
    for kind in KINDS:
        sums = np.concatenate([[0], stream.active[kind].cumsum()])
        last = len(sums) - 1
        inside = sums[first + CHUNK // BLOCK] - sums[first]
        around = sums[np.minimum(first + CHUNK // BLOCK + NEAR, last)] - sums[first - NEAR]
        yes[kind], no[kind] = inside >= FEWEST.get(kind, 25), around == 0
    return yes, no


def loudness(stream: Stream, lag: int) -> np.ndarray:
    """Level of the loudest 50 ms of each half second, in dB of full scale."""
    x = stream.pcm.astype(np.float64) / 32768
    power = [
        (x[at - lag : at - lag + CHUNK].reshape(-1, 800) ** 2).mean(1).max()
        for at in range(4 * CHUNK, len(x) - CHUNK + 1, CHUNK)
    ]
    return np.asarray(10 * np.log10(np.array(power) + 1e-12))


def table(name: str, encoder: Any, stream: Stream) -> list[str]:
    """Lines of hits, false alarms and area under the ROC curve for one encoder."""
    p = judged(encoder, stream.pcm)
    columns = [c.name for c in encoder.classes]
    lag = round(encoder.lag_s * RATE)
    yes, no = truth(stream, lag)
    lines = []
    for kind, word in CLASS.items():
        score = p[:, columns.index(word)]
        absent = np.logical_and.reduce([no[kind], *(no[other] for other in LEFT_OUT[kind])])
        use = yes[kind] | absent
        lines.append(
            f"{word}, {name}: hit {(score[yes[kind]] > 0.5).mean():.3f} of {yes[kind].sum()}, "
            f"false {(score[absent] > 0.5).mean():.4f} of {absent.sum()}, "
            f"area {area(score[use], yes[kind][use]):.4f}"
        )
    score, loud = p[:, columns.index("silence")], loudness(stream, lag)
    quiet, sounding = loud < SILENT_DB, loud > SOUNDING_DB
    lines.append(
        f"silence, {name}: hit {(score[quiet] > 0.5).mean():.3f} of {quiet.sum()}, "
        f"false {(score[sounding] > 0.5).mean():.4f} of {sounding.sum()}"
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--part", choices=("tune", "test"), default="test")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args()
    parts = {kind: material(args.cache, kind, args.part) for kind in KINDS}
    stream = compose(parts, args.seed, args.minutes)
    encoders: dict[str, Any] = {
        "first version": SoundEncoder(),
        "tagger, not asking twice": TaggerEncoder(ask_twice=False),
        "tagger": TaggerEncoder(),
    }
    lines = [line for name, encoder in encoders.items() for line in table(name, encoder, stream)]
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()
