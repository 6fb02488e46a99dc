"""Export what the pictures of composed clips gave, and what they showed, for `ttmserve eval`.

Takes the clips' features (`measure_pictures.py --cache`), runs the shipped calibration's noticing
over them, and writes `clips.safetensors` and `clips.json`. Pictures are not kept. A thing's
posterior is written as its kept classes only, which is all that its memory key is made of.

    python model/tools/export_clips.py --cache CLIPS.pt [--to FOLDER]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from measure_pictures import FPS, Clip, run_things
from safetensors.torch import save_file
from torch import Tensor

from ttm_lab.evaluation.real_clips import DATA, NAME
from ttm_model.labels.sketch import KEPT_CLASSES
from ttm_model.labels.space import LabelSpace, load_space
from ttm_model.labels.things import PictureCalibration, load_calibration


def truth(clips: list[Clip], space: LabelSpace) -> dict[str, Any]:
    """What was shown when, and the classes that its words name."""
    phrases: dict[str, list[int]] = {}
    rows = []
    for clip in clips:
        shown = []
        for _, phrase, first, stop in clip.shown:
            match = space.lexicon.find(phrase)
            assert match is not None, phrase
            phrases[phrase] = sorted(match.classes)
            shown.append({"phrase": phrase, "from_s": first / FPS, "to_s": stop / FPS})
        rows.append({"scene": Path(clip.scene).name, "pictures": len(clip.whole), "shown": shown})
    return {"picture_s": 1 / FPS, "phrases": dict(sorted(phrases.items())), "clips": rows}


def noticed(clips: list[Clip], calibration: PictureCalibration) -> dict[str, Tensor]:
    """Every thing of every picture, in order: N rows."""
    parts: dict[str, list[Tensor]] = {
        name: [] for name in ("clip", "picture", "classes", "shares", "salience")
    }
    for number, clip in enumerate(clips):
        posteriors, salience, mask = run_things(clip, calibration)
        values, at = posteriors[mask].topk(KEPT_CLASSES, dim=-1)
        pictures = torch.nonzero(mask)[:, 0]
        parts["clip"].append(torch.full_like(pictures, number).short())
        parts["picture"].append(pictures.short())
        parts["classes"].append(at.short())
        parts["shares"].append(values.half())
        parts["salience"].append(salience[mask])
    return {name: torch.cat(rows).contiguous() for name, rows in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=DATA)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clips = [Clip(**row) for row in torch.load(arguments.cache, weights_only=False)]
    arguments.to.mkdir(parents=True, exist_ok=True)
    tensors = noticed(clips, load_calibration())
    save_file(tensors, arguments.to / f"{NAME}.safetensors")
    text = json.dumps(truth(clips, load_space("imagenet")), separators=(",", ":"))
    (arguments.to / f"{NAME}.json").write_text(text + "\n", "utf-8")
    for path in sorted(arguments.to.glob(f"{NAME}.*")):
        print(path, path.stat().st_size, "bytes")
    print(f"{len(clips)} clips, {len(tensors['clip'])} things noticed")


if __name__ == "__main__":
    main()
