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
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from ttm_model.encoders.picture import PictureEncoder
from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.sketch import Sketch
from ttm_model.labels.space import DATA, LabelSpace, load_space
from ttm_model.labels.things import (
    PictureCalibration,
    evidence,
    first_scene,
    next_scene,
    strangeness,
    things,
)

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
    whole: Tensor = field(default_factory=lambda: torch.zeros(0))
    cells: Tensor = field(default_factory=lambda: torch.zeros(0))
    frames: list[np.ndarray] = field(default_factory=list)  # (240, 320, 3) uint8


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
        features = encoder.encode(frames)
        clip = Clip(str(path))
        clip.shown = [(s, p, a, b) for (s, p), (a, b) in zip(chosen, spans, strict=True)]
        clip.whole, clip.cells = features.whole_logits, features.cell_logits.half()
        clip.frames = frames
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


def score(asked: list[Asked], rows: list[Tensor], weigh: Callable[[str], Tensor]) -> Scores:
    """Score questions against each clip's rows (T, K, D) with a phrase's vector (D,)."""
    best, hit = [], []
    for a in asked:
        frames = (rows[a.clip] @ weigh(a.phrase)).amax(dim=1)
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


def first_calibration(clips: list[Clip]) -> PictureCalibration:
    """Mean scores and prior from clips; no salience and no presence yet."""
    whole = torch.cat([c.whole for c in clips])
    prior = (torch.softmax(whole, -1).mean(0) + 1e-4).log()
    return PictureCalibration(
        whole.mean(0), prior - prior.mean(), torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 1.0])
    )


def run_things(clip: Clip, calibration: PictureCalibration) -> tuple[Tensor, Tensor, Tensor]:
    """Things of a whole clip, its scene carried along -> posteriors (T, K, C), salience, mask."""
    scene = first_scene(clip.whole.shape[1])
    rows = []
    for whole, cells in zip(clip.whole, clip.cells, strict=True):
        rows.append(things(whole[None], cells[None].float(), scene[None], calibration))
        scene = next_scene(scene, whole, calibration)
    return (
        torch.cat([r.posteriors for r in rows]),
        torch.cat([r.salience for r in rows]),
        torch.cat([r.mask for r in rows]),
    )


def fit_salience(
    clips: list[Clip], calibration: PictureCalibration
) -> tuple[PictureCalibration, float]:
    """Fit P(something is shown) of the whole picture from its peak and its strangeness."""
    features, labels = salience_features(clips, calibration)
    beta = logistic(features, labels)
    fitted = replace(calibration, salience=beta)
    return fitted, salience_auroc(clips, fitted)


def salience_features(clips: list[Clip], calibration: PictureCalibration) -> tuple[Tensor, Tensor]:
    features, labels = [], []
    for clip in clips:
        posteriors, _, _ = run_things(clip, calibration)
        scene = first_scene(clip.whole.shape[1])
        for t, whole in enumerate(clip.whole):
            peak = posteriors[t, 0].max().clamp(min=1e-6).log()
            odd = strangeness(whole[None], scene[None], calibration)[0]
            features.append(torch.stack([peak, odd]))
            labels.append(any(a <= t < b for _, _, a, b in clip.shown))
            scene = next_scene(scene, whole, calibration)
    return torch.stack(features), torch.tensor(labels)


def salience_auroc(clips: list[Clip], calibration: PictureCalibration) -> float:
    features, labels = salience_features(clips, calibration)
    value = (features @ calibration.salience[1:]).numpy()
    return auroc(value[labels.numpy()], value[~labels.numpy()])


# --- report --------------------------------------------------------------------------------------


