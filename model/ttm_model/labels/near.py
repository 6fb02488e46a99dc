"""Finds what a phrase may have been taken for: its near neighbours. Knows no memory and no scene.

Neighbours are what it does not itself name, from two lists: `alike.toml`, written by hand (a cup is
near an espresso, a donkey near a horse), and `siblings.json`, classes of one narrow kind that the
picture network takes for alike (`model/tools/make_siblings.py`). A list that is wrong here makes
somebody believe that he was misunderstood, one that is short only costs a hint: hence no likeness
of texts, by which a hammer is near a screwdriver.
"""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttm_model.errors import WeightsError
from ttm_model.labels.plain import DATA, key_of
from ttm_model.labels.space import LabelSpace
from ttm_model.labels.words import heads, normalise, singulars

BY_HAND = 0.6  # likeness of two words of a row
# Siblings are as alike as the classifier's rows: a cosine of .2 is the least that is listed.
_SIBLING_FROM, _SIBLING_SLOPE, _SIBLING_MOST = 0.3, 1.0, 0.9
FEW_CLASSES = 8  # a wider phrase has its siblings within itself
MOST = 8


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a thing may have been taken for: a name, its classes, and how alike they are, (0, 1)."""

    name: str
    classes: frozenset[int]
    likeness: float


class Neighbours:
    """The neighbours within one label space."""

    def __init__(
        self,
        space: LabelSpace,
        rows: Sequence[Sequence[str]],
        siblings: Sequence[tuple[int, int, float]] = (),
    ) -> None:
        """`rows` of words that are near each other; `siblings` of classes, with their cosine."""
        self._space = space
        self._rows = tuple(tuple(row) for row in rows)
        self._classes = {word: self._named(word) for row in rows for word in row}
        self._by_key: dict[str, list[int]] = defaultdict(list)
        for at, row in enumerate(self._rows):
            for word in row:
                self._by_key[key_of(normalise(word))].append(at)
        self._siblings: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for one, other, cosine in siblings:
            likeness = min(_SIBLING_MOST, _SIBLING_FROM + _SIBLING_SLOPE * cosine)
            self._siblings[one].append((other, likeness))
            self._siblings[other].append((one, likeness))

    def of(self, phrase: str, named: frozenset[int]) -> tuple[Neighbour, ...]:
        """The neighbours of a phrase that names some classes, the likest first; at most `MOST`."""
        found: dict[str, Neighbour] = {}
        for word in self._beside(phrase, named):
            self._keep(found, word, self._classes[word] - named, BY_HAND)
        if len(named) <= FEW_CLASSES:
            for one in sorted(named):
                for other, likeness in self._siblings[one]:
                    word = self._space.everyday[other]
                    self._keep(found, word, frozenset({other}) - named, likeness)
        told: dict[frozenset[int], Neighbour] = {}
        for neighbour in sorted(found.values(), key=lambda n: (-n.likeness, n.name)):
            told.setdefault(neighbour.classes, neighbour)  # coffee and espresso are one class
        return tuple(told.values())[:MOST]

    def _keep(
        self, found: dict[str, Neighbour], name: str, classes: frozenset[int], likeness: float
    ) -> None:
        if classes:
            before = found.get(name, Neighbour(name, frozenset(), 0.0))
            found[name] = Neighbour(name, before.classes | classes, max(before.likeness, likeness))

    def _beside(self, phrase: str, named: frozenset[int]) -> list[str]:
        """The words of the rows that hold the phrase, or a word for all that it names.

        That word itself is left out: a penguin is a bird, and not near every bird.
        """
        for words, _ in heads(normalise(phrase)):
            for last in singulars(words[-1], {}) if words else ():
                rows = self._by_key.get(key_of((*words[:-1], last)))
                if rows:
                    return [word for at in rows for word in self._rows[at]]
        beside: list[str] = []
        for row in self._rows if named else ():
            wider = [word for word in row if named <= self._classes[word]]
            beside += [word for word in row if wider and word not in wider]
        return beside

    def _named(self, phrase: str) -> frozenset[int]:
        match = self._space.lexicon.find(phrase)
        return frozenset(match.classes) if match else frozenset()


def load_neighbours(sense: str, space: LabelSpace, folder: Path = DATA) -> Neighbours:
    """The shipped lists for "pictures" or "sounds". Raises `WeightsError` naming the folder."""
    try:
        table: Mapping[str, str] = tomllib.loads((folder / "alike.toml").read_text("utf-8"))[sense]
        rows = [[w.strip() for w in line.split(",")] for line in table["rows"].strip().splitlines()]
        pairs = json.loads((folder / "siblings.json").read_text("utf-8"))
    except (OSError, KeyError, ValueError) as error:
        raise WeightsError(f"neighbours in {folder}: {error!r}") from error
    return Neighbours(space, rows, pairs if sense == "pictures" else ())
