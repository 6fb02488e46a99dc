"""Measure how well a thing's colour is told; makes no file of the product.

Composes pictures: stamps of Debian's `tuxpaint-stamps-default`, labelled by eye, and plain shaded
objects in colours drawn around each basic colour's focal one, over photographs (Debian's
`plasma-workspace-wallpapers`, `gnome-backgrounds`, `opencv-doc`, and scikit-image's). Each thing
fills a tenth to a third of the picture. Every second stamp and scene was tuned on; the others are
what is reported. With --clothes FOLDER it looks at people in real pictures, and with --survey
DIRECTORY (an unpacked matplotlib wheel) it checks the naming of plain colours on the survey in it.

    python model/tools/looks_eval.py [--half tune|report] [--clothes DIR] [--survey DIR]
"""

from __future__ import annotations

import argparse
import importlib.util
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ttm_model.encoders.picture import fit
from ttm_model.looks import COLOURS, clothes, look, told
from ttm_model.looks.colours import oklab, word_of

STAMPS = Path("/usr/share/tuxpaint/stamps")
SCENES = (
    "/usr/share/wallpapers",
    "/usr/share/backgrounds/gnome",
    "/usr/share/doc/opencv-doc/examples/data/{}",
)
# What people would call it, by eye; the second word is as good as the first.
LABELS = """
food/fruit/Apricot_whole orange/pink; food/fruit/apricot orange/yellow; food/fruit/orange orange
food/fruit/mandarine orange; food/fruit/orange_seville orange; sports/basketball orange/brown
food/vegetables/pumpkin_small orange; food/fruit/Cherry_Stella red; food/fruit/Strawberry2 red
food/fruit/apple_red red; food/vegetables/tomato red; food/vegetables/chilepepper red
household/cylinder red; household/tools/toolbox red; vehicles/auto/beetle red
town/uk_post_box red; plants/flowers/rose red; plants/flowers/anemone_red red
sports/cricketball red; sports/australian_rules_football red; vehicles/emergency/firetruck red/white
food/fruit/apple_green green; food/fruit/apple_granny_smith green; food/fruit/cherimoya green/yellow
food/vegetables/broccoli green; food/vegetables/lettuce green; food/vegetables/pepper green
household/wheelie_bin green; vehicles/masstransit/green_korean_bus green
clothes/hats/green_fedora green; sports/tennis_ball green/yellow; food/fruit/lemon yellow
food/vegetables/yellowpepper yellow/orange; household/rubberduck yellow
plants/flowers/yellow-flower yellow; plants/flowers/marigold yellow/orange
plants/flowers/daffodil yellow; plants/flowers/flower5 yellow/green
food/vegetables/corn yellow/orange; vehicles/auto/sedan blue; vehicles/auto/truck blue/green
clothes/hats/blue_fedora blue; town/usps_mailbox blue; plants/flowers/iris blue/purple
plants/flowers/flower4 purple/blue; food/vegetables/yam purple/pink; plants/flowers/flower1 purple
clothes/hats/feathered_hat purple; food/fruit/grapes black/blue; vehicles/cycle/pink_tricycle pink
plants/flowers/adeenia pink/red; plants/flowers/anthoorium pink; plants/flowers/flower9 pink
plants/flowers/flower8 pink; plants/flowers/chemparathi pink/red; animals/birds/pink_flamingo pink
vehicles/auto/sportscar2 pink/red; plants/flowers/flower6 pink/purple; food/fruit/kiwi brown
food/vegetables/potato brown/yellow; sports/football brown; food/fruit/pear brown/orange
animals/birds/hen brown/orange; food/fruit/apple_fuji brown/red
household/dishes/utensils/pepper_grinder brown; animals/birds/crow black
animals/birds/blackbird black; household/dishes/teapot black; clothes/hats/tophat black
food/fruit/avocado black/green; household/toilet white; animals/birds/owl white
household/dishes/mug grey/white; food/vegetables/garlic white; animals/birds/ostrich white
animals/birds/penguin white/black; household/home_compost_bin grey; animals/birds/pigeon grey
animals/birds/chicken_profile grey; household/arttools/highlighter grey/black
"""
# What a person wears above the waist, by eye: picture (vtest@frame), the middle of the person's box
# as shares of the picture, colours. Where a picture shows stripes or many colours each counts.
WORN = """
obama2.jpg 0.5 0.54 black/blue; biden.jpg 0.5 0.51 black; grace_hopper.jpg 0.5 0.51 black/blue
obama.jpg 0.48 0.51 blue/black; obama3.jpg 0.5 0.54 black/blue
obama_partial_face.jpg 0.44 0.52 blue/black; obama_partial_face2.jpg 0.53 0.5 blue/black
t1.jpg 0.61 0.52 red/brown; t1.jpg 0.44 0.5 grey/black; t1.jpg 0.84 0.45 grey/black
t1.jpg 0.14 0.51 black; zidane.jpg 0.32 0.65 black; zidane.jpg 0.72 0.52 black
bus.jpg 0.16 0.61 brown/white; bus.jpg 0.35 0.59 black/blue; bus.jpg 0.92 0.57 black/blue
Tom_Hanks_54745.png 0.49 0.51 black/grey; messi5.jpg 0.48 0.58 blue/red
basketball1.png 0.15 0.58 black/grey; basketball1.png 0.84 0.52 grey/white
basketball2.png 0.15 0.58 black/grey; basketball2.png 0.85 0.52 grey/white
astronaut 0.37 0.53 orange; camera 0.29 0.57 black; vtest@20 0.49 0.41 black/brown
vtest@20 0.97 0.56 black; vtest@20 0.92 0.57 red/blue/black; vtest@20 0.59 0.47 black
vtest@100 0.5 0.4 black/brown; vtest@100 0.67 0.33 red/blue/black
vtest@100 0.78 0.34 black/grey; vtest@100 0.46 0.41 black; vtest@180 0.78 0.29 black/green
vtest@180 0.28 0.35 blue/white; vtest@180 0.67 0.47 black/brown
vtest@180 0.89 0.23 red/blue/black; vtest@180 0.49 0.44 black/blue
vtest@180 0.78 0.47 black/brown; vtest@180 0.92 0.23 black; vtest@260 0.23 0.33 black/brown
vtest@260 0.07 0.36 black; vtest@260 0.45 0.45 black/brown; vtest@260 0.83 0.29 red/blue/black
vtest@260 0.71 0.52 black/brown; vtest@260 0.64 0.37 black; vtest@340 0.87 0.45 red/blue/black
vtest@340 0.45 0.42 black/brown; vtest@340 0.62 0.35 black/brown; vtest@340 0.56 0.39 black
vtest@500 0.76 0.55 black; vtest@500 0.41 0.39 red; vtest@580 0.27 0.87 black
vtest@580 0.39 0.33 black/brown; vtest@580 0.77 0.37 black; vtest@580 0.34 0.69 red/blue/black
vtest@660 0.25 0.33 black; vtest@660 0.82 0.38 red/blue/black; vtest@660 0.38 0.34 black/brown
vtest@660 0.61 0.42 black; vtest@660 0.42 0.73 black; vtest@740 0.19 0.45 black
vtest@740 0.04 0.35 blue; vtest@740 0.36 0.41 red/blue/black; vtest@740 0.82 0.25 red
vtest@740 0.46 0.42 black/brown; vtest@740 0.59 0.4 black/brown; vtest@740 0.57 0.4 black
vtest@740 0.76 0.44 black
"""
# sRGB of the focal colours as screens show them.
FOCAL = {
    "black": (25, 25, 27), "white": (240, 240, 238), "grey": (128, 128, 130),
    "red": (196, 22, 30), "orange": (245, 125, 20), "yellow": (248, 214, 30),
    "green": (30, 140, 60), "blue": (30, 80, 190), "purple": (115, 40, 145),
    "pink": (250, 150, 185), "brown": (110, 65, 30),
}  # fmt: skip
FORMS = ("ball", "cup", "book", "shirt", "bottle")


