"""Measure finding a thing again by example: three pictures of it, among sixty, in packed memory.

120 stamps (Debian's `tuxpaint-stamps-default`; no drawings, letters or flags) are shown over
photographs, for teaching in three clips each and for finding in one of two sessions of 60 things,
mirrored, at other places and sizes, over other photographs. A session goes through the real
noticing and the real slot write, as one of six minutes. Then each of the 120 is asked for by its
three examples: found is a thing of that session of which the likest event begins while it was
shown; false is one of the other session of which any event is as like.

    python model/tools/measure_examples.py --scenes DIR [DIR ...] [--cache FILE.pt]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from measure_pictures import FPS, auroc, compose, photographs
from PIL import Image, ImageOps
from torch import Tensor

from ttm_lab.systems.slot_ttm import SlotSystem
from ttm_lab.task.interface import Concepts, Episode
from ttm_model.encoders.picture import PictureEncoder
from ttm_model.engines.noticing import Thing, to_tokens
from ttm_model.labels.picture_keys import (
    KEY_WIDTH,
    PictureKeys,
    first_scene,
    load_picture_keys,
    next_scene,
)
from ttm_model.labels.things import Looking, load_calibration
from ttm_model.nibbles import pack, unpack
from ttm_model.ttm.layout import Modality

THINGS, A_CLIP, EXAMPLES = 120, 5, 3
SMALLEST_PX = 60
NO_THINGS = ("/cartoon", "symbols/", "/flags/", "/roadsigns/")
FALSE = 0.03


@dataclass
class Shown:
    """A clip: its pictures' features, which stamps it shows, and in which frames."""

    cells: Tensor  # (T, 63, 1280) float16
    stamps: list[str]
    spans: list[tuple[int, int]]


@dataclass
class Material:
    """What teaches and what is to be searched, in two halves of the stamps."""

    names: list[str]
    teaching: list[Shown]
    sessions: list[list[Shown]]


def stamps(folder: Path, rng: np.random.Generator) -> list[str]:
    """Names of stamps that are things and not too small, in an order drawn."""
    found = []
    for path in sorted(folder.rglob("*.png")):
        name = str(path.relative_to(folder).with_suffix(""))
        box = Image.open(path).convert("RGBA").getbbox() or (0, 0, 0, 0)
        large = min(box[2] - box[0], box[3] - box[1]) >= SMALLEST_PX
        if large and not any(part in name for part in NO_THINGS):
            found.append(name)
    return [str(name) for name in rng.permutation(found)]


