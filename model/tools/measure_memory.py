"""Measure presence and naming on memory slots, to calibrate `engines/spaces.py`.

The shipped composed clips (or others, made by `export_clips.py`) go through the real slot write,
one session a clip; then slots are asked, by the aligned reader's arithmetic, for what was shown,
for what was not, and for kinds of which nothing was shown. Sessions of many clips: `ttmserve eval`.

    python model/tools/measure_memory.py [--clips FOLDER]
"""

from __future__ import annotations

import argparse
import json
from math import sqrt
from pathlib import Path

import measure_pictures as pictures
import numpy as np
import torch

from ttm_lab.evaluation.clip_recall import Held, answers, decoded
from ttm_lab.evaluation.real_clips import DATA, SPACE, Clip, joined, load_clips
from ttm_lab.systems.slot_ttm import SlotSystem
from ttm_lab.systems.stores import UnlimitedSystem
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.spaces import PICTURES
from ttm_model.labels.picture_keys import PictureKeys, load_picture_keys
from ttm_model.labels.plain import DATA as LABELS
from ttm_model.labels.space import LabelSpace, load_space

KINDS = """dog bird vehicle fruit musical~instrument fish cat food furniture tool clothing insect
monkey snake car boat building machine weapon computer ball""".replace("~", "_").split()


def fold(clips: list[Clip], system: SlotSystem | UnlimitedSystem, keys: PictureKeys) -> list[Held]:
    """What a system holds after each clip."""
    memories = [system.fold(joined([clip], keys).episode) for clip in clips]
    return [decoded(system.entries(memory), keys) for memory in memories]


def presence(clips: list[Clip], folded: list[Held], space: LabelSpace) -> None:
    text = TextEncoder()
    data = json.loads((LABELS / f"{SPACE}.json").read_text("utf-8"))
    groups = [set(g["classes"]) for g in data["groups"]]
    asked = [
        pictures.Clip("", [("", s.phrase, *_places(s.start_s, s.end_s)) for s in clip.shown])
        for clip in clips
    ]

    def best(slots: Held, phrase: str) -> float:
        weights = space.query([phrase], text.encode([phrase])).weights[0]
        if not len(slots.posteriors):
            return 0.0
        spread = min(max(1.0, float(weights.sum())), PICTURES.max_spread)
        return float((slots.posteriors @ weights).max()) / sqrt(spread)

    scores: dict[str, list[float]] = {"present": [], "random": [], "hard": [], "kind": []}
    for question in pictures.ask(asked, space, groups):
        scores[question.kind].append(best(folded[question.clip], question.phrase))
    for clip, slots in zip(clips, folded, strict=True):
        shown = {c for one in clip.shown for c in one.classes}
        for kind in (name.replace("_", " ") for name in KINDS):
            if not shown & classes_of(space, kind):
                scores["kind"].append(best(slots, kind))
    arrays = {name: np.array(values) for name, values in scores.items()}
    for name in ("random", "hard", "kind"):
        print(
            f"AUROC present against {name}: {pictures.auroc(arrays['present'], arrays[name]):.3f}"
        )
    print("score / sqrt(breadth) | recall | false: random | hard | kinds")
    for limit in (0.01, 0.02, 0.03, 0.045, 0.06, 0.1, 0.2):
        shares = [float((arrays[n] > limit).mean()) for n in ("present", "random", "hard", "kind")]
        print(f"{limit:.3f} | " + " | ".join(f"{share:.3f}" for share in shares))


def against_unlimited(stores: dict[str, list[Held]], clips: list[Clip]) -> None:
    """Recall of memory and of the unlimited store, on the same clips with the same encoder."""
    print("store | things | at a time | when | both")
    for name, folded in stores.items():
        given = [a for c, held in zip(clips, folded, strict=True) for a in answers(held, c.shown)]
        at_time, when = [a.at_time for a in given], [a.when for a in given]
        size = np.mean([len(held.start_s) for held in folded])
        both = np.mean([*at_time, *when])
        print(f"{name} | {size:.0f} | {np.mean(at_time):.3f} | {np.mean(when):.3f} | {both:.3f}")


def naming(clips: list[Clip], folded: list[Held]) -> None:
    rows = []
    for clip, slots in zip(clips, folded, strict=True):
        for posterior, start_s, end_s in zip(
            slots.posteriors, slots.start_s, slots.end_s, strict=True
        ):
            there = [
                one.classes for one in clip.shown if start_s < one.end_s and end_s > one.start_s
            ]
            best = int(posterior.argmax())
            rows.append((float(posterior[best]), any(best in classes for classes in there)))
    shares, right = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    print("share of the best class at least | slots | rightly named")
    for limit in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5):
        chosen = shares >= limit
        print(f"{limit:.2f} | {int(chosen.sum())} | {right[chosen].mean():.3f}")


def _places(start_s: float, end_s: float) -> tuple[int, int]:
    return int(start_s * pictures.FPS), int(end_s * pictures.FPS)


def classes_of(space: LabelSpace, phrase: str) -> set[int]:
    match = space.lexicon.find(phrase)
    return set(match.classes) if match else set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=DATA, help="folder that export_clips.py made")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space, keys = load_space(SPACE), load_picture_keys()
    clips = load_clips(arguments.clips)
    with torch.inference_mode():
        folded = fold(clips, SlotSystem(), keys)
        unlimited = fold(clips, UnlimitedSystem("unlimited"), keys)
    presence(clips, folded, space)
    naming(clips, folded)
    against_unlimited({"slot memory": folded, "unlimited store": unlimited}, clips)


if __name__ == "__main__":
    main()
