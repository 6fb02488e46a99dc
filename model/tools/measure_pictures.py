"""Measure how well a noun phrase finds what a picture showed; makes no file of the product.

Composes short clips: stamps (Debian's `tuxpaint-stamps-default`, used from where it is installed)
move over photographs of scenes, with camera drift, sensor noise and JPEG, at 2 frames a second.
Then asks for what was shown, for what was not, and for siblings of what was shown.

    python model/tools/measure_pictures.py --scenes DIR [DIR ...] [--cache FILE.pt] [--clips 44]

Scenes: any folders of photographs, for instance `plasma-workspace-wallpapers` and
`gnome-backgrounds` unpacked, and `opencv-doc`.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from ttm_model.encoders.picture import Classifier, PictureEncoder
from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.picture_keys import first_scene, load_picture_keys, next_scene
from ttm_model.labels.plain import DATA
from ttm_model.labels.space import LabelSpace, load_space
from ttm_model.labels.things import Looking, PictureCalibration, Sight, load_calibration
from ttm_model.nibbles import pack_closest, unpack

FPS = 2.0
FRAME_PX = (320, 240)
SHOWN_S, GAP_S, THINGS = 3.0, 3.0, 5
# What a stamp shows, in a word that people would ask with. Only things the classes can cover.
STAMPS = """
animals/amphibians/frog frog; animals/amphibians/frog-1 frog; animals/birds/adelaide-rosella parrot
animals/birds/albino_peahen peacock; animals/birds/crowned_crane crane; animals/birds/drake duck
animals/birds/duck duck; animals/birds/gander goose; animals/birds/hen hen
animals/birds/chicken_profile chicken; animals/birds/heron_greatblue heron
animals/birds/magpie magpie; animals/birds/magellanic_penguin penguin; animals/birds/penguin penguin
animals/birds/little-penguin penguin; animals/birds/ostrich ostrich; animals/birds/owl owl
animals/birds/peacock peacock; animals/birds/pelican pelican
animals/birds/pink_flamingo flamingo; animals/birds/rainbow-lorikeet lorikeet
animals/birds/rooster rooster; animals/birds/tucan toucan; animals/birds/vulture vulture
animals/fish/clownfish clownfish; animals/fish/lionfish lionfish; animals/fish/lobster lobster
animals/insects/bee bee; animals/insects/fly fly; animals/insects/grasshopper grasshopper
animals/insects/mantis mantis; animals/insects/Brown_slug slug; animals/lizards/iguana iguana
animals/insects/Woodlouse woodlouse; animals/insects/cartoon/ladybug-2 ladybug
animals/insects/cartoon/dragonfly dragonfly; animals/insects/cartoon/butterfly butterfly
animals/mammals/apes/chimp chimpanzee; animals/mammals/apes/gorilla gorilla
animals/mammals/aquatic/orca killer whale; animals/mammals/aquatic/otter otter
animals/mammals/aquatic/sea_lion sea lion; animals/mammals/badger badger
animals/mammals/bears/bear bear; animals/mammals/bears/european-bear brown bear
animals/mammals/bears/toys/edward_bear teddy bear; animals/mammals/bovines/bison bison
animals/mammals/bovines/ram ram; animals/mammals/bovines/sheep sheep
animals/mammals/camel/camel camel; animals/mammals/camel/dromedary dromedary
animals/mammals/cats/lion lion; animals/mammals/cats/lion-2 lion
animals/mammals/cats/tiger tiger; animals/mammals/cats/tiger_sumatran tiger
animals/mammals/dogs/dingo dingo; animals/mammals/dogs/dog dog; animals/mammals/dogs/fox fox
animals/mammals/echidna echidna; animals/mammals/elephant elephant
animals/mammals/equines/horse horse; animals/mammals/equines/zebra zebra
animals/mammals/ferret ferret; animals/mammals/hedgehog hedgehog
animals/mammals/hippopotamus hippopotamus; animals/mammals/pig pig
animals/mammals/pig_golden pig; animals/mammals/wildboar wild boar
animals/mammals/rodents/beaver beaver; animals/mammals/rodents/marmot marmot
animals/mammals/rodents/rabbit rabbit; animals/mammals/rodents/rabbit-2 rabbit
animals/mammals/rodents/squirrel squirrel; animals/marsupials/koala koala
animals/marsupials/kangaroo kangaroo; animals/marsupials/wombat wombat
clothes/hats/sombrero sombrero; clothes/t_sock sock; clothes/t_tshirt t-shirt
food/fruit/apple_granny_smith apple; food/fruit/apple_red apple; food/fruit/banana banana
food/fruit/lemon lemon; food/fruit/orange orange; food/fruit/pineapple pineapple
food/fruit/pomegranate pomegranate; food/fruit/strawberry strawberry
food/fruit/Strawberry2 strawberry; food/fruit/cherimoya cherimoya; food/pizza pizza
food/vegetables/broccoli broccoli; food/vegetables/corn corn; food/vegetables/mushroom mushroom
food/vegetables/pepper bell pepper; food/vegetables/yellowpepper bell pepper
hobbies/binoculars binoculars; hobbies/camera_35mm camera; hobbies/music/percussion/drumkit drum
hobbies/music/string/cello cello; hobbies/music/string/guitar_classical acoustic guitar
hobbies/music/string/guitar_electric electric guitar; hobbies/music/string/guitar2 guitar
hobbies/music/string/violin violin; hobbies/music/wind/bassoon bassoon
household/dishes/mug mug; household/dishes/teapot teapot; household/tools/hammer hammer
household/tools/spade shovel; household/garbagecan garbage can; household/toilet toilet
medical/stethoscope stethoscope; medical/syringe syringe; military/vehicles/bradley tank
plants/flowers/yellow-flower daisy; plants/flowers/flower5 flower
seasonal/candle candle; seasonal/christmas/stocking Christmas stocking
seasonal/halloween/jackolantern_mean jack-o'-lantern; seasonal/halloween/spider spider
space/apollo_lander spacecraft; sports/basketball basketball; sports/football ball
sports/cartoon/football_helmet_side football helmet; sports/soccer soccer ball
sports/tennis_ball tennis ball; sports/tennis_racket racket; sports/cartoon/volleyball volleyball
town/houses/cartoon/fairytale_castle castle; town/roadsigns/stop street sign
town/roadsigns/stoplight_01_red traffic light; town/usps_mailbox mailbox
vehicles/auto/beetle car; vehicles/auto/sedan car; vehicles/auto/sportscar2 sports car
vehicles/auto/truck pickup truck; vehicles/cycle/pink_tricycle tricycle
vehicles/emergency/firetruck fire truck; vehicles/flight/balloon360 balloon
vehicles/flight/planes/747 airplane; vehicles/garbagetruck garbage truck
vehicles/locomotive/cartoon/toy_train steam locomotive; vehicles/masstransit/green_korean_bus bus
vehicles/race/indycar race car; vehicles/wheel_tractor wheel
vehicles/masstransit/cartoon/double_decker_bus bus
"""


@dataclass
class Clip:
    """Frames' features and what was shown when, in frame numbers [start, stop)."""

    scene: str
    shown: list[tuple[str, str, int, int]] = field(default_factory=list)  # stamp, phrase, frames
    cells: Tensor = field(default_factory=lambda: torch.zeros(0))  # (T, 63, 1280) float16


