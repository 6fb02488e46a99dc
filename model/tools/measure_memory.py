"""Measure presence and naming on memory slots, to calibrate `engines/spaces.py`.

Composed clips as in measure_pictures.py go through the real noticing and the real slot write; then
slots are asked, by the aligned reader's arithmetic, for what was shown, for what was not, and for
kinds of which nothing was shown.

    python model/tools/measure_memory.py --cache CLIPS.pt     # made by measure_pictures.py --cache
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
import torch
from measure_pictures import Clip, ask, auroc
from torch import Tensor

from ttm_model.chunk import ChunkMedia
from ttm_model.encoders.picture import PictureFeatures
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.noticing import seen, to_tokens
from ttm_model.labels.space import DATA, LabelSpace, load_space
from ttm_model.labels.things import first_scene, load_calibration
from ttm_model.ttm.unit import SlotUnit

STEP_S = 0.5
KINDS = """dog bird vehicle fruit musical~instrument fish cat food furniture tool clothing insect
monkey snake car boat building machine weapon computer ball""".replace("~", "_").split()
NO_PICTURE = np.zeros((8, 8, 3), np.uint8)


@dataclass
class Slots:
    """One clip's event slots after it: decoded posteriors (S, C) and intervals in seconds."""

    posteriors: Tensor
    start_s: list[float]
    end_s: list[float]


def fold(clip: Clip, unit: SlotUnit, space: LabelSpace) -> Slots:
    calibration, scene = load_calibration(), first_scene(len(space))
    state, layout = unit.initial(1), unit.config.layout
    for frame in range(len(clip.whole)):
        start_s = frame * STEP_S
        media = ChunkMedia(start_s, STEP_S, (NO_PICTURE,), (start_s,))
        features = PictureFeatures(
            clip.whole[frame : frame + 1], clip.cells[frame : frame + 1].float()
        )
        things, scene = seen(features, media, scene, space, calibration)
        tokens, mask = to_tokens([(things, [])], [media.end_s], layout.dim)
        state, _ = unit.step(state, tokens, mask)
    tier = layout.event_slots
    used = torch.nonzero(state.modality[0, tier] >= 0)[:, 0] + tier.start
    return Slots(
        space.decode(state.tokens[0, used]),
        state.t_first[0, used].tolist(),
        state.t_last[0, used].tolist(),
    )


def presence(clips: list[Clip], folded: list[Slots], space: LabelSpace) -> None:
    text = TextEncoder()
    groups = [set(g["classes"]) for g in json.loads((DATA / "imagenet.json").read_text())["groups"]]

    def best(slots: Slots, phrase: str) -> float:
        weights = space.query([phrase], text.encode([phrase])).weights[0]
        if not len(slots.posteriors):
            return 0.0
        return float((slots.posteriors @ weights).max()) / sqrt(max(1.0, float(weights.sum())))

    scores: dict[str, list[float]] = {"present": [], "random": [], "hard": [], "kind": []}
    for question in ask(clips, space, groups):
        scores[question.kind].append(best(folded[question.clip], question.phrase))
    for clip, slots in zip(clips, folded, strict=True):
        shown = {c for _, p, _, _ in clip.shown for c in classes_of(space, p)}
        for kind in (name.replace("_", " ") for name in KINDS):
            if not shown & classes_of(space, kind):
                scores["kind"].append(best(slots, kind))
    arrays = {name: np.array(values) for name, values in scores.items()}
    for name in ("random", "hard", "kind"):
        print(f"AUROC present against {name}: {auroc(arrays['present'], arrays[name]):.3f}")
    print("score / sqrt(breadth) | recall | false: random | hard | kinds")
    for limit in (0.01, 0.02, 0.03, 0.045, 0.06, 0.1, 0.2):
        shares = [float((arrays[n] > limit).mean()) for n in ("present", "random", "hard", "kind")]
        print(f"{limit:.3f} | " + " | ".join(f"{share:.3f}" for share in shares))


def naming(clips: list[Clip], folded: list[Slots], space: LabelSpace) -> None:
    rows = []
    for clip, slots in zip(clips, folded, strict=True):
        for posterior, start_s, end_s in zip(
            slots.posteriors, slots.start_s, slots.end_s, strict=True
        ):
            there = [
                classes_of(space, phrase)
                for _, phrase, first, last in clip.shown
                if start_s < last * STEP_S and end_s > first * STEP_S
            ]
            best = int(posterior.argmax())
            rows.append((float(posterior[best]), any(best in classes for classes in there)))
    shares, right = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    print("share of the best class at least | slots | rightly named")
    for limit in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5):
        chosen = shares >= limit
        print(f"{limit:.2f} | {int(chosen.sum())} | {right[chosen].mean():.3f}")


def classes_of(space: LabelSpace, phrase: str) -> set[int]:
    match = space.lexicon.find(phrase)
    return set(match.classes) if match else set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clips = [Clip(**row) for row in torch.load(arguments.cache, weights_only=False)]
    space, unit = load_space("imagenet"), SlotUnit().eval()
    with torch.inference_mode():
        folded = [fold(clip, unit, space) for clip in clips]
    presence(clips, folded, space)
    naming(clips, folded, space)


if __name__ == "__main__":
    main()
