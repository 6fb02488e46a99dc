"""Trains the sound tagger's head on cached features; knows no recording and no session.

    python model/tools/sound_train.py --cache DIR --fold K     K 0 to 3: leave that fold out
    python model/tools/sound_train.py --cache DIR --fold -1    all recordings: what is shipped
    python model/tools/sound_train.py --cache DIR --stop       find the number of passes

`--stop` leaves out folds 0 and 1, watches fold 1 and writes the best pass to `passes.json`, which
the other runs use. A run that was interrupted continues from its last pass.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1]))
from ttm_model.tagger.head import AROUND_WIDTH, FRAME_WIDTH, HIDDEN, MEL_WIDTH

SEED, BATCH, LONGEST = 11, 128, 12
WHICH = 4.0  # weight of the part of the loss that asks which class it was
Data = dict[str, np.ndarray]


def load(cache: Path, name: str) -> Data:
    """All shards of a set, in order."""
    shards = [np.load(p) for p in sorted(cache.glob(f"{name}-[0-9][0-9][0-9].npz"))]
    keys = [k for k in shards[0].files if k not in {"names", "pcm"}]
    return {k: np.concatenate([s[k] for s in shards]) for k in keys}


class Net(nn.Module):
    """The head, as `ttm_model.tagger.head` computes it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.frame = nn.Linear(384, FRAME_WIDTH)
        self.score = nn.Linear(FRAME_WIDTH, 4, bias=False)
        self.around = nn.Linear(768, AROUND_WIDTH)
        self.conv1 = nn.Linear(5 * 80, MEL_WIDTH)
        self.conv2 = nn.Linear(3 * MEL_WIDTH, MEL_WIDTH)
        self.hidden = nn.Linear(2 * FRAME_WIDTH + 2 * MEL_WIDTH + AROUND_WIDTH + 80 + 6, HIDDEN)
        self.out = nn.Linear(HIDDEN, classes)
        for name, size in (("frame", 384), ("mel", 80), ("level", 6)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))

    def normalise(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        """Features less their mean, in units of their spread."""
        return {
            "frames": (x["frames"] - self.frame_mean) * self.frame_scale,
            "around": (x["around"] - self.frame_mean) * self.frame_scale,
            "mel": (x["mel"] - self.mel_mean) * self.mel_scale,
            "mel_before": (x["mel_before"] - self.mel_mean) * self.mel_scale,
            "levels": (x["levels"] - self.level_mean) * self.level_scale,
        }

    def forward(self, x: dict[str, Tensor]) -> Tensor:
        """Features of B windows to logits (B, C)."""
        x = self.normalise(x)
        if self.training:  # features that lie: noise, missing frames and bands
            x["frames"] = x["frames"] + 0.25 * torch.randn_like(x["frames"][:, :1])
            x["mel"] = x["mel"] + 0.15 * torch.randn_like(x["mel"][:, :1])
            x["mel"] = x["mel"] + 0.3 * torch.randn(len(x["mel"]), 1, 1)
            band = torch.rand(len(x["mel"]), 1, 10).repeat_interleave(8, 2) > 0.08
            x["mel"] = x["mel"] * band
            x["mel_before"] = F.dropout(x["mel_before"], 0.3)
            x["around"] = x["around"] * (torch.rand(len(x["around"]), 1, 1) > 0.25)
            x["levels"] = x["levels"] + 0.2 * torch.randn_like(x["levels"])
        gelu = nn.GELU("tanh")
        h = gelu(self.frame(x["frames"]))  # (B, 25, 128)
        share = self.score(h).softmax(1)  # (B, 25, 4)
        attended = torch.einsum("btk,btkd->bkd", share, h.unflatten(2, (4, 32))).flatten(1)
        m = gelu(self.conv1(taps(x["mel"], 5)))
        m = gelu(self.conv2(taps(m, 3)))
        around = gelu(self.around(x["around"].flatten(1)))
        seen = torch.cat(
            [attended, h.amax(1), m.mean(1), m.amax(1), around, x["mel_before"], x["levels"]], 1
        )
        seen = F.dropout(seen, 0.1, self.training)
        return self.out(F.dropout(gelu(self.hidden(seen)), 0.25, self.training))


def taps(x: Tensor, width: int) -> Tensor:
    return x.unfold(1, width, 2).transpose(2, 3).flatten(2)


def batch_of(data: Data, rows: np.ndarray) -> dict[str, Tensor]:
    keys = ("frames", "around", "mel", "mel_before", "levels")
    return {k: torch.from_numpy(data[k][rows].astype(np.float32)) for k in keys}


def targets(data: Data, rows: np.ndarray) -> tuple[Tensor, Tensor]:
    y = torch.from_numpy(data["labels"][rows].astype(np.float32))
    return y.clamp(min=0), (y >= 0).float()


def fit_statistics(net: Net, data: Data, rows: np.ndarray) -> None:
    rows = rows[:: max(1, len(rows) // 3000)]
    for name, key in (("frame", "frames"), ("mel", "mel"), ("level", "levels")):
        x = data[key][rows].astype(np.float32)
        x = x.reshape(-1, x.shape[-1])
        getattr(net, f"{name}_mean").copy_(torch.from_numpy(x.mean(0)))
        getattr(net, f"{name}_scale").copy_(torch.from_numpy(1 / (x.std(0) + 1e-3)))


@torch.no_grad()
def logits(net: Net, data: Data, rows: np.ndarray) -> np.ndarray:
    net.eval()
    parts = [net(batch_of(data, rows[k : k + 512])).numpy() for k in range(0, len(rows), 512)]
    return np.concatenate(parts)


def one_pass(
    net: Net,
    optimiser: torch.optim.Optimizer,
    rate: torch.optim.lr_scheduler.LRScheduler,
    data: Data,
    rows: np.ndarray,
) -> float:
    net.train()
    order = torch.randperm(len(rows)).numpy()
    total = 0.0
    steps = len(rows) // BATCH
    for step in range(steps):
        picked = rows[order[step * BATCH : (step + 1) * BATCH]]
        x, (y, known) = batch_of(data, picked), targets(data, picked)
        z = net(x)
        each = F.binary_cross_entropy_with_logits(z, y, reduction="none")
        # Which of the classes it was, beside whether each was heard: windows hold one or two.
        share = y * known / (y * known).sum(1, keepdim=True).clamp(min=0.5)
        which = -(z.masked_fill(known == 0, -1e4).log_softmax(1) * share).sum(1)
        loss = (each * known).sum() / len(picked) + WHICH * which.mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        rate.step()
        total += loss.item()
    return total / steps


def average_precision(score: np.ndarray, y: np.ndarray) -> float:
    """Mean over the classes with at least two windows of the area under precision and recall."""
    found = []
    for k in range(y.shape[1]):
        known = y[:, k] >= 0
        truth = y[known, k] == 1
        if truth.sum() < 2:
            continue
        hits = truth[np.argsort(-score[known, k], kind="stable")]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        found.append(precision[hits].mean())
    return float(np.mean(found))


def train(cache: Path, fold: int, stop: bool, passes: int) -> None:
    name = "stop" if stop else f"fold{fold}" if fold >= 0 else "all"
    data = load(cache, "train")
    out = {0, 1} if stop else {fold}
    rows = np.flatnonzero(~np.isin(data["fold"], list(out)))
    watched = np.flatnonzero(data["fold"] == (1 if stop else fold))
    torch.manual_seed(SEED)
    net = Net(data["labels"].shape[1])
    fit_statistics(net, data, rows)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.03)
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 4e-3, total_steps=LONGEST * (len(rows) // BATCH) + 1, pct_start=0.15
    )
    state = cache / f"run-{name}.pt"
    begin, best = 0, (0.0, 0)
    if state.exists():
        kept = torch.load(state, weights_only=False)
        net.load_state_dict(kept["net"])
        optimiser.load_state_dict(kept["optimiser"])
        rate.load_state_dict(kept["rate"])
        torch.set_rng_state(kept["random"])
        begin, best = kept["pass"], kept["best"]
    for number in range(begin, passes):
        began = time.time()
        loss = one_pass(net, optimiser, rate, data, rows)
        line = f"{name} pass {number + 1}: loss {loss:.3f}"
        if len(watched) and (stop or number == passes - 1):
            score = average_precision(logits(net, data, watched), data["labels"][watched])
            best = max(best, (score, number + 1))
            line += f", watched mAP {score:.4f}"
        print(f"{line}, {time.time() - began:.0f} s", flush=True)
        torch.save(
            {
                "net": net.state_dict(),
                "optimiser": optimiser.state_dict(),
                "rate": rate.state_dict(),
                "random": torch.get_rng_state(),
                "pass": number + 1,
                "best": best,
            },
            state,
        )
    if stop:
        (cache / "passes.json").write_text(json.dumps({"passes": best[1], "mAP": best[0]}))
        print(f"best pass {best[1]}, mAP {best[0]:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=-1)
    parser.add_argument("--stop", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    passes = LONGEST
    if not args.stop and (found := args.cache / "passes.json").exists():
        passes = int(json.loads(found.read_text())["passes"])
    train(args.cache, args.fold, args.stop, passes)


if __name__ == "__main__":
    main()
