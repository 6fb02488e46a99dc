"""Measure how well text in pictures is read, and how much is read where none is.

Composes 30 pictures of 640x480: two to four lines of 20 to 44 px in several fonts and colours over
photographs, turned by up to 8 degrees, some in perspective, with uneven light, noise and JPEG.
Counts the words that were read right (letters and digits, whatever their case). Then reads
photographs without text, and prints every line that it finds there. Makes no file of the product.

    python model/tools/reading_eval.py [--half tune|report] [--seed N] [--verbose]

Needs Debian's fonts-dejavu, fonts-liberation, fonts-freefont-ttf and fonts-noto-core, and for
scenes plasma-workspace-wallpapers, gnome-backgrounds, opencv-doc and scikit-image.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from looks_eval import scenes
from PIL import Image, ImageDraw, ImageFont

from ttm_model.reading.reader import Reader

SIZE = (640, 480)
FONTS = (
    "dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf", "dejavu/DejaVuSerif.ttf",
    "dejavu/DejaVuSansMono.ttf", "liberation/LiberationSans-Regular.ttf",
    "liberation/LiberationSerif-Bold.ttf", "liberation/LiberationSans-Italic.ttf",
    "freefont/FreeSerif.ttf", "noto/NotoSans-Regular.ttf", "noto/NotoSerif-Italic.ttf",
)  # fmt: skip
LINES = """
exit; Room 42; Meeting at 10:30; Please close the door; Platform 7; Wet paint; Do not enter
Fresh bread every morning; Gate B12; 24 June 2026; Emergency exit; Library; Push; Pull to open
Mind the step; Total 18.50 EUR; Thank you for your visit; Flour 500 g; Reception; Second floor
Opening hours; Monday to Friday; 9 am to 6 pm; No smoking; Caution; High voltage; Keep left
Bus stop; Station Road; Town hall; Blue folder; Kitchen; Invoice 20418; Page 17; Chapter three
Happy birthday Anna; See you tomorrow; Back in five minutes; Out of order; Serial no. 7731
Press any key; Warning: hot surface; Made in Germany; Best before March; Open source; Version 2.4
Ticket office; Lost property; Track 3 delayed; Coffee and cake; Fire extinguisher; First aid
""".replace("\n", ";").split(";")  # fmt: skip
FLAT = (  # pictures in which nothing is written, by what they are called; the rest are scenes()
    "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel", "rocket",
    "hubble_deep_field", "moon", "retina", "colorwheel", "checkerboard",
)  # fmt: skip


def words(text: str) -> list[str]:
    kept = "".join(c.lower() if c.isalnum() else " " for c in text)
    return kept.split()


def compose(rng: np.random.Generator, half: int) -> tuple[np.ndarray, list[str]]:
    backdrops = scenes()[half::2]
    picture = backdrops[rng.integers(len(backdrops))].resize(SIZE).convert("RGBA")
    pool = [line.strip() for line in LINES if line.strip()][half::2]
    told = []
    count = int(rng.integers(2, 5))
    for place in range(count):
        text = str(pool[rng.integers(len(pool))])
        px = int(rng.integers(20, 45))
        font = ImageFont.truetype(
            f"/usr/share/fonts/truetype/{FONTS[rng.integers(len(FONTS))]}", px
        )
        left, top, right, bottom = font.getbbox(text)
        if right > SIZE[0] - 60:
            continue
        layer = Image.new("RGBA", SIZE)
        draw = ImageDraw.Draw(layer)
        x = int(rng.integers(20, SIZE[0] - right - 19))
        y = 50 + place * (SIZE[1] - 90) // count
        box = (x - 8, y + top - 6, x + right + 8, y + bottom + 6)
        behind = np.asarray(picture.crop(box).convert("L")).mean()
        kind = rng.integers(3)
        light = tuple(int(v) for v in rng.integers(200, 256, 3))
        dark = tuple(int(v) for v in rng.integers(0, 80, 3))
        if kind == 0:  # a sign: letters on a plate
            plate, ink = (light, dark) if rng.random() < 0.5 else (dark, light)
            draw.rectangle(box, fill=(*plate, 255))
        else:  # letters on the picture itself
            ink = dark if behind > 120 else light
        draw.text((x, y), text, font=font, fill=(*ink, 255))
        del left
        turn = float(rng.uniform(-8, 8)) if rng.random() < 0.6 else 0.0
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        layer = layer.rotate(turn, resample=Image.Resampling.BICUBIC, center=middle)
        picture.alpha_composite(layer)
        told.append(text)
    if rng.random() < 0.5:
        picture = in_perspective(picture, rng)
    pixels = np.asarray(picture.convert("RGB")).astype(np.float64)
    pixels *= rng.uniform(0.75, 1.05) * (1 + rng.uniform(-0.05, 0.05, 3))
    pixels += rng.normal(0, 5, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(
        buffer, "JPEG", quality=int(rng.integers(60, 90))
    )
    return np.asarray(Image.open(buffer).convert("RGB")), told


def in_perspective(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Seen from a little aside: the corners move by up to a fifteenth of the picture."""
    w, h = SIZE
    moved = np.array([(0, 0), (w, 0), (w, h), (0, h)]) + rng.uniform(-1, 1, (4, 2)) * (w / 15)
    rows, right = [], []
    for (x, y), (u, v) in zip([(0, 0), (w, 0), (w, h), (0, h)], moved, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    data = np.linalg.solve(np.array(rows, float), np.array(right, float))
    return picture.transform(
        SIZE, Image.Transform.PERSPECTIVE, tuple(data), Image.Resampling.BICUBIC
    )


def blank() -> Iterator[tuple[str, np.ndarray]]:
    import skimage.data as data  # noqa: PLC0415  (only in the development environment)

    for name in FLAT:
        picture = np.asarray(getattr(data, name)())
        picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
        yield name, np.ascontiguousarray(picture[..., :3]).astype(np.uint8)
    for number, scene in enumerate(scenes()):
        yield f"scene {number}", np.asarray(scene)
    for path in sorted(Path("/usr/share/tuxpaint/stamps/animals").rglob("*.png"))[::7]:
        stamp = Image.open(path).convert("RGBA")
        ground = Image.new("RGBA", stamp.size, (150, 150, 140, 255))
        ground.alpha_composite(stamp)
        yield path.stem, np.asarray(ground.convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--blank", action="store_true", help="pictures without text as well")
    options = parser.parse_args()
    half = ("tune", "report").index(options.half)
    rng = np.random.default_rng(options.seed + 100 * half)
    reader = Reader()
    asked = right = invented = 0
    spent: dict[int, list[float]] = {}
    for number in range(30):
        picture, lines = compose(rng, half)
        before = time.process_time()
        found = reader(picture)
        spent.setdefault(len(lines), []).append(time.process_time() - before)
        truth = Counter(word for line in lines for word in words(line))
        read = Counter(word for line in found for word in words(line.text))
        asked += truth.total()
        right += (truth & read).total()
        invented += (read - truth).total()
        if options.verbose and truth != read:
            print(f"{number}: {lines} -> {[(line.text, round(line.p, 2)) for line in found]}")
    print(f"{options.half}, seed {options.seed}: {right} of {asked} words = {right / asked:.3f}; "
          f"{invented} words read that were not there")  # fmt: skip
    for count, seconds in sorted(spent.items()):
        print(f"  {count} lines: {np.median(seconds):.2f} s of one core")
    if options.blank:
        pictures = list(blank())
        before = time.process_time()
        for name, picture in pictures:
            if found := reader(picture):
                print(f"  {name}: {[(line.text, round(line.p, 2)) for line in found]}")
        seconds = (time.process_time() - before) / len(pictures)
        print(f"  {len(pictures)} pictures without text, {seconds:.2f} s of one core each")


if __name__ == "__main__":
    main()
