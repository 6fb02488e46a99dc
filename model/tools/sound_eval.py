"""Measures the trained heads, calibrates and writes the checkpoint and the tables of its card.

Held-out recordings are judged by the head that was trained without their fold; held-out kinds of
augmentation by the head that is shipped. Needs the runs of `sound_train.py`.

    python model/tools/sound_eval.py --cache DIR --out FOLDER
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from sound_mix import FOLDS, INDEX, INSTRUMENTS, LABELS, Library
from sound_synth import SYNTHETIC
from sound_train import Data, Net, average_precision, load, logits

from ttm_model.tagger.backbone import WHISPER_TINY_EN
from ttm_model.tagger.checkpoint import SCHEMA
from ttm_model.tagger.features import Features
from ttm_model.tagger.head import Head

BROAD = {"music", "speech", "something else", "silence"}


def net_of(cache: Path, name: str) -> Net:
    net = Net(len(LABELS))
    net.load_state_dict(torch.load(cache / f"run-{name}.pt", weights_only=False)["net"])
    return net.eval()


def held_out(nets: list[Net], data: Data) -> np.ndarray:
    """Logits of every row from the head that never heard its fold."""
    out = np.zeros((len(data["fold"]), len(LABELS)), np.float32)
    for fold, net in enumerate(nets):
        rows = np.flatnonzero(data["fold"] == fold)
        out[rows] = logits(net, data, rows)
    return out


def fit_calibration(z: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and offset that make posteriors of held-out windows most likely (Platt).

    Fitted on the three strongest classes of each window, between which it is decided: over all
    classes, the many that are far from sounding would settle it.
    """
    masked = np.where(y >= 0, z, -1e9)
    known = torch.from_numpy(masked >= np.sort(masked, 1)[:, -3:-2])
    truth = torch.from_numpy((y == 1).astype(np.float32))
    x = torch.from_numpy(z)
    ab = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([ab], max_iter=60)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each = torch.nn.functional.binary_cross_entropy_with_logits(
            ab[0] * x + ab[1], truth, reduction="none"
        )
        total = (each * known).mean()
        total.backward()
        return total

    optimiser.step(loss)
    slope, offset = ab.detach().tolist()
    return slope, offset


def arrays_of(net: Net, calibration: tuple[float, float]) -> dict[str, np.ndarray]:
    """The net's weights under the names of `ttm_model.tagger.head.Head`."""
    state = {k: v.numpy().astype(np.float32) for k, v in net.state_dict().items()}
    arrays = {
        **{k: state[k] for k in state if k.endswith(("_mean", "_scale"))},
        "score_w": state["score.weight"].T,
        "calibration": np.array(calibration, np.float32),
    }
    for name in ("frame", "around", "conv1", "conv2", "hidden", "out"):
        arrays[f"{name}_w"], arrays[f"{name}_b"] = state[f"{name}.weight"].T, state[f"{name}.bias"]
    return {k: np.ascontiguousarray(v) for k, v in arrays.items()}


def check(net: Net, arrays: dict[str, np.ndarray], data: Data) -> float:
    """Largest difference between the head in numpy and the net that was trained."""
    head, worst = Head(**arrays), 0.0
    a, b = arrays["calibration"]
    for row in range(0, len(data["fold"]), 97):
        z = logits(net, data, np.array([row]))[0]
        one = Features(*(data[f.name][row].astype(np.float32) for f in fields(Features)))
        worst = max(worst, float(np.abs(head(one) - 1 / (1 + np.exp(-(a * z + b)))).max()))
    return worst


def export(arrays: dict[str, np.ndarray], out: Path) -> str:
    meta = {
        "schema": SCHEMA,
        "backbone_sha256": WHISPER_TINY_EN.sha256,
        "classes": list(LABELS),
    }
    # One entry: the order of several is not fixed, and the same weights must be the same bytes.
    entry = {"ttmserve": json.dumps(meta, sort_keys=True)}
    path = out / "sound_tagger.safetensors"
    save_file(arrays, path, metadata=entry)
    path.chmod(0o644)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def named(z: np.ndarray, data: Data) -> np.ndarray:
    """For each window of one recording alone, the rank of the right class (0: first)."""
    masked = np.where(data["labels"] >= 0, z, -1e9)
    own = masked[np.arange(len(z)), data["label"]]
    return (masked > own[:, None]).sum(1)