@dataclass(frozen=True)
class Case:
    """A picture (H, W, 3), the thing's tight box, and what people would call its colour."""

    picture: np.ndarray
    box: tuple[float, float, float, float]
    right: tuple[str, ...]
    name: str


def labelled() -> list[tuple[Path, tuple[str, ...]]]:
    entries = [e.split() for line in LABELS.strip().splitlines() for e in line.split(";")]
    return [(STAMPS / f"{path}.png", tuple(right.split("/"))) for path, right in entries]


@cache
def scenes() -> list[Image.Image]:
    found = [
        max(images.glob("*x*.*"), key=lambda path: path.stat().st_size)  # of every one its largest
        for images in sorted(Path(SCENES[0]).glob("*/contents/images"))
    ]
    found += sorted(Path(SCENES[1]).glob("*.webp"))
    opencv = (
        *("aloeL.jpg", "building.jpg", "home.jpg", "box_in_scene.png", "stuff.jpg"),
        *("leuvenA.jpg", "left.jpg", "aero1.jpg", "rubberwhale1.png", "board.jpg"),
    )
    found += [Path(SCENES[2].format(name)) for name in opencv]
    package = importlib.util.find_spec("skimage")
    if package is not None and package.origin is not None:
        data = Path(package.origin).parent / "data"
        found += [data / n for n in ("coffee.png", "rocket.jpg", "motorcycle_left.png")]
    kept = []
    for path in found:
        if not path.exists() or path.suffix == ".svg":
            continue
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((800, 800))
        if np.asarray(picture).std() > 12:
            kept.append(picture)
    return kept


