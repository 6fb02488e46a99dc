"""Measure how well a noun phrase finds what a picture showed; makes no file of the product.

Composes short clips: stamps (Debian's `tuxpaint-stamps-default`, used from where it is installed)
move over photographs of scenes, with camera drift, sensor noise and JPEG, at 2 frames a second.
Then asks for what was shown, for what was not, and for siblings of what was shown.

    python model/tools/measure_pictures.py --scenes DIR [DIR ...] [--cache FILE.pt] [--clips 36]

Scenes: any folder of photographs, for instance `plasma-workspace-wallpapers` and `gnome-backgrounds`
unpacked, and `opencv-doc`.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from ttm_model.encoders.picture import PictureEncoder

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


def compose(scene: Image.Image, things: list[Image.Image], rng: np.random.Generator) -> tuple[
    list[np.ndarray], list[tuple[int, int]]
]:
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
        at = np.clip(at + drift + rng.normal(0, 0.7, 2), 0, [big.width - width, big.height - height])
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
