"""Fits how often what was shown is found, from examples. Knows no file, encoder or memory.

An example is one picture of a thing (or one recording), with the share of its showings in which it
was found; showings of one picture are too alike to count each. A class's rate is its examples'
mean, drawn towards the mean of the smallest kind around it that has examples enough, and that
towards the sense's mean: the mean of a beta-binomial posterior, with `strength` examples' worth of
prior at each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

FEWEST = 3  # examples that make a kind's mean worth drawing towards
STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True)
class Example:
    """One picture or recording: the classes that its phrase names, and the share found by it."""

    classes: frozenset[int]
    share: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Shrunk rates over examples, within kinds (sets of classes, the smallest first)."""

    examples: tuple[Example, ...]
    kinds: tuple[frozenset[int], ...]
    strength: float

    @property
    def mean(self) -> float:
        """The sense's mean over examples."""
        return sum(e.share for e in self.examples) / len(self.examples)

    def rate(self, classes: frozenset[int]) -> float:
        """The rate of asking for these classes by their name."""
        own = [e.share for e in self.examples if e.classes == classes]
        return self._drawn(own, self._kind_mean(classes))

    def _kind_mean(self, classes: frozenset[int]) -> float:
        for kind in self.kinds:
            if classes < kind:
                inside = [e.share for e in self.examples if e.classes <= kind]
                if len(inside) >= FEWEST:
                    return self._drawn(inside, self.mean)
        return self.mean

    def _drawn(self, shares: Sequence[float], prior: float) -> float:
        return (sum(shares) + self.strength * prior) / (len(shares) + self.strength)


def fit(examples: Sequence[Example], kinds: Sequence[frozenset[int]]) -> Fit:
    """Choose the strength by the likelihood of each example given all the others."""
    ordered = tuple(sorted(set(kinds), key=lambda kind: (len(kind), sorted(kind))))
    fits = [Fit(tuple(examples), ordered, strength) for strength in STRENGTHS]
    return max(fits, key=left_out)


def left_out(fitted: Fit) -> float:
    """Mean log likelihood of each example's share under the rate that the others give it."""
    total = 0.0
    for at, example in enumerate(fitted.examples):
        others = fitted.examples[:at] + fitted.examples[at + 1 :]
        rate = Fit(others, fitted.kinds, fitted.strength).rate(example.classes)
        total += example.share * log(rate) + (1.0 - example.share) * log(1.0 - rate)
    return total / len(fitted.examples)
