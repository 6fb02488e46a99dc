"""Sessions of composed real clips: what an encoder gave, and what was shown. Knows no system.

For every picture of a clip, `data` (see its SOURCES.md) holds the things that were noticed in it,
as memory keys; pictures themselves are not shipped. Clips are joined into sessions, which
every system folds as the server would: one step for half a second of media.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from ttm_lab.task.interface import Concepts, Episode
from ttm_model.engines.noticing import Thing, to_tokens
from ttm_model.errors import WeightsError
from ttm_model.labels.picture_keys import KEY_WIDTH, PictureKeys
from ttm_model.ttm.layout import Modality

DATA = Path(__file__).resolve().parent / "data"
NAME = "clips"
SPACE = "imagenet"  # whose classes the phrases name
LARGEST = 127  # of a key's rounded numbers
# How many clips are joined into each session; a deal uses every one of the 30 clips once.
DEALS = ((12, 10, 8), (12, 7, 5, 4, 2))


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that was shown, in seconds of the clip or, once joined, of the session."""

    clip: int
    phrase: str
    classes: frozenset[int]  # that the phrase names
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Clip:
    """What was noticed in each picture, and what was shown; times in seconds of the clip."""

    pictures: tuple[tuple[Thing, ...], ...]
    shown: tuple[Shown, ...]
    picture_s: float

    @property
    def length_s(self) -> float:
        """Length of the clip."""
        return len(self.pictures) * self.picture_s


@dataclass(frozen=True, slots=True)
class Session:
    """Clips one after another: the stream as systems fold it, and what it showed."""

    episode: Episode
    shown: tuple[Shown, ...]


def load_clips(folder: Path = DATA) -> list[Clip]:
    """The clips of a folder. Raises `WeightsError` naming it."""
    try:
        table = load_file(folder / f"{NAME}.safetensors")
        data = json.loads((folder / f"{NAME}.json").read_text("utf-8"))
        keys, picture_s = table["key"] * table["scale"][:, None], float(data["picture_s"])
        noticed = [[list[Thing]() for _ in range(row["pictures"])] for row in data["clips"]]
        places = zip(table["clip"].tolist(), table["picture"].tolist(), strict=True)
        for at, (clip, picture) in enumerate(places):
            start_s = picture * picture_s
            thing = Thing(keys[at], float(table["salience"][at]), start_s, start_s + picture_s)
            noticed[clip][picture].append(thing)
        named = {phrase: frozenset(classes) for phrase, classes in data["phrases"].items()}
        return [
            Clip(
                tuple(tuple(things) for things in pictures),
                tuple(
                    Shown(number, one["phrase"], named[one["phrase"]], one["from_s"], one["to_s"])
                    for one in row["shown"]
                ),
                picture_s,
            )
            for number, (row, pictures) in enumerate(zip(data["clips"], noticed, strict=True))
        ]
    except (OSError, KeyError, IndexError, RuntimeError, ValueError) as error:
        raise WeightsError(f"clips in {folder}: {error!r}") from error


def joined(clips: Sequence[Clip], keys: PictureKeys) -> Session:
    """A session of clips, one after another on one media clock."""
    steps, shown, began_s = [], list[Shown](), 0.0
    for clip in clips:
        for number, noticed in enumerate(clip.pictures):
            things = [
                replace(thing, start_s=thing.start_s + began_s, end_s=thing.end_s + began_s)
                for thing in noticed
            ]
            clock_s = began_s + (number + 1) * clip.picture_s
            steps.append(to_tokens([{Modality.VIDEO: things}], [clock_s], KEY_WIDTH))
        shown += [
            replace(one, start_s=one.start_s + began_s, end_s=one.end_s + began_s)
            for one in clip.shown
        ]
        began_s += clip.length_s
    bank = _classes(keys)
    return Session(Episode(tuple(steps), (), bank, bank, began_s), tuple(shown))


def sessions(
    clips: Sequence[Clip],
    keys: PictureKeys,
    seed: int,
    deals: Sequence[Sequence[int]] = DEALS,
) -> Iterator[Session]:
    """Every deal's sessions; which clips come together, in what order, is drawn by the seed.

    Raises ValueError where a deal needs more clips than there are.
    """
    generator = torch.Generator().manual_seed(seed)
    for sizes in deals:
        if sum(sizes) > len(clips):
            raise ValueError(f"deals: {sum(sizes)} clips of {len(clips)}")
        order = torch.randperm(len(clips), generator=generator).tolist()
        for size in sizes:
            chosen, order = order[:size], order[size:]
            yield joined([clips[at] for at in chosen], keys)


def _classes(keys: PictureKeys) -> Concepts:
    """The space's classes, where an episode has its bank of concepts."""
    looks, none = F.normalize(keys.decoder, dim=1), torch.zeros(len(keys.decoder))
    return Concepts(looks, looks, none.to(torch.int64), none.bool())
