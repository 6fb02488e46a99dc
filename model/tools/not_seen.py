"""Show that "not seen" is as sure as it says: `docs/eval/not_seen.svg` and `not_seen.json`.

Asks the clips of part "test" of `found_clips.py`, whose things and scenes the rates never met.

    python model/tools/not_seen.py --clips test.safetensors [--out docs/eval]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import torch

from ttm_lab.evaluation.not_seen import denials
from ttm_lab.evaluation.plots import reliability_svg
from ttm_lab.evaluation.seen_clips import load_clips
from ttm_lab.evaluation.statistics import calibration_error, reliability
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.spaces import PICTURES, TextSpace
from ttm_model.labels.picture_keys import load_picture_keys
from ttm_model.labels.space import load_space

BINS = 10
DOCS = Path(__file__).parents[2] / "docs" / "eval"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DOCS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    space = TextSpace(load_space("imagenet"), load_picture_keys(), TextEncoder(), PICTURES)
    clips = load_clips(args.clips)
    given = denials(space, clips)
    said, truths = [one.confidence for one in given], [one.true for one in given]
    bins = reliability(said, truths, BINS)
    result = {
        "clips": len(clips),
        "things": len({thing.source for clip in clips for thing in clip.shown}),
        "scenes": len({clip.scene for clip in clips}),
        "denials": len(given),
        "true": sum(truths) / len(given),
        "ece": calibration_error(said, truths, BINS),
        "ece_if_always_99": calibration_error([0.99] * len(given), truths, BINS),
        "bins": [asdict(one) for one in bins],
    }
    (args.out / "not_seen.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    title = '"Not seen": how often it was true'
    (args.out / "not_seen.svg").write_text(reliability_svg(title, {"pictures": bins}), "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
