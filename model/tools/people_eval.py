"""Measure who is found in real pictures, and who is found where nobody is.

Pictures with people come from Debian's opencv-doc and from PyPI packages that hold sample pictures
(scikit-image, and unpacked into --people: face_recognition 1.3.0's tests, insightface 2.1,
matplotlib 3.11.2, yolov5 7.0.14); each is looked at whole and in crops as a webcam shows people,
from twice to six times as high as the face. Pictures without people: Debian's
plasma-workspace-wallpapers, gnome-backgrounds, opencv-doc, scikit-image's, and the animals of
tuxpaint-stamps-default. The limit was set on every second picture; the others are what is reported.
Makes no file of the product.

    python model/tools/people_eval.py --people DIR [--half tune|report] [--verbose]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import av
import numpy as np
from looks_eval import scenes
from PIL import Image, ImageEnhance, ImageFilter

from ttm_model.people.detector import PersonDetector

OPENCV = Path("/usr/share/doc/opencv-doc/examples/data")
STAMPS = Path("/usr/share/tuxpaint/stamps/animals")
LIMITS = (0.25, 0.33, 0.4, 0.5, 0.6)
# How many people there are, by eye, and the middle and the height of one face as shares of the
# picture's width and height (none: too small or turned away).
PEOPLE: dict[str, tuple[int, tuple[float, float, float] | None]] = {
    "obama2.jpg": (1, (0.58, 0.27, 0.24)), "biden.jpg": (1, (0.58, 0.13, 0.17)),
    "grace_hopper.jpg": (1, (0.56, 0.32, 0.32)), "obama.jpg": (1, (0.55, 0.13, 0.19)),
    "obama3.jpg": (1, (0.54, 0.17, 0.12)), "obama_partial_face.jpg": (1, (0.18, 0.13, 0.19)),
    "obama_partial_face2.jpg": (1, (0.85, 0.13, 0.19)), "t1.jpg": (6, (0.40, 0.42, 0.12)),
    "zidane.jpg": (2, (0.47, 0.36, 0.30)), "bus.jpg": (4, None),
    "Tom_Hanks_54745.png": (1, (0.47, 0.5, 0.8)), "messi5.jpg": (1, None),
    "basketball1.png": (2, None), "basketball2.png": (2, None),
    "astronaut": (1, (0.44, 0.24, 0.26)), "camera": (1, None),
}  # fmt: skip
HEIGHTS = (2.0, 3.0, 4.0, 6.0)  # of a crop, in heights of the face
# People in frame 20 + 80 n of vtest.avi, by eye, those behind the pole or cut off included.
VTEST = (5, 7, 7, 7, 6, 3, 4, 6, 6, 9)
NOT_EMPTY = ("astronaut", "camera", "messi5", "basketball", "Megamind", "left", "right")


def with_people(folder: Path) -> list[tuple[str, Image.Image, int]]:
    """Every picture whole, its webcam-like crops, and the crops dark and soft."""
    import skimage.data as data  # noqa: PLC0415  (only in the development environment)

    rng = np.random.default_rng(0)
    found = []
    for name, (count, face) in PEOPLE.items():
        if "." not in name:
            picture = Image.fromarray(getattr(data, name)()).convert("RGB")
        else:
            path = folder / name if (folder / name).exists() else OPENCV / name
            picture = Image.open(path).convert("RGB")
        found.append((name, picture, count))
        if face is None:
            continue
        width, height = picture.size
        for times in HEIGHTS:
            tall = min(times * face[2] * height, height)
            wide = min(tall * 4 / 3, width)
            x = face[0] * width + float(rng.uniform(-0.2, 0.2)) * wide
            y = face[1] * height + float(rng.uniform(-0.05, 0.25)) * tall
            left = min(max(x - wide / 2, 0), width - wide)
            top = min(max(y - tall / 2, 0), height - tall)
            crop = picture.crop((int(left), int(top), int(left + wide), int(top + tall)))
            found.append((f"{name} x{times:.0f}", crop, 0))
            soft = ImageEnhance.Brightness(crop).enhance(0.4).resize((320, 240))
            found.append(
                (f"{name} x{times:.0f} dark, soft", soft.filter(ImageFilter.GaussianBlur(1.2)), 0)
            )
    return found


def real_pictures(folder: Path) -> dict[str, np.ndarray]:
    """The pictures with people as they are, and ten of vtest.avi as `vtest@FRAME`."""
    found = {name: np.asarray(picture) for name, picture, count in with_people(folder) if count}
    return found | {f"vtest@{20 + 80 * n}": picture for n, picture in enumerate(frames())}


def frames() -> list[np.ndarray]:
    """Every eightieth picture of vtest.avi, from the twentieth on."""
    with av.open(str(OPENCV / "vtest.avi")) as video:
        return [
            frame.to_ndarray(format="rgb24")
            for number, frame in enumerate(video.decode(video=0))
            if number % 80 == 20
        ]


def without_people() -> list[tuple[str, Image.Image]]:
    import skimage.data as data  # noqa: PLC0415

    found = [(f"scene {n}", scene) for n, scene in enumerate(scenes())]
    found += [
        (path.name, Image.open(path).convert("RGB"))
        for path in sorted(OPENCV.glob("*.*g"))
        if not path.stem.startswith(NOT_EMPTY)
    ]
    found += [
        (path.name, Image.open(path).convert("RGB"))
        for path in sorted(Path(data.__file__).parent.glob("*.*g"))
        if path.stem not in NOT_EMPTY
    ]
    for path in sorted(STAMPS.rglob("*.png")):
        if "cartoon" in str(path):
            continue
        stamp = Image.open(path).convert("RGBA")
        ground = Image.new("RGBA", stamp.size, (150, 150, 140, 255))
        ground.alpha_composite(stamp)
        found.append((f"animal {path.stem}", ground.convert("RGB")))
    return found


def vtest(detector: PersonDetector) -> None:
    counts: dict[float, list[int]] = {limit: [] for limit in LIMITS}
    for picture in frames():
        persons = detector(picture)
        for limit in LIMITS:
            counts[limit].append(sum(person.p >= limit for person in persons))
    print(f"vtest.avi, people at once in ten pictures, by eye {VTEST}, {sum(VTEST)} in all")
    for limit, found in counts.items():
        print(f"  from {limit}: {tuple(found)}, {sum(found)} in all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    half = ("tune", "report").index(options.half)
    detector = PersonDetector(least=min(LIMITS))
    names = list(PEOPLE)[half::2]
    positives = [p for p in with_people(options.people) if p[0].split(" x")[0] in names]
    negatives = without_people()[half::2]
    before = time.process_time()
    seen = [(name, detector(np.asarray(picture)), count) for name, picture, count in positives]
    empty = [(name, detector(np.asarray(picture))) for name, picture in negatives]
    spent = (time.process_time() - before) / (len(seen) + len(empty))
    print(
        f"{options.half}: {len(seen)} pictures with people, {len(empty)} without, "
        f"{spent * 1000:.0f} ms each"
    )
    for limit in LIMITS:
        rows = {"whole": [], "crops": [], "dark and soft": []}
        for name, persons, _ in seen:
            kind = "dark and soft" if "dark" in name else "crops" if " x" in name else "whole"
            rows[kind].append(any(person.p >= limit for person in persons))
        false = [name for name, persons in empty if any(p.p >= limit for p in persons)]
        told = ", ".join(f"{kind} {sum(r)} of {len(r)}" for kind, r in rows.items())
        every = [hit for row in rows.values() for hit in row]
        print(
            f"  from {limit}: found {sum(every)} of {len(every)} ({told}); "
            f"false {len(false)} of {len(empty)} {false[:6]}"
        )
    if options.verbose:
        for name, persons, count in seen:
            if count:
                print(f"  {name}: {count} by eye, found {[round(p.p, 2) for p in persons]}")
    if half:
        vtest(detector)


if __name__ == "__main__":
    main()
