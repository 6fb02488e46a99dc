"""Paints the clip's empty scenes and sets objects into them; knows nothing of time or sound.

All scenes are this project's own, painted from seeded noise and from scikit-image's CC0 textures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from materials import Materials
from PIL import Image, ImageDraw, ImageFilter

Plane = npt.NDArray[np.float64]

SCENE_PX = (960, 720)


def fractal(width: int, height: int, seed: int, cells: int = 4, octaves: int = 5) -> Plane:
    """Return smooth noise (height, width) in 0..1: octaves of upscaled random grids."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width))
    for octave in range(octaves):
        rows, columns = cells << octave, (cells << octave) * 4 // 3
        grid = Image.fromarray(rng.random((rows, columns)).astype(np.float32))
        total += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) / (2**octave)
    low, high = np.percentile(total, [1, 99])
    return np.asarray(np.clip((total - low) / (high - low), 0, 1), dtype=np.float64)


def blend(
    low: tuple[float, float, float], high: tuple[float, float, float], amount: Plane
) -> npt.NDArray[np.float64]:
    """Return colours (h, w, 3) between two RGB colours by `amount` (h, w) in 0..1."""
    a = amount[..., None]
    return np.asarray(low) * (1 - a) + np.asarray(high) * a


def picture(pixels: npt.NDArray[np.float64]) -> Image.Image:
    """Return (h, w, 3) values in 0..255 as an RGB picture."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def in_perspective(texture: Image.Image, size: tuple[int, int], far: float) -> Image.Image:
    """Return `texture` laid flat as a floor of `size`; `far` > 1 squeezes the horizon."""
    width, height = size
    side = texture.width
    rows = []
    for row in range(height):
        depth = 1 / (0.12 + row / height)
        strip = side / (1 + (far - 1) / (depth + 0.2))
        top = (depth * 160) % (side - 2)
        left = (side - strip) / 2
        box = (left, top, left + strip, top + 1.5)
        rows.append(
            texture.transform((width, 1), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
        )
    floor = Image.new("RGB", size)
    for row, strip_picture in enumerate(rows):
        floor.paste(strip_picture, (0, row))
    return floor


def meadow(materials: Materials) -> Image.Image:
    """An empty field under a cloudy sky."""
    width, height = SCENE_PX
    # Thin cloud, fading into haze: high clouds over green look like a geyser to a classifier.
    clouds = fractal(width, height, seed=11, cells=6, octaves=4) ** 1.4
    fade = np.linspace(0, 1, height)[:, None, None]
    haze = np.asarray((214, 226, 236))
    canvas = picture(blend((118, 164, 214), (172, 200, 228), clouds) * (1 - fade) + haze * fade)
    grass = np.asarray(materials.skimage("grass.png").convert("L"), dtype=np.float64) / 255
    turf = picture(blend((22, 48, 14), (150, 178, 84), grass))
    floor = in_perspective(turf, (width, height * 9 // 20), far=2.2)
    canvas.paste(floor, (0, height - floor.height))
    return canvas


def wall(materials: Materials) -> Image.Image:
    """A brick wall above gravel, lit from the left."""
    width, height = SCENE_PX
    brick = np.asarray(materials.skimage("brick.png").convert("L"), dtype=np.float64) / 255
    bricks = picture(blend((70, 34, 26), (214, 150, 120), brick)).rotate(90).resize((width, width))
    canvas = bricks.crop((0, 0, width, height))
    gravel = np.asarray(materials.skimage("gravel.png").convert("L"), dtype=np.float64) / 255
    ground = picture(blend((52, 50, 48), (198, 192, 184), gravel))
    floor = in_perspective(ground, (width, height // 4), far=1.8)
    canvas.paste(floor, (0, height - floor.height))
    light = np.linspace(1.12, 0.72, width)[None, :, None]
    return picture(np.asarray(canvas, dtype=np.float64) * light)


def room(materials: Materials) -> Image.Image:
    """A plain plastered wall above a dark floor, with a soft patch of window light."""
    del materials  # painted from noise alone
    width, height = SCENE_PX
    plaster = blend((176, 170, 152), (206, 200, 184), fractal(width, height, seed=23, cells=6))
    y, x = np.mgrid[0:height, 0:width]
    patch = np.exp(-(((x - 300) / 240) ** 2 + ((y - 240) / 190) ** 2))
    canvas = picture(plaster * (0.8 + 0.25 * patch[..., None]))
    grain = np.asarray(
        Image.fromarray(fractal(64, 240, seed=29, cells=8).astype(np.float32)).resize(
            (width, 200), Image.Resampling.BICUBIC
        )
    )
    floor = blend((84, 58, 40), (126, 92, 62), np.asarray(grain, dtype=np.float64))
    canvas.paste(picture(floor), (0, height - 200))
    ImageDraw.Draw(canvas).rectangle((0, height - 216, width, height - 200), fill=(226, 222, 210))
    return canvas.filter(ImageFilter.GaussianBlur(1))


def sea(materials: Materials) -> Image.Image:
    """Open water under a hazy sky: nothing at all to see."""
    del materials
    width, height = SCENE_PX
    horizon = height * 11 // 20
    falling = np.linspace(0, 1, height)[:, None] * np.ones((1, width))
    haze = blend((150, 180, 212), (192, 206, 220), falling)
    haze += 10 * fractal(width, height, seed=41, cells=2, octaves=3)[..., None]
    canvas = picture(haze)
    ripples = fractal(width, height - horizon, seed=9, cells=40, octaves=3)
    water = blend((20, 50, 72), (90, 130, 150), ripples * (0.3 + 0.7 * falling[: height - horizon]))
    canvas.paste(picture(water), (0, horizon))
    return canvas


def set_into(
    scene: Image.Image, cutout: Image.Image, centre_px: tuple[int, int], height_px: int
) -> Image.Image:
    """Return `scene` with an RGBA `cutout` scaled to `height_px`, and a soft shadow below it."""
    cutout = cutout.crop(cutout.getbbox())
    width_px = round(cutout.width * height_px / cutout.height)
    cutout = cutout.resize((width_px, height_px), Image.Resampling.LANCZOS)
    left, top = centre_px[0] - width_px // 2, centre_px[1] - height_px // 2
    canvas = scene.convert("RGBA")
    shadow = Image.new("L", scene.size, 0)
    shadow.paste(cutout.getchannel("A").point(lambda a: a * 2 // 5), (left + 18, top + 14))
    shadow = shadow.filter(ImageFilter.GaussianBlur(14))
    canvas.paste((15, 15, 20), (0, 0), shadow)
    canvas.alpha_composite(cutout, (left, top))
    return canvas.convert("RGB")


def sign(materials: Materials, lines: tuple[str, ...]) -> Image.Image:
    """Return a white board with dark capitals, one line below the other, as RGBA."""
    board = Image.new("RGBA", (720, 130 * len(lines) + 60), (238, 236, 228, 255))
    pen = ImageDraw.Draw(board)
    pen.rectangle((8, 8, board.width - 9, board.height - 9), outline=(40, 44, 60), width=6)
    for row, text in enumerate(lines):
        middle = (board.width // 2, 30 + 130 * row + 65)
        pen.text(middle, text, fill=(30, 34, 52), font=materials.font(112), anchor="mm")
    return board