def stamps() -> list[tuple[str, str]]:
    rows = [r.strip() for r in STAMPS.replace("\n", ";").split(";") if r.strip()]
    return [(r.split(" ", 1)[0], r.split(" ", 1)[1]) for r in rows]


def photographs(folders: list[Path]) -> list[Path]:
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}:
                key = path.parts[-4] if "contents" in path.parts else path.stem
                if path.stem != "screenshot" and path.stat().st_size > 60_000:
                    found.setdefault(key, path)
    return sorted(found.values())


def compose(
    scene: Image.Image, things: list[Image.Image], rng: np.random.Generator
) -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    """Compose one clip -> frames (240, 320, 3) uint8 and each thing's [start, stop)."""
    width, height = FRAME_PX
    shown, gap = int(SHOWN_S * FPS), int(GAP_S * FPS)
    total = gap + len(things) * (shown + gap)
    zoom = rng.uniform(1.08, 1.4)
    big = scene.resize((int(width * zoom), int(height * zoom)), Image.Resampling.LANCZOS)
    at = np.array([rng.uniform(0, big.width - width), rng.uniform(0, big.height - height)])
    drift = rng.normal(0, 1.0, 2)
    gain = 1.0
    frames, spans = [], []
    for k, thing in enumerate(things):
        start = gap + k * (shown + gap)
        spans.append((start, start + shown))
        share = rng.uniform(0.35, 0.85)
        thing.thumbnail((int(width * share), int(height * share)), Image.Resampling.LANCZOS)
    paths = [
        (rng.uniform(0.1, 0.9, 2), rng.normal(0, 0.05, 2), rng.uniform(-0.03, 0.03)) for _ in things
    ]
    for i in range(total):
        at = np.clip(
            at + drift + rng.normal(0, 0.7, 2), 0, [big.width - width, big.height - height]
        )
        gain = float(np.clip(gain + rng.normal(0, 0.01), 0.85, 1.15))
        x, y = at
        frame = big.crop((int(x), int(y), int(x) + width, int(y) + height)).convert("RGB")
        for thing, (start, stop), (place, speed, grow) in zip(things, spans, paths, strict=True):
            if start <= i < stop:
                scale = 1.0 + grow * (i - start)
                size = (max(8, int(thing.width * scale)), max(8, int(thing.height * scale)))
                now = thing.resize(size, Image.Resampling.BILINEAR)
                spot = np.clip(place + speed * (i - start), 0, 1)
                px = (int(spot[0] * (width - size[0])), int(spot[1] * (height - size[1])))
                frame.paste(now, px, now)
        noisy = np.asarray(frame, np.float32) * gain + rng.normal(0, 5, (height, width, 3))
        buffer = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
            buffer, "JPEG", quality=int(rng.integers(55, 85))
        )
        frames.append(np.asarray(Image.open(buffer).convert("RGB")))
    return frames, spans


