"""Make `siblings.json`: picture classes of one narrow kind that the classifier takes for alike.

Two classes are siblings where WordNet has a kind above both that covers at most `LARGEST` classes,
and where the rows of the classifier (less their mean) have a cosine of at least `LEAST`: either
alone would call a hammer a screwdriver, or a daisy a bee.

    python model/tools/make_siblings.py [--out FILE]
"""

from __future__ import annotations

import argparse
import json
from itertools import combinations
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm_model.encoders.weights import EFFICIENTNET_LITE0, verified_path
from ttm_model.labels.plain import DATA

LARGEST, LEAST = 6, 0.2


def alike() -> Tensor:
    """Cosines (C, C) of the classifier's rows."""
    weights = torch.load(verified_path(EFFICIENTNET_LITE0), map_location="cpu", weights_only=True)
    rows = next(w for w in weights.values() if w.shape == (1000, 1280))
    rows = F.normalize(rows - rows.mean(0), dim=1)
    return rows @ rows.T


def siblings() -> list[tuple[int, int, float]]:
    """Pairs of classes (the first before the second) and their cosine."""
    groups = json.loads((DATA / "imagenet.json").read_text("utf-8"))["groups"]
    narrow = [g["classes"] for g in groups if 2 <= len(g["classes"]) <= LARGEST]
    pairs = {pair for classes in narrow for pair in combinations(sorted(classes), 2)}
    cosine = alike()
    found = [(a, b, round(float(cosine[a, b]), 2)) for a, b in sorted(pairs)]
    return [row for row in found if row[2] >= LEAST]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DATA / "siblings.json")
    args = parser.parse_args()
    rows = siblings()
    body = ",\n".join(json.dumps(row) for row in rows)
    args.out.write_text(f"[\n{body}\n]\n", "utf-8")
    print(args.out, len(rows), "pairs")


if __name__ == "__main__":
    main()
