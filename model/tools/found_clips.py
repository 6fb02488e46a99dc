"""Compose clips with known contents and keep what the memory made of them, for `found_rates.py`.

Things (stamps and photographs, used from where their packages are installed) appear for three
seconds each over scenes, from a tenth to half of the picture, and go through the whole of preset
`lite`: encoder, noticing, slot write. What is kept of a clip is its slots, decoded, and what was
shown when; no picture. A quarter of the things and of the scenes (by a checksum of their names)
make the clips of part "test" and no others, so nothing fitted on part "fit" has met them.

    python model/tools/found_clips.py --scenes DIR [DIR ...] --out DIR [--fit 240] [--test 80]
        [--resources DIR]

Stamps: Debian's `tuxpaint-stamps-default`. Photographs of things: `opencv-doc`, scikit-image, and
the resource files of `gcompris-qt-data` (`--resources`: the folder that holds its `*.rcc`).
Scenes: `plasma-workspace-wallpapers`, `gnome-backgrounds`, `opencv-doc`, scikit-image. A package
that is not there only makes the measure smaller; what was used is printed.
"""

from __future__ import annotations

import argparse
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from measure_pictures import FPS, FRAME_PX, compose, photographs, stamps
from PIL import Image

from ttm_lab.evaluation.seen_clips import SeenClip, Shown, save_clips
from ttm_model.chunk import ChunkMedia
from ttm_model.engines.lite import LiteEngine
from ttm_model.engines.lite_state import LiteState

THINGS_A_CLIP = 5
HELD_OUT = 4  # one in so many things and scenes is of part "test"
SCENE_PX = 640
KEPT_EVERY = 10  # clips, so that a measure that is cut short is still one
# Stamps beside those of `measure_pictures.py`: more of the same classes, and things that have no
# class of their own but belong to a kind that people ask for.
MORE_STAMPS = """
animals/birds/blackbird bird; animals/birds/crow bird; animals/birds/cuckoo bird
animals/birds/lark bird; animals/birds/pigeon bird; animals/birds/seagull bird
animals/birds/silver-gull bird; animals/birds/nandou bird; animals/birds/quetzal bird
animals/birds/turkey bird; animals/birds/guineafowl bird; animals/birds/helmeted_guineafowl bird
animals/birds/heron_greatblue_flying heron; animals/fish/bluegroper fish
animals/fish/butterflyfish fish; animals/fish/coraltrout fish; animals/fish/dolphinfish fish
animals/fish/moonwrasse fish; animals/fish/stripedfish fish; animals/insects/hornet insect
animals/insects/hoverfly insect; animals/mammals/apes/tamarin_emperor monkey
animals/mammals/aquatic/whale whale; animals/mammals/bovines/bull cow
animals/mammals/bovines/cow cow; animals/mammals/bovines/cow_white cow
animals/mammals/bovines/zebu cow; animals/mammals/bovines/gnu-stand antelope
animals/mammals/bovines/gnu-sitting antelope; animals/mammals/bovines/indian_blackbuck antelope
animals/mammals/bovines/sheep_lamb sheep; animals/mammals/rabbit_little rabbit
animals/mammals/pig_golden2 pig; clothes/hats/blue_fedora hat; clothes/hats/green_fedora hat
clothes/hats/tophat hat; clothes/hats/feathered_hat hat; clothes/hats/propeller_hat hat
food/fruit/apple_fuji apple; food/fruit/apple_green apple; food/fruit/apple_sierra_beauty apple
food/fruit/grapes fruit; food/fruit/kiwi fruit; food/fruit/mango fruit; food/fruit/pear fruit
food/fruit/raspberry fruit; food/fruit/apricot fruit; food/fruit/Cherry_Stella fruit
food/fruit/mandarine orange; food/fruit/orange_seville orange; food/fruit/sliced_orange orange
food/vegetables/carrot vegetable; food/vegetables/eggplant vegetable
food/vegetables/garlic vegetable; food/vegetables/lettuce vegetable
food/vegetables/onion vegetable; food/vegetables/potato vegetable
food/vegetables/tomato vegetable; food/vegetables/pattypan_squash squash
hobbies/music/brass/trumpet trumpet; hobbies/music/percussion/drum_tomtom_floor drum
hobbies/music/string/guitar_electric_bass guitar; household/dishes/pitcher_small pitcher
household/tools/mallet_metal hammer; household/tools/paintbrush_large paintbrush
household/wheelie_bin garbage can; military/vehicles/f22_raptor airplane
plants/mushrooms/cep mushroom; plants/mushrooms/cep-1 mushroom; plants/mushrooms/cep-2 mushroom
seasonal/hanukkah/holiday_candle candle
town/roadsigns/stoplight_02_yellow traffic light; town/roadsigns/stoplight_03_green traffic light
town/roadsigns/give_way_sign street sign; town/roadsigns/yield street sign
town/roadsigns/dead_end_sign street sign; vehicles/construction/dumper truck
vehicles/ship/chineseJunk ship
"""
# Photographs, shown as cards, by the ends of their files' names.
PHOTOGRAPHS = """
animals/bison bison; animals/chameleon chameleon; animals/crocodile crocodile
animals/dragon Komodo dragon; animals/hedgehog hedgehog; animals/jaguar jaguar
animals/kangaroo kangaroo; animals/koala koala; animals/lemur lemur; animals/panda giant panda
animals/polar_bear polar bear; animals/scarlet_macaw macaw; animals/cat cat
animals/chicken chicken; animals/cow cow; animals/dog dog; animals/duck duck; animals/horse horse
animals/owl owl; animals/pig pig; animals/sheep sheep; others/baseball baseball
others/bucket bucket; others/buffetset cup; others/chair chair; others/cup cup
others/erasers eraser; others/pan frying pan; others/pillow pillow
others/plate plate; others/volleyball volleyball; others/weighingMachine scale
tools/hammer1 hammer; tools/hammer2 hammer; tools/hammer3 hammer; tools/hammer4 hammer
tools/hammer5 hammer; tools/hammer6 hammer; tools/hammer8 hammer; tools/hammer9 hammer
tools/screwDriver screwdriver; tools/screwDriver1 screwdriver; tools/screwDriver2 screwdriver
renewable/dam1 dam; renewable/dam2 dam; renewable/dam4 dam; renewable/dam5 dam
fishes/fish1 fish; fishes/fish3 fish; fishes/fish7 fish; fishes/fish10 fish; fishes/fish13 fish
fishes/fish16 fish; fishes/fish20 fish; fishes/fish22 fish; fishes/fish25 fish
data/coffee cup of coffee; data/chelsea cat; data/rocket rocket; data/motorcycle_left motorcycle
data/apple apple; data/orange orange; data/butterfly butterfly; data/baboon baboon
data/chicky_512 dog; data/squirrel_cls squirrel; data/messi5 soccer ball
"""
# Pictures that show something that is asked for, or nothing at all.
_NO_SCENES = """
chicky_512 squirrel_cls baboon butterfly apple orange fruits messi5 HappyFish ml digits smarties
ellipses cards chessboard imageTextN imageTextR pic2 pic4 symbolic-d symbolic-l truchet-d truchet-l
adwaita-d adwaita-l pixels-d pixels-l licorice-d licorice-l grid-d grid-l vnc-d vnc-l aloeGT aloeR
leuvenB graf3 rubberwhale2 basketball1 basketball2 ela_modified ela_original starry_night sudoku
FlyingKonqui SafeLanding ColorfulCups OneStandsOut Autumn EveningGlow MilkyWay chelsea coffee
rocket astronaut camera cell clock_motion coins color horse ihc logo moon motorcycle_left
motorcycle_right page phantom retina text hubble_deep_field chessboard_GRAY chessboard_RGB
no_time_for_that_tiny detect_blob notes templ box_in_scene
"""
NO_SCENES = frozenset(_NO_SCENES.split())


