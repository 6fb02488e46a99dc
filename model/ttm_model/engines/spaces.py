"""Label spaces as the reader needs them: phrases through the text encoder, calibrated scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, sqrt
from typing import Protocol

import torch
from torch import Tensor

from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.found import load_rates
from ttm_model.labels.near import load_neighbours
from ttm_model.labels.space import LabelSpace
from ttm_model.questions.rules.soundwords import SOUND_VERBS
from ttm_model.reader.view import Near, PhraseWeights

KEPT_PHRASES = 4096
# Sound classes are called by what goes on: "a dog barking", where a question says "dog bark".
_GOING_ON = {verb.after: form for form, verb in SOUND_VERBS.items() if form.endswith("ing")}
# "a cup of coffee" shows a cup, or coffee: what holds it or what it is of may be what was named.
PARTITIVES = {
    "bottle", "bowl", "box", "bunch", "can", "cup", "glass", "group", "jar", "mug", "pair",
    "piece", "plate", "pot", "slice",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpaceCalibration:
    """Scores to probabilities: logistic in log(score), even at `*_even`; see model/LOG.md.

    Presence is judged by `score / sqrt(breadth)`, breadth at most `max_spread`: where classes
    compete for one posterior, a kind of many classes collects many classes' noise. Naming judges
    whether a slot's best class is its name. `sense` names the rates in `found_rates.json`.
    """

    presence_even: float
    presence_slope: float
    naming_even: float
    naming_slope: float
    max_spread: float
    sense: str


# Measured on slots of composed clips (model/tools/measure_memory.py): false memory 2.5 %.
# Above 64 classes noise no longer grows: the kept classes of a picture are few.
PICTURES = SpaceCalibration(0.045, 1.3, 0.2, 1.5, 64.0, "pictures")
# A sound's posterior is its class's own probability, decided at one half by the encoder.
SOUNDS = SpaceCalibration(0.5, 6.0, 0.5, 6.0, 1.0, "sounds")


class Keys(Protocol):
    """What keys of a space say: what they are best called, and how like they are to examples."""

    def decode(self, keys: Tensor) -> Tensor:
        """Keys (N, d) -> posteriors (N, C)."""
        ...

    def likeness(self, keys: Tensor, examples: Tensor) -> Tensor:
        """Keys (N, d), examples (M, d) -> P(the same thing) (N,)."""
        ...


class TextSpace:
    """A label space, its keys, and the text encoder that puts phrases into it (a KeySpace)."""

    def __init__(
        self, space: LabelSpace, keys: Keys, text: TextEncoder, calibration: SpaceCalibration
    ) -> None:
        self.space = space
        self.keys = keys
        self.text = text
        self._calibration = calibration
        self._rates = load_rates(calibration.sense, space)
        self._neighbours = load_neighbours(calibration.sense, space)
        self._phrase = lru_cache(maxsize=KEPT_PHRASES)(self._look_up)

    @property
    def names(self) -> tuple[str, ...]:
        """Readable class names."""
        return self.space.names

    def everyday(self, cls: int) -> str:
        """The word that people would use for a class: "dog" of a golden retriever."""
        return self.space.everyday[cls]

    def phrase(self, phrase: str) -> PhraseWeights:
        """Class weights of a noun phrase and how well the space covers it."""
        return self._phrase(phrase)

    def covers(self, phrase: str) -> float:
        """How well the space covers a phrase at all, in [0, 1]."""
        return self._phrase(phrase).knows

    def found_rate(self, phrase: str) -> float:
        """How often the memory finds a thing that the phrase names where it really was there.

        In [0, 1], measured on held-out pictures and sounds; what the space does not cover of the
        phrase (`covers`) counts as missed. For `labels.found.denial`.
        """
        key = self._phrase(phrase)
        at = key.weights.nonzero()[:, 0].tolist()
        return key.knows * self._rates.of([(c, float(key.weights[c])) for c in at])

    def near(self, phrase: str) -> tuple[Near, ...]:
        """Close neighbours of a phrase that it does not itself name, the likest first.

        "A mug" is near a cup and an espresso. Likeness is how readily one is taken for the other,
        no probability.
        """
        matches = [self.space.lexicon.find(part) for part in _parts(phrase)]
        named = frozenset(c for match in matches if match for c in match.classes)
        found = []
        for neighbour in self._neighbours.of(phrase, named):
            weights = torch.zeros(len(self.names))
            weights[sorted(neighbour.classes)] = 1.0
            found.append(Near(neighbour.name, weights, neighbour.likeness))
        return tuple(found)

    def decode(self, tokens: Tensor) -> Tensor:
        """Memory tokens (N, d) -> posteriors (N, C), on the CPU."""
        return self.keys.decode(tokens.cpu())

    def likeness(self, keys: Tensor, examples: Tensor) -> Tensor:
        """P(it is the thing) (N,) of keys (N, d), for up to eight examples of it (M, d)."""
        return self.keys.likeness(keys.cpu(), examples.cpu())

    def presence(self, score: float, breadth: float) -> float:
        """Probability that a phrase of `breadth` classes which scored so was really there."""
        c = self._calibration
        spread = min(max(breadth, 1.0), c.max_spread)
        return _logistic(score / sqrt(spread), c.presence_even, c.presence_slope)

    def naming(self, share: float) -> float:
        """Probability that a slot whose best class has this share is rightly named by it."""
        return _logistic(share, self._calibration.naming_even, self._calibration.naming_slope)

    def named(self, phrase: str) -> tuple[str, ...]:
        """The parts of a phrase that name something by their words; itself where it is one."""
        if len(_parts(phrase)) > 1:
            return (phrase,)
        if any(self.space.lexicon.parts(said) == (said,) for said in self._said(phrase)):
            return (phrase,)
        return self.space.lexicon.parts(phrase)

    def _look_up(self, phrase: str) -> PhraseWeights:
        return max((self._weights(said) for said in self._said(phrase)), key=lambda w: w.knows)

    def _said(self, phrase: str) -> tuple[str, ...]:
        """The phrase, and as the classes of sounds would say it."""
        *maker, last = phrase.split()
        if self._calibration.sense != "sounds" or last not in _GOING_ON:
            return (phrase,)
        return phrase, " ".join([*maker, _GOING_ON[last]])

    def _weights(self, phrase: str) -> PhraseWeights:
        parts = _parts(phrase)
        query = self.space.query(parts, self.text.encode(parts))
        known = [i for i in range(len(parts)) if query.matched[i] and query.knows[i] > 0.0]
        chosen = known or [int(query.knows.argmax())]
        weights = torch.stack([query.weights[i] for i in chosen]).amax(dim=0)
        return PhraseWeights(weights, float(query.knows[chosen].max()), float(weights.sum()))


def _parts(phrase: str) -> list[str]:
    """What a phrase may name: both sides of a partitive, otherwise itself."""
    head, _, rest = phrase.partition(" of ")
    return [head, rest] if rest and (head.split() or [""])[-1] in PARTITIVES else [phrase]


def _logistic(value: float, even: float, slope: float) -> float:
    """0.5 at `even`, steeper with `slope`; never below 0 or above 1."""
    if value <= 0.0:
        return 0.0
    return 1.0 / (1.0 + exp(-slope * log(value / even)))
