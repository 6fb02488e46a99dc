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
from ttm_model.engines.noticing import Thing, seen, to_tokens
from ttm_model.engines.spaces import PICTURES
from ttm_model.labels.space import DATA, LabelSpace, load_space
from ttm_model.labels.things import first_scene, load_calibration
from ttm_model.ttm.unit import SlotUnit

STEP_S = 0.5
KINDS = """dog bird vehicle fruit musical~instrument fish cat food furniture tool clothing insect
monkey snake car boat building machine weapon computer ball""".replace("~", "_").split()
NO_PICTURE = np.zeros((8, 8, 3), np.uint8)


@dataclass
class Slots:
    """What a store holds after a clip: posteriors (S, C), intervals in seconds, salience."""

    posteriors: Tensor
    start_s: list[float]
    end_s: list[float]
    salience: list[float]


def fold(clip: Clip, unit: SlotUnit, space: LabelSpace) -> tuple[Slots, Slots]:
    """The slot memory after the clip, and a store that keeps every thing of every picture."""
    calibration, scene = load_calibration(), first_scene(len(space))
    kept: list[Thing] = []
    state, layout = unit.initial(1), unit.config.layout
    for frame in range(len(clip.whole)):
        start_s = frame * STEP_S
        media = ChunkMedia(start_s, STEP_S, (NO_PICTURE,), (start_s,))
        features = PictureFeatures(
            clip.whole[frame : frame + 1], clip.cells[frame : frame + 1].float()
        )
        things, scene = seen(features, media, scene, space, calibration)
        kept += things
        tokens, mask = to_tokens([(things, [])], [media.end_s], layout.dim)
        state, _ = unit.step(state, tokens, mask)
    tier = layout.event_slots
    used = torch.nonzero(state.modality[0, tier] >= 0)[:, 0] + tier.start
    memory = Slots(
        space.decode(state.tokens[0, used]),
        state.t_first[0, used].tolist(),
        state.t_last[0, used].tolist(),
        state.strength[0, used].tolist(),
    )
    unlimited = Slots(
        space.decode(torch.stack([thing.key for thing in kept])),
        [thing.start_s for thing in kept],
        [thing.end_s for thing in kept],
        [thing.salience for thing in kept],
    )
    return memory, unlimited


def presence(clips: list[Clip], folded: list[Slots], space: LabelSpace) -> None:
    text = TextEncoder()
    groups = [set(g["classes"]) for g in json.loads((DATA / "imagenet.json").read_text())["groups"]]

    def best(slots: Slots, phrase: str) -> float:
        weights = space.query([phrase], text.encode([phrase])).weights[0]
        if not len(slots.posteriors):
            return 0.0
        spread = min(max(1.0, float(weights.sum())), PICTURES.max_spread)
        return float((slots.posteriors @ weights).max()) / sqrt(spread)

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


def against_unlimited(clips: list[Clip], stores: dict[str, list[Slots]], space: LabelSpace) -> None:
    """Recall of memory and of the unlimited store, on the same clips with the same encoder.

    At a time: the most salient thing around the middle of what was shown, named by its best class.
    When: the best-scoring thing for the phrase lies in the interval in which it was shown.
    """
    text = TextEncoder()
    print("store | things | at a time | when | both")
    for name, folded in stores.items():
        at_time, when = [], []
        for clip, held in zip(clips, folded, strict=True):
            for _, phrase, first, last in clip.shown:
                begin_s, end_s = first * STEP_S, last * STEP_S
                at_time.append(_named_at(held, (begin_s + end_s) / 2) in classes_of(space, phrase))
                weights = space.query([phrase], text.encode([phrase])).weights[0]
                best = int((held.posteriors @ weights).argmax())
                when.append(held.start_s[best] < end_s and held.end_s[best] > begin_s)
        size = np.mean([len(held.start_s) for held in folded])
        both = np.mean([*at_time, *when])
        print(f"{name} | {size:.0f} | {np.mean(at_time):.3f} | {np.mean(when):.3f} | {both:.3f}")


def _named_at(held: Slots, time_s: float) -> int:
    """The best class of the most salient thing that was there at a time; -1 for nothing."""
    there = [
        i
        for i, (start_s, end_s) in enumerate(zip(held.start_s, held.end_s, strict=True))
        if start_s <= time_s < end_s
    ]
    if not there:
        return -1
    best = max(there, key=lambda i: held.salience[i] * float(held.posteriors[i].max()))
    return int(held.posteriors[best].argmax())


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
        both = [fold(clip, unit, space) for clip in clips]
    folded = [memory for memory, _ in both]
    presence(clips, folded, space)
    naming(clips, folded, space)
    stores = {"slot memory": folded, "unlimited store": [unlimited for _, unlimited in both]}
    against_unlimited(clips, stores, space)


if __name__ == "__main__":
    main()
