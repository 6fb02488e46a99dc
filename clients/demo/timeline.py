"""Says what the demo clip shows and sounds, and when; knows nothing of encoding.

Shots follow each other without a gap, by hard cuts. Times are seconds from the clip's start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import scenes
from camera import Move, View, film
from materials import Materials
from PIL import Image

DURATION_S = 103.0
Paint = Callable[[float], Image.Image]

# (label, start, gain); a sound's length is its maker's business.
HEARD: list[tuple[str, float, float]] = [
    ("guitar music", 5.6, 0.8),
    ("bell", 15.2, 0.9),
    ("crow", 21.4, 0.9),
    ("door slam", 26.1, 1.0),
    ("speech", 35.8, 0.9),
    ("alarm", 50.6, 0.6),
    ("more speech", 55.4, 0.9),
    ("bell", 61.4, 0.9),
    ("choir", 66.0, 0.8),
    ("cash till", 75.4, 0.9),
    ("drums", 84.6, 0.9),
    ("bell", 94.0, 0.9),
]

SIGN = ("LIBRARY", "ROOM 42")
WRITTEN = [{"text": " ".join(SIGN), "start_s": 19.2, "end_s": 25.0}]

ABSENT: dict[str, list[str]] = {
    "seen": [
        "bicycle",
        "dog",
        "pizza",
        "airplane",
        "television",
        "banana",
        "snake",
        "sailing boat",
    ],
    "heard": ["dog bark", "siren", "applause", "baby crying", "helicopter", "thunder"],
}


@dataclass(frozen=True)
class Shot:
    """One take: a picture (perhaps repainted as time goes by) under one camera move."""

    start_s: float
    end_s: float
    paint: Paint
    move: Move
    things: tuple[tuple[str, float, float], ...]

    def frame(self, t_s: float) -> Image.Image:
        """Return the frame at clip time `t_s`."""
        into_s = t_s - self.start_s
        return film(self.paint(into_s), self.move, into_s / (self.end_s - self.start_s), into_s)


def shots(materials: Materials) -> list[Shot]:
    """Return the whole film."""
    film_roll: list[Shot] = []

    def take(
        end_s: float, picture: Image.Image, start: View, end: View, label: str | None = None
    ) -> None:
        start_s = film_roll[-1].end_s if film_roll else 0.0
        things = ((label, start_s, end_s),) if label else ()
        move = Move(start, end, seed=1000 + len(film_roll))
        film_roll.append(Shot(start_s, end_s, lambda _: picture, move, things))

    animals, farm = "explore_world_animals", "explore_farm_animals"
    sorts, monuments = "categorization", "explore_monuments"
    meadow, wall = scenes.meadow(materials), scenes.wall(materials)
    room, sea = scenes.room(materials), scenes.sea(materials)
    coffee = materials.skimage("coffee.png")
    umbrella = scenes.set_into(wall, materials.clipart("tools/umbrella.png"), (480, 360), 540)
    guitar_art = materials.clipart("recreation/music/guitar_jarno_vasamaa1.png")
    guitar_art = guitar_art.rotate(-62, expand=True, resample=Image.Resampling.BICUBIC)
    guitar = scenes.set_into(room, guitar_art, (480, 370), 520)

    take(5.0, meadow, View(0.35, 0.6, 1.35), View(0.65, 0.5, 1.25))
    take(9.8, coffee, View(0.45, 0.5, 1.0), View(0.5, 0.45, 1.3), "cup of coffee")
    take(
        14.6,
        materials.photo(animals, "animals/scarlet_macaw.webp"),
        View(0.5, 0.4, 1.0),
        View(0.42, 0.4, 1.35),
        "macaw",
    )
    take(
        19.2,
        materials.photo(monuments, "france/citedeCarcassonne.webp"),
        View(0.4, 0.4, 1.4),
        View(0.62, 0.45, 1.2),
        "castle",
    )
    sign = scenes.sign(materials, SIGN)
    take(
        25.0,
        scenes.set_into(wall, sign, (480, 300), 300),
        View(0.4, 0.4, 1.25),
        View(0.58, 0.42, 1.35),
        "sign",
    )
    take(
        29.6,
        materials.photo(sorts, "images/tools/hammer3.webp"),
        View(0.5, 0.5, 1.0),
        View(0.45, 0.45, 1.25),
        "hammer",
    )
    take(
        34.4,
        materials.photo(animals, "animals/koala.webp"),
        View(0.5, 0.35, 1.0),
        View(0.5, 0.45, 1.2),
        "koala",
    )
    take(39.6, room, View(0.6, 0.45, 1.2), View(0.4, 0.55, 1.35))
    take(44.2, umbrella, View(0.46, 0.5, 1.0), View(0.52, 0.48, 1.2), "umbrella")
    take(49.0, materials.skimage("chelsea.png"), View(0.5, 0.5, 1.0), View(0.52, 0.45, 1.15), "cat")
    _lighthouse_and_balloon(materials, meadow, film_roll)
    take(60.6, sea, View(0.65, 0.45, 1.5), View(0.35, 0.55, 1.3))
    take(
        65.2,
        materials.photo(sorts, "images/fishes/fish25.webp"),
        View(0.5, 0.5, 1.0),
        View(0.52, 0.5, 1.2),
        "goldfish",
    )
    take(
        69.8,
        materials.photo(sorts, "images/renewable/solar7.webp"),
        View(0.5, 0.45, 1.0),
        View(0.5, 0.5, 1.3),
        "solar panel",
    )
    take(
        74.6,
        materials.skimage("astronaut.png"),
        View(0.5, 0.3, 1.0),
        View(0.45, 0.4, 1.15),
        "person",
    )
    take(79.2, coffee, View(0.6, 0.5, 1.45), View(0.45, 0.5, 1.1), "cup of coffee")
    take(
        83.8,
        materials.photo(sorts, "images/others/weighingMachine.webp"),
        View(0.5, 0.5, 1.0),
        View(0.45, 0.55, 1.15),
        "weighing scale",
    )
    take(
        88.4,
        materials.photo(farm, "animals/chicken.webp"),
        View(0.5, 0.5, 1.0),
        View(0.6, 0.5, 1.3),
        "hen",
    )
    take(93.2, meadow, View(0.7, 0.45, 1.5), View(0.4, 0.65, 1.3))
    take(97.8, guitar, View(0.5, 0.5, 1.0), View(0.48, 0.5, 1.18), "guitar")
    take(DURATION_S, wall, View(0.65, 0.45, 1.5), View(0.35, 0.4, 1.25))
    return film_roll


def _lighthouse_and_balloon(
    materials: Materials, meadow: Image.Image, film_roll: list[Shot]
) -> None:
    """Add the shot of two things at once: a balloon sails in beside a lighthouse."""
    start_s, end_s = film_roll[-1].end_s, 55.0
    enters_s = 51.2
    tower = materials.clipart("buildings/homes/lighthouse_matthew_gates_.png")
    balloon = materials.clipart("transportation/pallone_aerestatico_arch_01.png")
    stage = scenes.set_into(meadow, tower, (310, 360), 690)

    def paint(into_s: float) -> Image.Image:
        sailed_s = start_s + into_s - enters_s
        if sailed_s < 0:
            return stage
        x = max(700, round(900 - 300 * sailed_s))
        return scenes.set_into(stage, balloon, (x, round(330 - 12 * sailed_s)), 370)

    things = (("lighthouse", start_s, end_s), ("hot-air balloon", enters_s, end_s))
    move = Move(View(0.33, 0.47, 1.35), View(0.57, 0.45, 1.1), seed=1000 + len(film_roll))
    film_roll.append(Shot(start_s, end_s, paint, move, things))
