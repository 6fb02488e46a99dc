"""Keeps one box of several that lie on one person; knows no picture and no network."""

from __future__ import annotations

from collections.abc import Iterable

from ttm_model.slow import Box, Person

_SHARED = 0.5  # of the two boxes' union, from which on they are one person
_INSIDE = 0.8  # of the smaller box, likewise: a head found beside its body


def one_each(persons: Iterable[Person]) -> tuple[Person, ...]:
    """Without those that lie on a surer one, the surest first."""
    kept: list[Person] = []
    for person in sorted(persons, key=lambda person: -person.p):
        if not any(_same(person.box, other.box) for other in kept):
            kept.append(person)
    return tuple(kept)


def area(box: Box) -> float:
    """The box's share of the picture."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def shared(a: Box, b: Box) -> float:
    """The share of the picture that is in both."""
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def _same(a: Box, b: Box) -> bool:
    both, smaller = shared(a, b), min(area(a), area(b))
    return both > _SHARED * (area(a) + area(b) - both) or both > _INSIDE * smaller