def report(clips: list[Clip], write: bool) -> None:
    space, encoder = load_space("imagenet"), TextEncoder()
    data = json.loads((DATA / "imagenet.json").read_text("utf-8"))
    groups = [set(g["classes"]) for g in data["groups"]]
    asked = ask(clips, space, groups)
    tune = [c for i, c in enumerate(clips) if i % 2 == 0]
    test = [i for i in range(len(clips)) if i % 2]
    calibration, in_sample = fit_salience(tune, first_calibration(tune))
    held = [a for a in asked if a.clip in test]
    count = {k: sum(a.kind == k for a in held) for k in ("present", "random", "hard")}
    print(f"test half: {count}; salience AUROC tune {in_sample:.3f}, test "
          f"{salience_auroc([clips[i] for i in test], calibration):.3f}")  # fmt: skip

    weights = cache(lambda p: space.query([p], encoder.encode([p])).weights[0])
    texts = F.normalize(load_file(DATA / "imagenet.safetensors")["texts"].float(), dim=-1)

    def soft(phrase: str) -> Tensor:
        return torch.softmax(texts[:, 1] @ encoder.encode([phrase])[0] / 0.03, 0)

    ran = [run_things(c, calibration) for c in clips]
    full = [r[0] for r in ran]
    whole = [r[:, :1] for r in full]
    plain = [torch.softmax(c.whole, -1)[:, None] for c in clips]
    flat = replace(calibration, log_prior=torch.zeros_like(calibration.log_prior))
    scene_only = [run_things(c, flat)[0][:, :1] for c in clips]
    conse = [F.normalize(p @ texts[:, 0], dim=-1) for p in plain]
    table: list[tuple[str, list[Tensor], Callable[[str], Tensor]]] = [
        ("ConSE: mean of class-name embeddings, cosine", conse, lambda p: encoder.encode([p])[0]),
        ("softmax(cos / 0.03) over class texts with hypernyms", plain, soft),
        ("classes that the words name, plain posteriors", plain, weights),
        ("+ scene taken off", scene_only, weights),
        ("+ usual answers (prior) taken off", whole, weights),
        ("+ windows: up to 4 things (full posteriors)", full, weights),
    ]
    kernel = torch.exp((texts[:, 1] @ texts[:, 1].T - 1) / 0.05)
    values, vectors = torch.linalg.eigh(kernel)
    noise = torch.randn(len(space), 256, generator=torch.Generator().manual_seed(1))
    sketches = {
        "kernel exp((cos - 1) / 0.05), leading eigenvectors": Sketch(
            F.normalize(vectors[:, -256:] * values[-256:].clamp(min=0).sqrt(), dim=1)
        ),
        "random orthogonal": Sketch(F.normalize(torch.linalg.qr(noise).Q, dim=1)),
        "shipped: 32 kind columns + random orthogonal": space.sketch,
    }
    for name, sketch in sketches.items():
        keys = [sketch.key(p) for p in full]
        back = [sketch.decode(k.flatten(0, 1)).unflatten(0, k.shape[:2]) for k in keys]
        linear = partial(lambda s, p: s.query_key(weights(p)[None])[0], sketch)
        table.append((f"256-d sketch, {name}, linear", keys, linear))
        table.append((f"256-d sketch, {name}, decoded", back, weights))
        truth, found = torch.cat(whole)[:, 0], torch.cat(back)[:, 0]
        same = truth.argmax(1) == found.argmax(1)
        sure = truth.amax(1) > 0.4
        print(f"argmax kept, {name}: {same[sure].float().mean():.3f} of sure ({int(sure.sum())}), "
              f"{same.float().mean():.3f} of all")  # fmt: skip
    print(
        "| way | when | AUROC random | AUROC hard | threshold (3 % random) | recall | hard found |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, rows, weigh in table:
        print(f"| {name} | {score(held, rows, weigh).line()} |", flush=True)

    tuned = [a for a in asked if a.clip not in test]
    decoded = table[-1][1]
    fit_on = score(tuned, decoded, weights)
    chosen = [a.kind != "hard" for a in tuned]
    value = evidence(torch.tensor(fit_on.best[chosen]))[:, None]
    label = torch.tensor([a.kind == "present" for a in tuned])[torch.tensor(chosen)]
    calibration = replace(calibration, presence=logistic(value, label))
    check = score(held, decoded, weights)
    print("presence:", calibration.presence.tolist(), "salience:", calibration.salience.tolist())
    for limit in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        shares = [
            float((calibration.probability(torch.tensor(check.of(k))) > limit).float().mean())
            for k in ("present", "random", "hard")
        ]
        print(f"p > {limit}: recall {shares[0]:.3f}, random {shares[1]:.3f}, hard {shares[2]:.3f}")
    p = calibration.probability(
        torch.tensor(np.concatenate([check.of("present"), check.of("random")]))
    )
    y = np.concatenate([np.ones(count["present"]), np.zeros(count["random"])])
    bins = np.clip((p.numpy() * 5).astype(int), 0, 4)
    ece = sum(abs(p.numpy()[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean()
              for b in range(5) if (bins == b).any())  # fmt: skip
    print(f"ECE on the test half (equal chances, 5 bins): {ece:.3f}")
    minute = long_session(clips, held, decoded, weights, space)
    print(f"66 s with 20 things: threshold {minute:.4f} for 3 % of random absent, "
          f"recall {(check.of('present') > minute).mean():.3f}")  # fmt: skip
    things_a_frame = torch.cat([r[2] for r in ran]).float().sum(1).mean()
    print(f"things a picture: {things_a_frame:.2f}")
    if write:
        fields = ("mean_logits", "log_prior", "salience", "presence")
        path = DATA / "imagenet_calibration.safetensors"
        save_file({k: getattr(calibration, k).contiguous() for k in fields}, path)
        print(path, path.stat().st_size, "bytes")


def long_session(
    clips: list[Clip],
    asked: list[Asked],
    rows: list[Tensor],
    weigh: Callable[[str], Tensor],
    space: LabelSpace,
) -> float:
    """The score that 97 % of absent phrases stay under when four clips are one session."""
    worst = []
    for a in asked:
        joined = range(a.clip // 4 * 4, min(a.clip // 4 * 4 + 4, len(clips)))
        shown = {c for k in joined for _, p, _, _ in clips[k].shown for c in _match(space, p)}
        if a.kind == "random" and not shown & set(_match(space, a.phrase)):
            worst.append(max(float((rows[k] @ weigh(a.phrase)).max()) for k in joined))
    return float(np.quantile(worst, 0.97))


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
        clips = [Clip(**row) for row in torch.load(args.cache, weights_only=False)]
    else:
        scenes = [p for p in photographs(args.scenes) if not set(args.skip) & {p.stem, *p.parts}]
        if not scenes:
            parser.error("--scenes: no photograph over 60 kB in these folders")
        clips = make_clips(scenes, args.stamps, args.clips, args.seed)
        for clip in clips:
            clip.frames = []
        if args.cache:
            torch.save([vars(c) for c in clips], args.cache)
    report(clips, args.write)


if __name__ == "__main__":
    main()
