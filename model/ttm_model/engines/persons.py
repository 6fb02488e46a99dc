"""Persons that a slow sense found to candidates for memory. Knows no picture: what it found is all.

A person's key is what they wear, as shares of eleven colours: enough to tell from step to step who
of several goes on, and not who anybody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ttm_model.engines.noticing import PERSON_PLACES, Thing
from ttm_model.looks import COLOURS, UNKNOWN, Looks, clothes
from ttm_model.slow import Finding, Job, JobMedia, People, Person, SlowSense

SAME_IN_ALL = 0.5  # share of a key that all persons have in common


@dataclass(frozen=True, slots=True)
class Came:
    """Persons in one picture, and for how long it stands."""

    persons: tuple[Person, ...]
    start_s: float
    end_s: float


def persons(came: Sequence[Came], dim: int) -> list[Thing]:
    """The persons of the pictures that one step learns of, picture after picture.

    Where there are more than PERSON_PLACES the newest whole pictures that fit are kept.
    """
    found: list[Thing] = []
    for picture in reversed(came):
        own = [_thing(person, picture, dim) for person in picture.persons[:PERSON_PLACES]]
        if len(found) + len(own) > PERSON_PLACES:
            break
        found = own + found
    return found


class Dressed:
    """A sense of people that tells what colours they wear as well."""

    def __init__(self, sense: SlowSense) -> None:
        self._sense = sense

    def find(self, job: Job, media: JobMedia) -> Finding:
        """The finding of the sense within, with everybody's colours."""
        found = self._sense.find(job, media)
        picture = media.picture
        if picture is None or not isinstance(found, People):
            return found
        return People(
            tuple(
                replace(person, colours=clothes(picture, person.box).colours)
                for person in found.persons
            )
        )


def _thing(person: Person, picture: Came, dim: int) -> Thing:
    edges = Looks.of(person.box, [0.0] * len(COLOURS)).box
    looks = Looks(edges, person.colours or UNKNOWN.colours)
    return Thing(_key(looks, dim), person.p, picture.start_s, picture.end_s, looks)


def _key(looks: Looks, dim: int) -> Tensor:
    """(dim,) of unit length; zeros but for the first places."""
    shares = torch.tensor(looks.colours, dtype=torch.float32).sqrt()
    wears = shares / shares.norm().clamp_min(1e-6)
    key = torch.zeros(dim)
    key[0] = SAME_IN_ALL
    key[1 : 1 + len(COLOURS)] = wears
    unit: Tensor = key / key.norm()
    return unit
