"""Draws picture.jpg: a blue square on a light ground, 160 x 120 pixels."""

from pathlib import Path

from PIL import Image, ImageDraw

if __name__ == "__main__":
    picture = Image.new("RGB", (160, 120), (235, 230, 220))
    ImageDraw.Draw(picture).rectangle((50, 30, 110, 90), fill=(40, 70, 160))
    picture.save(Path(__file__).parent / "picture.jpg", quality=85)