def table(
    cache: Path, probe: Data, z: np.ndarray, unseen: Data, z_unseen: np.ndarray, ab
) -> list[str]:
    library = Library.load(cache)
    rank, rank_unseen = named(z, probe), named(z_unseen, unseen)
    p = 1 / (1 + np.exp(-(ab[0] * z + ab[1])))
    lines = [
        "| class | files | recordings | synthetic too | held-out recordings: top-1 | top-5 "
        "| p > .5 | p > .5 without it | unseen changes: top-1 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for label in LABELS:
        if label == "silence":
            continue
        groups = library.by_class.get(label, {})
        rows, other = probe["label"] == INDEX[label], unseen["label"] == INDEX[label]
        k = INDEX[label]
        absent = probe["labels"][:, k] == 0
        cells = [label, str(sum(map(len, groups.values()))), str(len(groups))]
        cells.append("yes" if label in SYNTHETIC else "")
        if len(groups) >= 2:
            cells += [f"{(rank[rows] == 0).mean():.2f}", f"{(rank[rows] < 5).mean():.2f}"]
            cells.append(f"{(p[rows, k] > 0.5).mean():.2f}")
        else:
            cells += ["-", "-", "-"]
        cells.append(f"{(p[absent, k] > 0.5).mean():.4f}")
        cells.append(f"{(rank_unseen[other] == 0).mean():.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cache = args.cache
    torch.set_num_threads(1)
    nets = [net_of(cache, f"fold{k}") for k in range(FOLDS)]
    final = net_of(cache, "all")
    lines: list[str] = []

    composed = load(cache, "train")
    keep = np.arange(0, len(composed["fold"]), 3)
    composed = {k: v[keep] for k, v in composed.items()}
    z = held_out(nets, composed)
    ab = fit_calibration(z, composed["labels"])
    p = 1 / (1 + np.exp(-(ab[0] * z + ab[1])))
    y = composed["labels"]
    lines.append(f"calibration: {ab[0]:.3f} {ab[1]:.3f}")
    lines.append(f"composed, held-out recordings: mAP {average_precision(z, y):.3f}")
    said, right = (p > 0.5) & (y >= 0), (p > 0.5) & (y == 1)
    lines.append(
        f"composed, p > .5: precision {right.sum() / said.sum():.3f}, "
        f"recall {right.sum() / (y == 1).sum():.3f}"
    )
    for low, high in ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        inside = (p >= low) & (p < high) & (y >= 0)
        lines.append(
            f"  said {low} to {high}: {inside.sum()} times, true {(y[inside] == 1).mean():.2f}"
        )

    probe, unseen = load(cache, "probe"), load(cache, "unseen")
    z_probe, z_unseen = held_out(nets, probe), logits(final, unseen, np.arange(len(unseen["fold"])))
    library = Library.load(cache)
    several = {k for k, name in enumerate(LABELS) if len(library.by_class.get(name, {})) >= 2}
    fine = several - {INDEX[name] for name in BROAD}
    music = {INDEX[n] for n in INSTRUMENTS} & fine
    rank = named(z_probe, probe)
    groups = (
        ("classes with 2 recordings or more", fine),
        ("instruments", music),
        ("others", fine - music),
    )
    for name, which in groups:
        rows = np.isin(probe["label"], list(which))
        columns = sorted(which)
        area = average_precision(z_probe[:, columns], probe["labels"][:, columns])
        per_class = [(rank[probe["label"] == k] == 0).mean() for k in which]
        lines.append(
            f"probe, held-out recordings, {name}: {len(which)} classes, {rows.sum()} windows, "
            f"top-1 {(rank[rows] == 0).mean():.3f} (mean over classes {np.mean(per_class):.3f}), "
            f"top-5 {(rank[rows] < 5).mean():.3f}, "
            f"mAP {area:.3f}"
        )
    rows = np.isin(probe["label"], list(fine))
    columns = sorted(set(range(len(LABELS))) - {INDEX["silence"]})
    p_probe = 1 / (1 + np.exp(-(ab[0] * z_probe + ab[1])))
    hit = p_probe[np.arange(len(rows)), probe["label"]] > 0.5
    wrong = ((p_probe > 0.5) & (probe["labels"] == 0))[:, columns].sum(1)
    lines.append(
        f"probe, p > .5: right class in {hit[rows].mean():.3f} of windows, "
        f"{wrong[rows].mean():.3f} wrong classes a window"
    )
    rank_u = named(z_unseen, unseen)
    rows_u = ~np.isin(unseen["label"], [INDEX[n] for n in BROAD])
    lines.append(
        f"unseen changes, known recordings: {rows_u.sum()} windows, "
        f"top-1 {(rank_u[rows_u] == 0).mean():.3f}, "
        f"top-5 {(rank_u[rows_u] < 5).mean():.3f}, "
        f"mAP {average_precision(z_unseen, unseen['labels']):.3f}"
    )

    stream = load(cache, "stream")
    z_stream = held_out(nets, stream)
    p_stream = 1 / (1 + np.exp(-(ab[0] * z_stream + ab[1])))
    for name in ("speech", "music", "something else", "silence"):
        at = np.flatnonzero(stream["label"] == INDEX[name])
        on = p_stream[at] > 0.5
        on[:, INDEX["silence"]] = False
        fresh = on & ~np.vstack([np.zeros((1, on.shape[1]), bool), on[:-1]])
        minutes = len(at) / 120
        allowed = {INDEX[name]} | (music | {INDEX["singing"]} if name == "music" else set())
        alarms = np.delete(fresh, sorted(allowed), 1).sum()
        count = fresh.sum(0)
        worst = ", ".join(
            f"{LABELS[k]} {count[k] / minutes:.1f}" for k in np.argsort(-count) if k not in allowed
        )
        worst = ", ".join(worst.split(", ")[:6])
        loud = stream["labels"][at, INDEX["silence"]] == 0
        lines.append(
            f"stream of {name}, held-out recordings, {minutes:.1f} min: said in "
            f"{on[loud][:, INDEX[name]].mean() if loud.any() else 0:.3f} of sounding half seconds; "
            f"other classes {alarms / minutes:.2f} a minute ({worst})"
        )
    lines += table(cache, probe, z_probe, unseen, z_unseen, ab)
    arrays = arrays_of(final, ab)
    lines.append(f"parameters {sum(a.size for a in arrays.values())}")
    lines.append(f"numpy against torch: {check(final, arrays, probe):.1e}")
    digest = export(arrays, args.out)
    lines.append(f"sha256 {digest}")
    (cache / "report.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
