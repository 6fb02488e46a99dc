"""Export what the pictures of composed clips gave, and what they showed, for `ttmserve eval`.

Takes the clips' features (`measure_pictures.py --cache`), runs the shipped calibration's noticing
over them, and writes `clips.safetensors` and `clips.json`. Pictures are not kept. A thing is
written as its memory key, rounded to eight bits.

    python model/tools/export_clips.py --cache CLIPS.pt [--to FOLDER]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from measure_pictures import FPS, Clip, load_clips, run_things
from safetensors.torch import save_file
from torch import Tensor

from ttm_lab.evaluation.real_clips import DATA, LARGEST, NAME
from ttm_model.encoders.picture import PictureEncoder
from ttm_model.labels.picture_keys import load_picture_keys
from ttm_model.labels.space import LabelSpace, load_space
from ttm_model.labels.things import Looking, load_calibration


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
        rows.append({"scene": Path(clip.scene).name, "pictures": len(clip.cells), "shown": shown})
    return {"picture_s": 1 / FPS, "phrases": dict(sorted(phrases.items())), "clips": rows}


def noticed(clips: list[Clip], looking: Looking) -> dict[str, Tensor]:
    """Every thing of every picture, in order: N rows."""
    things = [
        (number, picture, sight)
        for number, clip in enumerate(clips)
        for picture, sights in enumerate(run_things(clip, looking))
        for sight in sights
    ]
    keys = torch.stack([sight.key for _, _, sight in things])
    scale = keys.abs().amax(dim=1) / LARGEST
    return {
        "clip": torch.tensor([number for number, _, _ in things], dtype=torch.int16),
        "picture": torch.tensor([picture for _, picture, _ in things], dtype=torch.int16),
        "key": (keys / scale[:, None]).round().to(torch.int8),
        "scale": scale,
        "salience": torch.tensor([sight.salience for _, _, sight in things]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=DATA)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clips = load_clips(arguments.cache)
    classifier = PictureEncoder("cpu").classifier
    looking = Looking(classifier, load_picture_keys(), load_calibration())
    arguments.to.mkdir(parents=True, exist_ok=True)
    tensors = noticed(clips, looking)
    save_file(tensors, arguments.to / f"{NAME}.safetensors")
    text = json.dumps(truth(clips, load_space("imagenet")), separators=(",", ":"))
    (arguments.to / f"{NAME}.json").write_text(text + "\n", "utf-8")
    for path in sorted(arguments.to.glob(f"{NAME}.*")):
        print(path, path.stat().st_size, "bytes")
    print(f"{len(clips)} clips, {len(tensors['clip'])} things noticed")


if __name__ == "__main__":
    main()