def plain(form: str, colour: tuple[float, float, float]) -> Image.Image:
    """A shaded object of one colour with alpha, 320 px a side at most."""
    width, height = {"ball": (300, 300), "cup": (300, 280), "book": (220, 300), "shirt": (300, 300),
                     "bottle": (120, 320)}[form]  # fmt: skip
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    if form == "ball":
        draw.ellipse((0, 0, width - 1, height - 1), fill=255)
    elif form == "cup":
        draw.rounded_rectangle((0, 0, 220, height - 1), 30, fill=255)
        draw.ellipse((170, 60, 299, 220), fill=255)
        draw.ellipse((200, 95, 265, 185), fill=0)
        draw.rounded_rectangle((0, 0, 220, height - 1), 30, fill=255)
    elif form == "book":
        draw.polygon([(20, 10), (215, 0), (200, 290), (0, 299)], fill=255)
    elif form == "shirt":
        draw.polygon([(90, 0), (130, 25), (170, 25), (210, 0), (299, 60), (260, 125), (225, 105),
                      (225, 299), (75, 299), (75, 105), (40, 125), (0, 60)], fill=255)  # fmt: skip
    else:
        draw.rounded_rectangle((0, 110, width - 1, height - 1), 30, fill=255)
        draw.rectangle((38, 0, 82, 130), fill=255)
    x = np.linspace(-1, 1, width)[None, :]
    y = np.linspace(-1, 1, height)[:, None]
    if form == "ball":
        z = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
        light = np.clip(-0.4 * x - 0.5 * y + 0.77 * z, 0, 1)
    elif form in ("cup", "bottle"):
        z = np.sqrt(np.clip(1 - (x * 0.95) ** 2, 0, 1)) + 0 * y
        light = np.clip(-0.5 * x + 0.87 * z, 0, 1)
    else:
        light = 0.85 - 0.12 * x - 0.08 * y + 0.05 * np.sin(9 * x + 4 * y)
    shade = 0.35 + 0.7 * light
    gloss = np.clip(light - 0.93, 0, 1) / 0.07 * (0.5 if form in ("ball", "bottle") else 0.1)
    linear = (np.asarray(colour) / 255.0) ** 2.2 * shade[..., None]
    linear = linear + gloss[..., None] * (1 - linear)
    pixels = (np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels, np.asarray(mask)]), "RGBA")