def make_clips(scenes: list[Path], folder: Path, count: int, seed: int) -> list[Clip]:
    encoder, rng = PictureEncoder("cpu"), np.random.default_rng(seed)
    table = [(s, p) for s, p in stamps() if (folder / f"{s}.png").exists()]
    order: list[int] = []
    clips = []
    for n in range(count):
        path = scenes[n % len(scenes)]
        while len(order) < THINGS:
            order += list(rng.permutation(len(table)))
        chosen = [table[order.pop(0)] for _ in range(THINGS)]
        pictures = [Image.open(folder / f"{s}.png").convert("RGBA") for s, _ in chosen]
        pictures = [p.crop(p.getbbox()) for p in pictures]
        frames, spans = compose(Image.open(path).convert("RGB"), pictures, rng)
        clip = Clip(str(path))
        clip.shown = [(s, p, a, b) for (s, p), (a, b) in zip(chosen, spans, strict=True)]
        clip.cells = encoder.encode(frames).cells.half()
        clips.append(clip)
        print(f"clip {n + 1}/{count}: {path.name}: {', '.join(p for _, p in chosen)}", flush=True)
    return clips


# --- questions -----------------------------------------------------------------------------------


@dataclass
class Asked:
    """One question: the class weights of its phrase, and the frames that show it (none: absent)."""

    clip: int
    phrase: str
    kind: str  # "present", "random", "hard"
    span: tuple[int, int] = (0, 0)


def ask(clips: list[Clip], space: LabelSpace, groups: list[set[int]], seed: int = 0) -> list[Asked]:
    """Every thing shown; as many unrelated ones; and siblings (same hypernym) of what was shown."""
    rng, asked = np.random.default_rng(seed), []
    vocabulary = sorted({p for _, p in stamps()})
    named = {p: set(_match(space, p)) for p in vocabulary}
    small = sorted((g for g in groups if 2 <= len(g) <= 30), key=len)
    for n, clip in enumerate(clips):
        shown: set[int] = set().union(*(named[p] for _, p, _, _ in clip.shown))
        far = [
            p
            for p in vocabulary
            if not named[p] & shown and not any(g & named[p] and g & shown for g in small)
        ]
        for _, phrase, start, stop in clip.shown:
            asked.append(Asked(n, phrase, "present", (start, stop)))
            near = next(
                (g - shown for g in small if g & named[phrase] and len(g - shown) > 2), None
            )
            if near:
                asked.append(Asked(n, space.names[int(rng.choice(sorted(near)))], "hard"))
        for phrase in rng.choice(far, len(clip.shown), replace=False):
            asked.append(Asked(n, str(phrase), "random"))
    return asked


