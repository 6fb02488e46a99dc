"""Sets the tagger's speech, music, singing and silence beside the first version's; trains nothing.

Streams of held-out recordings in half seconds, each judged by the head that never heard them.

    python model/tools/sound_compare.py --cache DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sound_eval import arrays_of, fit_calibration, held_out, net_of
from sound_mix import FOLDS, INDEX
from sound_train import load

from ttm_model.encoders.sound import SoundEncoder
from ttm_model.encoders.sound_voice import SileroVad
from ttm_model.tagger.encoder import TaggerEncoder
from ttm_model.tagger.head import Head


def area(score: np.ndarray, truth: np.ndarray) -> float:
    """Chance that a half second with the class scores above one without it."""
    order = np.argsort(np.argsort(score, kind="stable"), kind="stable") + 1.0
    yes = truth.sum()
    return float((order[truth].sum() - yes * (yes + 1) / 2) / (yes * (~truth).sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    cache = parser.parse_args().cache
    nets = [net_of(cache, f"fold{k}") for k in range(FOLDS)]
    composed = load(cache, "train")
    composed = {k: v[::3] for k, v in composed.items()}
    ab = fit_calibration(held_out(nets, composed), composed["labels"])
    first, vad = SoundEncoder(), SileroVad()
    stream = np.load(cache / "stream-000.npz")
    names = [c.name for c in first.classes]
    rows: list[list[float]] = []
    lines: list[str] = []
    for fold, net in enumerate(nets):
        encoder = TaggerEncoder(Head(**arrays_of(net, ab)))
        for material in ("speech", "music", "something else", "silence"):
            at = np.flatnonzero((stream["fold"] == fold) & (stream["label"] == INDEX[material]))
            x = stream["pcm"][at].reshape(-1)
            one, two = first.initial(), encoder.initial()
            for k in range(0, len(x) - 8000, 8000):
                chunk = x[k : k + 8000]
                a, b = first.encode([chunk], [one]), encoder.encode([chunk], [two])
                known = np.concatenate([one.pcm, chunk])
                voiced = np.sort(vad(known)[-22:-6])[-3:].mean()
                one, two = a.contexts[0], b.contexts[0]
                heard = x[max(0, k - 3200) : k + 4800].astype(float) / 32768
                loud = 10 * np.log10(
                    (heard[: len(heard) // 800 * 800].reshape(-1, 800) ** 2).mean(1).max() + 1e-12
                )
                p = b.posteriors[0]
                rows.append(
                    [INDEX[material], loud, voiced]
                    + [
                        float(a.posteriors[0][names.index(n)])
                        for n in ("speech", "music", "silence", "singing")
                    ]
                    + [float(p[INDEX[n]]) for n in ("speech", "music", "silence", "singing")]
                )
    data = np.array(rows)
    np.save(cache / "compare.npy", data)
    material, loud = data[:, 0], data[:, 1]
    for name, column in (("speech", 0), ("music", 1)):
        yes = (material == INDEX[name]) & (loud > -45)
        no = material != INDEX[name]
        for version, offset in (("first version", 3), ("tagger", 7)):
            s = data[:, offset + column]
            use = yes | no
            lines.append(
                f"{name}, {version}: hit {(s[yes] > 0.5).mean():.3f} of {yes.sum()}, false "
                f"{(s[no] > 0.5).mean():.4f} of {no.sum()}, area {area(s[use], yes[use]):.4f}"
            )
    quiet, sounding = loud < -54, loud > -45
    for version, s in (("first version", data[:, 5]), ("tagger", data[:, 9])):
        lines.append(
            f"silence, {version}: hit {(s[quiet] > 0.5).mean():.3f} of {quiet.sum()}, false "
            f"{(s[sounding] > 0.5).mean():.4f} of {sounding.sum()}"
        )
    for version, column in (("first version", 6), ("tagger", 10)):
        lines.append(f"singing, {version}: false {(data[:, column] > 0.5).mean():.4f}")

    (cache / "compare.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