def compose(thing: Image.Image, right: tuple[str, ...], name: str, rng: np.random.Generator,
            half: int) -> Case:  # fmt: skip
    scene = scenes()[half::2][rng.integers(len(scenes()[half::2]))]
    size = (640, 480)
    picture = scene.resize(size, Image.Resampling.LANCZOS)
    thing = thing.crop(thing.getbbox()).rotate(
        float(rng.uniform(-15, 15)), expand=True, resample=Image.Resampling.BICUBIC
    )
    thing = thing.crop(thing.getbbox())
    opaque = float((np.asarray(thing)[..., 3] > 128).mean())
    area = float(rng.uniform(0.10, 0.33)) * size[0] * size[1] / max(opaque, 0.3)
    scale = (area / (thing.width * thing.height)) ** 0.5
    scale = min(scale, 0.98 * size[0] / thing.width, 0.98 * size[1] / thing.height)
    thing = thing.resize((int(thing.width * scale), int(thing.height * scale)))
    x = int(rng.integers(0, size[0] - thing.width + 1))
    y = int(rng.integers(0, size[1] - thing.height + 1))
    shadow = Image.new("RGBA", size)
    black = Image.new("RGBA", thing.size, (0, 0, 0, 255))
    black.putalpha(thing.getchannel("A").point(lambda a: a * 0.4))
    shadow.paste(black, (x + 8, y + 10))
    picture = picture.convert("RGBA")
    picture.alpha_composite(shadow.filter(ImageFilter.GaussianBlur(9)))
    picture.alpha_composite(thing, (x, y))
    # A camera: uneven light, a little cast, noise and JPEG.
    pixels = np.asarray(picture.convert("RGB")).astype(np.float64)
    pixels *= rng.uniform(0.75, 1.1) * (1 + rng.uniform(-0.05, 0.05, 3))
    pixels += rng.normal(0, 4, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(
        buffer, "JPEG", quality=int(rng.integers(60, 90))
    )
    shown = np.asarray(Image.open(buffer).convert("RGB"))
    box = (x / size[0], y / size[1], (x + thing.width) / size[0], (y + thing.height) / size[1])
    return Case(shown, box, right, name)


def cases(half: int, seed: int, each: int = 1) -> list[Case]:
    """30 stamps (or all of the half) and 33 plain objects, three of each colour."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(each):
        for path, right in labelled()[half::2]:
            out.append(compose(Image.open(path).convert("RGBA"), right, path.stem, rng, half))
        for word, focal in FOCAL.items():
            for _ in range(2):
                form = FORMS[rng.integers(len(FORMS))]
                colour = np.clip(np.asarray(focal) + rng.normal(0, 12, 3), 0, 255)
                out.append(
                    compose(plain(form, tuple(colour)), (word,), f"{word} {form}", rng, half)
                )
    return out


def window(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The window of 4x4 cells of the 7x9 grid that holds most of the box."""

    def overlap(w: tuple[float, float, float, float]) -> float:
        return max(0.0, min(w[2], box[2]) - max(w[0], box[0])) * max(
            0.0, min(w[3], box[3]) - max(w[1], box[1])
        )

    windows = [(c / 9, r / 7, (c + 4) / 9, (r + 4) / 7) for r in range(4) for c in range(6)]
    return max(windows, key=overlap)


WAYS = {
    "tight box": lambda box: box,
    "4x4 window": window,
    "whole picture": lambda box: (0.0, 0.0, 1.0, 1.0),
}


def measure(half: int, seed: int, verbose: bool, each: int = 1) -> None:
    found = cases(half, seed, each)
    for way, place in WAYS.items():
        first, among, miss = 0, 0, []
        shares = []
        for case in found:
            words = told(look(fit(case.picture), place(case.box)).colours)
            good = bool(words) and words[0] in case.right
            first += good
            among += any(w in case.right for w in words)
            shares.append(len(words))
            if not good:
                miss.append(f"{case.name} ({'/'.join(case.right)}): {' '.join(words) or 'nothing'}")
        n = len(found)
        print(
            f"{way}: n={n} first {first / n:.3f} among those told {among / n:.3f} "
            f"words {np.mean(shares):.2f}"
        )
        if verbose:
            print("   " + "\n   ".join(miss))


def measure_clothes(folder: Path, half: int, verbose: bool) -> None:
    """People found by the detector in real pictures, each nearest to a label."""
    from people_eval import real_pictures  # noqa: PLC0415  (which imports this module)

    from ttm_model.people.detector import PersonDetector  # noqa: PLC0415

    detector = PersonDetector()
    pictures = real_pictures(folder)
    tried: list[tuple[bool, bool, str]] = []
    worn = [entry.split() for line in WORN.strip().splitlines() for entry in line.split(";")]
    for name, x, y, label in worn[half::2]:
        right = label.split("/")
        picture = pictures[name]
        at = np.array([float(x), float(y)])
        box = min(
            (person.box for person in detector(picture)),
            key=lambda box: abs(at - [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]).sum(),
        )
        words = told(clothes(picture, box).colours)
        tried.append((bool(words) and words[0] in right, "black" in right, name))
        if verbose and not tried[-1][0]:
            print(f"   {name} {x} {y}: {label}, told {' '.join(words) or 'nothing'}")
    for what, rows in (
        ("clothes", tried),
        ("  not black", [row for row in tried if not row[1]]),
        ("  without vtest.avi", [row for row in tried if "@" not in row[2]]),
    ):
        print(f"{what}: n={len(rows)} first {sum(row[0] for row in rows) / len(rows):.3f}")


def measure_survey(folder: Path) -> None:
    """Names of plain colours in R. Munroe's survey, which end in a basic colour word."""
    scope: dict[str, dict[str, str]] = {}
    exec((folder / "matplotlib" / "_color_data.py").read_text(), scope)
    tried = []
    for name, value in scope["XKCD_COLORS"].items():
        words = name.removeprefix("xkcd:").split()
        if words[-1] in COLOURS:
            rgb = [int(value[i : i + 2], 16) for i in (1, 3, 5)]
            said = COLOURS[int(word_of(oklab([rgb]))[0])]
            one = sum(w.removesuffix("y").removesuffix("ish") in COLOURS for w in words) == 1
            tried.append((said == words[-1], one))
    for what, rows in (("all", tried), ("one colour word", [row for row in tried if row[1]])):
        print(f"survey, {what}: n={len(rows)} right {sum(row[0] for row in rows) / len(rows):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clothes", type=Path, help="folder of pictures with people")
    parser.add_argument("--survey", type=Path, help="folder of an unpacked matplotlib wheel")
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.survey:
        measure_survey(options.survey)
    if options.clothes:
        half = ("tune", "report").index(options.half)
        measure_clothes(options.clothes, half, options.verbose)
    if options.survey or options.clothes:
        return
    measure(("tune", "report").index(options.half), options.seed, options.verbose, options.each)


if __name__ == "__main__":
    main()