def _match(space: LabelSpace, phrase: str) -> tuple[int, ...]:
    match = space.lexicon.find(phrase)
    assert match is not None, phrase
    return match.classes


def auroc(present: np.ndarray, absent: np.ndarray) -> float:
    order = present[:, None] - absent[None]
    return float((order > 0).mean() + 0.5 * (order == 0).mean())


@dataclass
class Scores:
    """Best scores of all questions: `best` (Q,), `hit` (Q,) whether the best frame shows it."""

    asked: list[Asked]
    best: np.ndarray
    hit: np.ndarray

    def of(self, kind: str) -> np.ndarray:
        """Best scores of one kind of question."""
        return self.best[[a.kind == kind for a in self.asked]]

    def line(self) -> str:
        """One row of the report's table."""
        present, random, hard = (self.of(k) for k in ("present", "random", "hard"))
        limit = float(np.quantile(random, 0.97))
        hits = self.hit[[a.kind == "present" for a in self.asked]]
        return (
            f"{hits.mean():.3f} | {auroc(present, random):.3f} | {auroc(present, hard):.3f} | "
            f"{limit:.4f} | {(present > limit).mean():.3f} | {(hard > limit).mean():.3f}"
        )


def score(asked: list[Asked], rows: list[list[Tensor]], weigh: Callable[[str], Tensor]) -> Scores:
    """Score questions against each clip's T pictures' rows (K, C) with a phrase's weights (C,)."""
    best, hit = [], []
    for a in asked:
        weight = weigh(a.phrase)
        frames = torch.stack([(own @ weight).amax() for own in rows[a.clip]])
        inside = frames[a.span[0] : a.span[1]] if a.kind == "present" else frames
        best.append(float(inside.max()))
        hit.append(a.span[0] <= int(frames.argmax()) < a.span[1])
    return Scores(asked, np.array(best), np.array(hit))


# --- calibration ---------------------------------------------------------------------------------


def logistic(features: Tensor, labels: Tensor, steps: int = 400) -> Tensor:
    """Fit (intercept, weights) by Newton's method with both kinds weighted alike."""
    x = torch.cat([torch.ones(len(features), 1), features], 1).double()
    y = labels.double()
    weight = torch.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    beta = torch.zeros(x.shape[1], dtype=torch.double)
    for _ in range(min(steps, 50)):
        p = torch.sigmoid(x @ beta)
        gradient = x.T @ (weight * (y - p)) - 1e-3 * beta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-3 * torch.eye(x.shape[1])
        beta = beta + torch.linalg.solve(hessian, gradient)
    return beta.float()


def first_calibration(clips: list[Clip], classifier: Classifier) -> PictureCalibration:
    """The prior from clips; a salience that only looks at the peak."""
    scores = classifier.scores(torch.cat([c.cells.float().mean(1) for c in clips]))
    prior = (torch.softmax(scores, -1).mean(0) + 1e-4).log()
    return PictureCalibration(prior - prior.mean(), torch.tensor([0.0, 1.0, 0.0]))


def run_things(clip: Clip, looking: Looking) -> list[list[Sight]]:
    """Things of every picture of a clip, its scene carried along."""
    scene, rows = first_scene(), []
    for cells in clip.cells.float():
        rows.append(looking.things(cells, False, scene))
        scene = next_scene(scene, cells, looking.keys)
    return rows


def salience_features(clips: list[Clip], looking: Looking) -> tuple[Tensor, Tensor]:
    """Peak and strangeness of every whole picture, and whether something was shown in it."""
    features, labels = [], []
    for clip in clips:
        scene = first_scene()
        for t, cells in enumerate(clip.cells.float()):
            peak = looking.posteriors(cells, scene)[0].max().clamp(min=1e-6).log()
            features.append(torch.stack([peak, looking.strangeness(cells, scene)]))
            labels.append(any(a <= t < b for _, _, a, b in clip.shown))
            scene = next_scene(scene, cells, looking.keys)
    return torch.stack(features), torch.tensor(labels)


