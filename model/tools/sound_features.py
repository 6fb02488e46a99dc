"""Extracts the tagger's features of composed windows into shards; knows no head and no training.

    python model/tools/sound_features.py --cache DIR --set train --shards 0 8 --size 1000

Sets: `train` (composed windows of four folds of recordings), `probe` (every recording alone, the
same kinds of augmentation, other seeds), `unseen` (every recording, kinds of augmentation that
training never uses), `stream` (unbroken speech, music, quiet, sounds of no class). A shard that
exists is not made again, and each depends on its number only.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sound_mix import (
    FIRST,
    INDEX,
    LABELS,
    LAST,
    WINDOW,
    Library,
    augment,
    background,
    compose,
    excerpt,
    label_of,
    place,
    quantise,
)
from sound_unseen import UNSEEN

sys.path.insert(0, str(Path(__file__).parents[1]))
from ttm_model.tagger.backbone import WhisperEncoder
from ttm_model.tagger.features import measure

SETS = {"train": 1, "probe": 2, "unseen": 3, "stream": 4}
Row = tuple[np.ndarray, np.ndarray, int, int, int]  # window, labels, fold, class, recording


def train(seed: list[int], library: Library, size: int) -> Iterator[Row]:
    for k in range(size):
        rng = np.random.default_rng([*seed, k])
        x, y = compose(rng, library, k % 4)
        yield x, y, k % 4, -1, -1


def recordings(library: Library) -> list[tuple[str, str, int]]:
    """(class, recording, number), at most 24 of a class."""
    out = []
    for label, groups in library.by_class.items():
        out += [(label, group) for group in sorted(groups)[:24]]
    return [(label, group, k) for k, (label, group) in enumerate(out)]


def alone(seed: list[int], library: Library, size: int, unseen: bool) -> Iterator[Row]:
    """Each recording, in turn, in quiet noise; sets `probe` and `unseen`. One pass is a shard."""
    for label, group, number in recordings(library)[:size]:
        rng = np.random.default_rng([*seed, number])
        takes = library.by_class[label][group]
        for _ in range(20):
            x = excerpt(rng, library.sound(takes[rng.integers(len(takes))]), label)
            x = UNSEEN[rng.integers(len(UNSEEN))](rng, x) if unseen else augment(rng, x, label)
            level = rng.uniform(-35, -10)
            part = place(rng, x, level, judged=1.0)
            mix = part + background(rng, level - rng.uniform(15, 50))
            y = label_of([(label, part)], mix)
            if y[INDEX[label]] == 1:
                yield quantise(mix), y, library.folds[f"{label}|{group}"], INDEX[label], number
                break


def stream(seed: list[int], library: Library, size: int) -> Iterator[Row]:
    """Consecutive half seconds; the class is that of the material, the recording the fold."""
    rng = np.random.default_rng(seed)
    for label in ("speech", "music", "something else", "silence"):
        for fold in range(4):
            whole = []
            while sum(map(len, whole)) < 16_000 * size / 4:
                if label == "silence":
                    whole.append(np.tile(background(rng, rng.uniform(-85, -55)), 4))
                    continue
                groups = library.groups(label, fold)
                takes = library.by_class[label][groups[rng.integers(len(groups))]]
                x = library.sound(takes[rng.integers(len(takes))])[: 16_000 * 10]
                x = x * 10 ** (rng.uniform(-30, -10) / 20) / np.sqrt((x**2).mean() + 1e-9)
                whole += [x, np.zeros(int(rng.uniform(0.2, 1.0) * 16_000))]
            y = np.concatenate(whole)
            y = y + np.random.default_rng(fold).standard_normal(len(y)) * 10 ** (-70 / 20)
            for at in range(0, len(y) - WINDOW, LAST - FIRST):
                window = y[at : at + WINDOW]
                labels = label_of([], window)
                yield quantise(window), labels, fold, INDEX[label], fold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--set", choices=SETS, required=True)
    parser.add_argument("--shards", type=int, nargs=2, required=True)
    parser.add_argument("--size", type=int, default=1000)
    args = parser.parse_args()
    library, backbone = Library.load(args.cache), WhisperEncoder()
    for shard in range(*args.shards):
        path = args.cache / f"{args.set}-{shard:03d}.npz"
        if path.exists():
            continue
        seed, began = [SETS[args.set], shard], time.time()
        rows: Iterator[Row]
        if args.set == "train":
            rows = train(seed, library, args.size)
        elif args.set == "stream":
            rows = stream(seed, library, args.size)
        else:
            rows = alone(seed, library, args.size, args.set == "unseen")
        columns: dict[str, list[np.ndarray | int]] = {}
        for window, labels, fold, label, recording in rows:
            got = measure(window, backbone)
            for name, value in (
                ("frames", got.frames.astype(np.float16)),
                ("around", got.around.astype(np.float16)),
                ("mel", got.mel.astype(np.float16)),
                ("mel_before", got.mel_before.astype(np.float16)),
                ("levels", got.levels),
                ("labels", labels),
                ("fold", fold),
                ("label", label),
                ("recording", recording),
            ):
                columns.setdefault(name, []).append(value)
            if args.set == "stream":
                columns.setdefault("pcm", []).append(window[FIRST:LAST])
        part = path.with_suffix(".part.npz")
        np.savez(part, names=np.array(LABELS), **{k: np.stack(v) for k, v in columns.items()})
        part.rename(path)
        print(
            f"{path.name}: {len(columns['fold'])} windows, {time.time() - began:.0f} s", flush=True
        )


if __name__ == "__main__":
    main()