@dataclass(frozen=True)
class Source:
    """One picture of a thing: its name, the phrase that people would ask with, and the picture."""

    name: str
    phrase: str
    picture: Image.Image  # RGBA, cut to what it shows


def table(text: str) -> list[tuple[str, str]]:
    """Rows of "name phrase; name phrase"."""
    rows = [row.strip() for row in text.replace("\n", ";").split(";") if row.strip()]
    return [(row.split(" ", 1)[0], row.split(" ", 1)[1]) for row in rows]


def held_out(name: str) -> bool:
    """Whether a thing or scene of this name belongs to part "test"."""
    return zlib.crc32(name.encode()) % HELD_OUT == 0


def resources(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files in a Qt resource file (`qres`, versions 1 to 3)."""
    data = path.read_bytes()
    magic, version, tree, contents, names = struct.unpack(">4s4I", data[:20])
    if magic != b"qres":
        raise ValueError(f"{path}: not a Qt resource file")
    size = 22 if version >= 2 else 14  # later versions add a time to each node

    def walk(node: int, prefix: str) -> Iterator[tuple[str, bytes]]:
        at = tree + node * size
        name_at, flags = struct.unpack(">IH", data[at : at + 6])
        (length,) = struct.unpack(">H", data[names + name_at : names + name_at + 2])
        first = names + name_at + 6
        name = data[first : first + 2 * length].decode("utf-16-be")
        if flags & 2:  # a folder
            count, child = struct.unpack(">II", data[at + 6 : at + 14])
            for k in range(count):
                yield from walk(child + k, f"{prefix}/{name}" if node else "")
        else:
            (offset,) = struct.unpack(">I", data[at + 10 : at + 14])
            (length,) = struct.unpack(">I", data[contents + offset : contents + offset + 4])
            body = data[contents + offset + 4 : contents + offset + 4 + length]
            if flags & 1:
                body = zlib.decompress(body[4:])
            if not flags & 4:  # zstd is never used for pictures
                yield f"{prefix}/{name}", body

    return walk(0, "")


def photographs_of_things(resource_folder: Path | None, folders: list[Path]) -> Iterator[Source]:
    """Every photograph of the table that is at hand, as a card."""
    wanted = dict(table(PHOTOGRAPHS))
    found: dict[str, bytes] = {}
    for path in sorted(resource_folder.glob("*.rcc")) if resource_folder else []:
        for name, body in resources(path):
            key = "/".join(name.rsplit("/", 2)[-2:]).rsplit(".", 1)[0]
            if key in wanted and name.endswith((".webp", ".png", ".jpg")):
                found.setdefault(key, body)
    for folder in folders:
        for path in sorted(folder.glob("*")):
            key = f"data/{path.stem}"
            if key in wanted and path.suffix in {".png", ".jpg"}:
                found.setdefault(key, path.read_bytes())
    for key, phrase in wanted.items():
        if key in found:
            yield Source(key, phrase, Image.open(io.BytesIO(found[key])).convert("RGBA"))


def stamp_sources(folder: Path) -> Iterator[Source]:
    """Every stamp of both tables that is installed; drawings are no things and left out."""
    for name, phrase in [*stamps(), *table(MORE_STAMPS)]:
        path = folder / f"{name}.png"
        if "/cartoon/" not in name and path.exists():
            picture = Image.open(path).convert("RGBA")
            yield Source(name, phrase, picture.crop(picture.getbbox()))


def scenes(folders: list[Path]) -> dict[str, Image.Image]:
    """Photographs to show things on, by name, no larger than needed."""
    found = {}
    for path in photographs(folders):
        name = path.parts[-4] if "contents" in path.parts else path.stem
        if name not in NO_SCENES:
            picture = Image.open(path).convert("RGB")
            scale = SCENE_PX / min(picture.size)
            size = tuple(max(FRAME_PX[0] * 2, round(side * scale)) for side in picture.size)
            found[name] = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    return found


@torch.inference_mode()
def folded(engine: LiteEngine, frames: list[np.ndarray]) -> LiteState:
    """The state after a clip of frames, one a chunk."""
    state = engine.initial()
    for k, frame in enumerate(frames):
        start_s = k / FPS
        media = ChunkMedia(start_s, 1 / FPS, (engine.fit(frame),), (start_s + 0.5 / FPS,))
        state = engine.step([state], [media])[0].state
    return state


def make(
    engine: LiteEngine,
    sources: list[Source],
    backgrounds: dict[str, Image.Image],
    count: int,
    seed: int,
) -> Iterator[SeenClip]:
    """Compose and fold `count` clips; every source is shown equally often, none twice in a clip."""
    rng = np.random.default_rng(seed)
    names = sorted(backgrounds)
    order: list[int] = []
    for n in range(count):
        if len(order) < THINGS_A_CLIP:
            order += [int(k) for k in rng.permutation(len(sources)) if int(k) not in order]
        chosen = [sources[order.pop(0)] for _ in range(THINGS_A_CLIP)]
        scene = names[n % len(names)]
        frames, spans = compose(
            backgrounds[scene], [source.picture.copy() for source in chosen], rng
        )
        memory = engine._view(folded(engine, frames))
        slots = [slot for slot in memory.events if slot.modality == "video"]
        shown = [
            Shown(source.name, source.phrase, first / FPS, stop / FPS)
            for source, (first, stop) in zip(chosen, spans, strict=True)
        ]
        print(f"{n + 1}/{count} {scene}: {', '.join(s.phrase for s in shown)}", flush=True)
        yield SeenClip.of(scene, shown, slots)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True)
    parser.add_argument("--stamps", type=Path, default=Path("/usr/share/tuxpaint/stamps"))
    parser.add_argument("--resources", type=Path, help="folder of gcompris's *.rcc files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fit", type=int, default=240, help="clips of part fit")
    parser.add_argument("--test", type=int, default=80, help="clips of part test")
    args = parser.parse_args()
    spec = find_spec("skimage")
    extra = [Path(str(spec.origin)).parent / "data"] if spec and spec.origin else []
    folders = [*args.scenes, *extra]
    sources = [
        *stamp_sources(args.stamps),
        *photographs_of_things(args.resources, folders),
    ]
    backgrounds = scenes(folders)
    engine = LiteEngine("cpu", sound="voice")
    args.out.mkdir(parents=True, exist_ok=True)
    for part, count, seed in (("test", args.test, 2), ("fit", args.fit, 1)):
        own = [s for s in sources if held_out(s.name) == (part == "test")]
        behind = {k: v for k, v in backgrounds.items() if held_out(k) == (part == "test")}
        print(f"{part}: {len(own)} things, {len(behind)} scenes: {', '.join(sorted(behind))}")
        clips: list[SeenClip] = []
        for clip in make(engine, own, behind, count, seed):
            clips.append(clip)
            if len(clips) % KEPT_EVERY == 0 or len(clips) == count:
                save_clips(clips, args.out / f"{part}.safetensors")


if __name__ == "__main__":
    main()
