"""Finds the classes that a noun phrase names by its words alone; knows no tensor and no picture.

A phrase names a class (its name, a synonym, something narrower) or a kind that WordNet puts above
classes ("dog", "vehicle"). Where a word has several senses, the commonest that the space knows
and those ranked next to it count. Everyday meanings (`Plain`) come before all of that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ttm_model.labels.plain import Plain, key_of
from ttm_model.labels.words import heads, normalise, singulars

NARROWER_KNOWS = 0.9
# An everyday word of a class that no dictionary has for it: "pie" of a pot pie, "lake" of a shore.
EVERYDAY_KNOWS = 0.6
# A class covers its own name. A kind is covered as far as its classes sample its hyponyms.
_COVERAGE_GAIN = 2.0
_LOST_WORD_KNOWS = 0.9
# The word means something else more often, and that is not in the space ("key": a space bar).
_RARE_SENSE_KNOWS = 0.6
_UNRANKED = 9
_PARTICLES = {
    *("up", "off", "out", "over", "down", "in", "on"),
    *("away", "by", "past", "through", "around"),
}


@dataclass(frozen=True)
class Match:
    """The classes that a phrase names, and how well they cover what it means, in [0, 1].

    Without classes: the words are known to mean something that the space does not hold.
    """

    classes: tuple[int, ...]
    knows: float
    words: str


@dataclass(frozen=True)
class _Entry:
    classes: tuple[int, ...]
    rank: int
    knows: float


class Lexicon:
    """The words of one label space. Built from the space's data; read-only afterwards."""

    def __init__(
        self,
        classes: Sequence[Mapping[str, Any]],
        groups: Sequence[Mapping[str, Any]],
        plurals: Mapping[str, str],
        plain: Plain | None = None,
    ) -> None:
        self._plurals = dict(plurals)
        self._entries: dict[str, list[_Entry]] = defaultdict(list)
        for i, row in enumerate(classes):
            words = [row["name"], *row.get("synonyms", ())]
            ranks = [1, *row.get("ranks", [1] * len(words))[1:]]
            for word, rank in zip(words, ranks, strict=True):
                self._add(word, _Entry((i,), 1 if rank == _UNRANKED else rank, 1.0))
            for word in row.get("narrower", ()):
                self._add(word, _Entry((i,), _UNRANKED, NARROWER_KNOWS))
        for row in groups:
            covered = len(row["classes"]) / max(1.0, float(row.get("hyponyms", 1))) ** 0.5
            knows = min(1.0, _COVERAGE_GAIN * covered)
            for word, rank in zip(row["words"], row["ranks"], strict=True):
                rare = _RARE_SENSE_KNOWS if 2 < rank < _UNRANKED else 1.0
                self._add(word, _Entry(tuple(row["classes"]), rank, knows * rare))
        self._plain = plain or Plain()
        self._mean([str(row["name"]) for row in classes])

    def _add(self, word: str, entry: _Entry) -> None:
        key = key_of(normalise(word))
        if key:
            self._entries[key].append(entry)

    def _mean(self, names: Sequence[str]) -> None:
        """Let everyday words find their classes, and words of several senses their everyday one."""
        at = {name: i for i, name in enumerate(names)}
        for word, meant in self._plain.means.items():
            meant_here = tuple(at[name] for name in meant if name in at)
            if meant_here:
                self._entries[key_of(normalise(word))] = [_Entry(meant_here, 1, 1.0)]
        for i, name in enumerate(names):
            word = self._plain.everyday.get(name, name)
            match = self.exact(normalise(word))
            if match is None or i not in match.classes:
                self._add(word, _Entry((i,), 1, EVERYDAY_KNOWS))

    def find(self, phrase: str) -> Match | None:
        """Return what the phrase names, or None. "two big dogs with a ball" names dogs.

        A compound that is not what its last word names ("prairie dog") is a match of no class.
        """
        for words, lost in heads(normalise(phrase)):
            match = self.exact(words)
            if match is not None:
                knows = match.knows * _LOST_WORD_KNOWS ** min(lost, 3)
                return Match(match.classes, knows, match.words)
        return None

    def exact(self, words: tuple[str, ...]) -> Match | None:
        """What these words name all together, in the singular or the plural."""
        for last, key in self._keys(words):
            entries = self._entries.get(key)
            if key in self._plain.elsewhere or (not entries and key in self._plain.compounds):
                return Match((), 0.0, " ".join((*words[:-1], last)))
            if entries:
                best = min(e.rank for e in entries)
                chosen = [e for e in entries if e.rank <= best + 1]
                classes = sorted({c for e in chosen for c in e.classes})
                # Several senses: what the largest of them says of coverage.
                knows = max(chosen, key=lambda e: (len(e.classes), e.knows)).knows
                return Match(tuple(classes), knows, " ".join((*words[:-1], last)))
        return None

    def parts(self, phrase: str) -> tuple[str, ...]:
        """The longest runs of a phrase's words that name something, in order.

        "Cat sit on laptop" has a cat and a laptop, "red car" a car.
        """
        words = phrase.split()
        found, start = [], 0
        while start < len(words):
            for end in range(len(words), start, -1):
                run = " ".join(words[start:end])
                verb = words[end - 1] in _PARTICLES  # "pick up" is no pickup
                match = None if verb else self.exact(normalise(run))
                if match is not None:
                    found += [run] if match.classes else []
                    start = end - 1
                    break
            start += 1
        return tuple(found)

    def _keys(self, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """The last word's possible singulars, each with the key of all words."""
        for last in singulars(words[-1], self._plurals) if words else ():
            yield last, key_of((*words[:-1], last))