def make(scenes: list[Path], folder: Path, seed: int) -> Material:
    """Compose everything; even scenes teach, odd ones are searched."""
    rng, encoder = np.random.default_rng(seed), PictureEncoder("cpu")
    names = stamps(folder, rng)[:THINGS]
    order = [scenes[int(k)] for k in rng.permutation(len(scenes))]
    made = 0

    def clip(chosen: list[str], among: list[Path], mirrored: bool) -> Shown:
        nonlocal made
        behind = Image.open(among[made % len(among)]).convert("RGB")
        behind.thumbnail((900, 900))
        made += 1
        pictures = [Image.open(folder / f"{name}.png").convert("RGBA") for name in chosen]
        pictures = [picture.crop(picture.getbbox()) for picture in pictures]
        frames, spans = compose(
            behind, [ImageOps.mirror(p) if mirrored else p for p in pictures], rng
        )
        print(f"{made}: {', '.join(chosen)}", flush=True)
        return Shown(encoder.encode(frames).cells.half(), chosen, spans)

    def clips(of: list[str], among: list[Path], mirrored: bool) -> list[Shown]:
        drawn = [str(name) for name in rng.permutation(of)]
        return [clip(drawn[k : k + A_CLIP], among, mirrored) for k in range(0, len(drawn), A_CLIP)]

    teaching = [one for _ in range(EXAMPLES) for one in clips(names, order[::2], False)]
    halves = (names[: THINGS // 2], names[THINGS // 2 :])
    return Material(names, teaching, [clips(half, order[1::2], True) for half in halves])


def taught(material: Material, keys: PictureKeys, packed: bool) -> dict[str, Tensor]:
    """Each thing's examples (3, 256): what its middle picture shows, the scene known."""
    found: dict[str, list[Tensor]] = {name: [] for name in material.names}
    for clip in material.teaching:
        scene = first_scene()
        middles = {(a + b) // 2: name for name, (a, b) in zip(clip.stamps, clip.spans, strict=True)}
        for t, cells in enumerate(clip.cells.float()):
            if t in middles:
                key = keys.key_of(cells, False, (0.0, 0.0, 1.0, 1.0), scene)
                found[middles[t]].append(key)
            scene = next_scene(scene, cells, keys)
    stacked = {name: torch.stack(rows) for name, rows in found.items()}
    return {name: unpack(*pack(rows)) if packed else rows for name, rows in stacked.items()}


@dataclass
class Remembered:
    """A session's events after it: keys (N, 256), times (N,), and when each stamp was shown."""

    keys: Tensor
    start_s: Tensor
    end_s: Tensor
    shown: dict[str, tuple[float, float]]


def remember(clips: list[Shown], looking: Looking) -> Remembered:
    """Fold a session, clip after clip on one clock; the scene goes on where it was."""
    steps, shown, scene, frame = [], {}, first_scene(), 0
    for clip in clips:
        for name, (first, stop) in zip(clip.stamps, clip.spans, strict=True):
            shown[name] = ((frame + first) / FPS, (frame + stop) / FPS)
        for cells in clip.cells.float():
            start_s, end_s = frame / FPS, (frame + 1) / FPS
            sights = looking.things(cells, False, scene)
            things = [Thing(s.key, s.salience, start_s, end_s) for s in sights]
            steps.append(to_tokens([{Modality.VIDEO: things}], [end_s], KEY_WIDTH))
            scene = next_scene(scene, cells, looking.keys)
            frame += 1
    none = torch.zeros(0, KEY_WIDTH)
    bank = Concepts(none, none, torch.zeros(0, dtype=torch.int64), torch.zeros(0).bool())
    system = SlotSystem()
    memory = system.fold(Episode(tuple(steps), (), bank, bank, frame / FPS))
    seen = system.entries(memory).seen
    return Remembered(seen.keys, seen.start_s, seen.end_s, shown)


def report(material: Material) -> None:
    """Print recall at 3 % false, of questions and of pairs of event and thing."""
    keys = load_picture_keys()
    looking = Looking(PictureEncoder("cpu").classifier, keys, load_calibration())
    memories = [remember(session, looking) for session in material.sessions]
    examples = taught(material, keys, packed=True)
    sizes = ", ".join(str(len(memory.keys)) for memory in memories)
    print(f"{len(material.names)} things, events held: {sizes}")
    there, right, absent, first = [], [], [], []
    for memory in memories:
        likes = {name: keys.likeness(memory.keys, own) for name, own in examples.items()}
        for name, like in likes.items():
            best, at = like.max(dim=0)
            if name not in memory.shown:
                absent.append(float(best))
                continue
            start_s, end_s = memory.shown[name]
            meets = (memory.start_s < end_s) & (memory.end_s > start_s)
            there.append(float(like[meets].max()) if bool(meets.any()) else 0.0)
            right.append(bool(meets[at]))
            own = [float(likes[o][meets].max()) if bool(meets.any()) else 0.0 for o in memory.shown]
            first.append(own[list(memory.shown).index(name)] == max(own) > 0.0)
    present, absences = np.array(there), np.array(absent)
    limit = float(np.quantile(absences, 1 - FALSE))
    found = (present > limit) & np.array(right)
    print(
        f"AUROC {auroc(present, absences):.3f}; the likest event is its own: {np.mean(right):.3f}"
    )
    print(f"named first among 60 where it was shown: {np.mean(first):.3f}")
    print(f"found at {FALSE:.0%} false of questions (p > {limit:.3f}): {found.mean():.3f}")
    for p in (0.1, 0.25, 0.5, 0.6, 0.75, 0.9):
        own = ((present > p) & np.array(right)).mean()
        print(f"p > {p}: found {own:.3f}, false {(absences > p).mean():.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scenes", type=Path, nargs="+", required=True, help="folders of photographs"
    )
    parser.add_argument("--skip", nargs="*", default=[], help="photographs' names to leave out")
    parser.add_argument("--stamps", type=Path, default=Path("/usr/share/tuxpaint/stamps"))
    parser.add_argument("--cache", type=Path, help="keep the features in this file")
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.cache and args.cache.exists():
        material = torch.load(args.cache, weights_only=False)
    else:
        scenes = [p for p in photographs(args.scenes) if not set(args.skip) & {p.stem, *p.parts}]
        if len(scenes) < 2:
            parser.error(f"--scenes: {len(scenes)} photographs there, at least 2 are needed")
        if not args.stamps.is_dir():
            parser.error(f"--stamps: no folder {args.stamps} (Debian: tuxpaint-stamps-default)")
        material = make(scenes, args.stamps, args.seed)
        if args.cache:
            torch.save(material, args.cache)
    with torch.inference_mode():
        report(material)


if __name__ == "__main__":
    main()