# --- report --------------------------------------------------------------------------------------


def report(clips: list[Clip], write: bool) -> None:
    space, encoder = load_space("imagenet"), TextEncoder()
    classifier, keys = PictureEncoder("cpu").classifier, load_picture_keys()
    data = json.loads((DATA / "imagenet.json").read_text("utf-8"))
    groups = [set(g["classes"]) for g in data["groups"]]
    asked = ask(clips, space, groups)
    tune = [c for i, c in enumerate(clips) if i % 2 == 0]
    test = [c for i, c in enumerate(clips) if i % 2]
    first = Looking(classifier, keys, first_calibration(tune, classifier))
    features, labels = salience_features(tune, first)
    fitted = replace(first.calibration, salience=logistic(features, labels))
    for name, calibration in (("fitted", fitted), ("shipped", load_calibration())):
        looking = replace(first, calibration=calibration)
        found, there = salience_features(test, looking)
        value = (found @ calibration.salience[1:]).numpy()
        area = auroc(value[there.numpy()], value[~there.numpy()])
        print(f"salience {name} {calibration.salience.tolist()}: AUROC on the test half {area:.3f}")

    weights = cache(lambda p: space.query([p], encoder.encode([p])).weights[0])
    looking = Looking(classifier, keys, load_calibration())
    ran = [run_things(c, looking) for c in clips]
    table: list[tuple[str, list[list[Tensor]]]] = []
    for name, way in (("keys", None), ("keys at 4 bits", rounded)):
        rows = []
        for clip in ran:
            own = [torch.stack([sight.key for sight in sights]) for sights in clip]
            rows.append([keys.decode(way(one) if way else one) for one in own])
        table.append((name, rows))
    plain = [list(torch.softmax(classifier.scores(c.cells.float().mean(1)), -1)[:, None])
             for c in clips]  # fmt: skip
    table.append(("plain posteriors of the whole picture", plain))
    print("| way | when | AUROC random | hard | threshold (3 % random) | recall | hard found |")
    print("|---|---|---|---|---|---|---|")
    for name, rows in table:
        print(f"| {name} | {score(asked, rows, weights).line()} |", flush=True)
    print(f"things a picture: {np.mean([len(s) for clip in ran for s in clip]):.2f}")
    if write:
        path = DATA / "imagenet_calibration.safetensors"
        tensors = {"log_prior": fitted.log_prior, "salience": fitted.salience}
        save_file({k: t.contiguous() for k, t in tensors.items()}, path)
        print(path, path.stat().st_size, "bytes")


def rounded(keys: Tensor) -> Tensor:
    """Keys (K, 256) as the archive gives them back."""
    digits, scales = zip(*(pack_closest(key) for key in keys), strict=True)
    return unpack(torch.stack(digits), torch.stack(scales))


def load_clips(path: Path) -> list[Clip]:
    """Clips that `--cache` kept."""
    return [Clip(**row) for row in torch.load(path, weights_only=False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, nargs="+", default=[])
    parser.add_argument("--skip", nargs="*", default=[], help="photographs' names to leave out")
    parser.add_argument("--stamps", type=Path, default=Path("/usr/share/tuxpaint/stamps"))
    parser.add_argument("--cache", type=Path, help="keep the composed clips' features in this file")
    parser.add_argument("--clips", type=int, default=44)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="write the calibration file")
    args = parser.parse_args()
    if args.cache and args.cache.exists():
        clips = load_clips(args.cache)
    else:
        scenes = [p for p in photographs(args.scenes) if not set(args.skip) & {p.stem, *p.parts}]
        if not scenes:
            parser.error("--scenes: no photograph over 60 kB in these folders")
        clips = make_clips(scenes, args.stamps, args.clips, args.seed)
        if args.cache:
            torch.save([vars(c) for c in clips], args.cache)
    report(clips, args.write)


if __name__ == "__main__":
    main()
