"""Label spaces as the reader needs them: phrases through the text encoder, calibrated scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, sqrt

import torch
from torch import Tensor

from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.space import LabelSpace
from ttm_model.reader.view import PhraseWeights

KEPT_PHRASES = 4096
# "a cup of coffee" shows a cup, or coffee: what holds it or what it is of may be what was named.
PARTITIVES = {
    "bottle", "bowl", "box", "bunch", "can", "cup", "glass", "group", "jar", "mug", "pair",
    "piece", "plate", "pot", "slice",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores to probabilities: logistic in log(score), even at `*_even`; see model/LOG.md.

    Presence is judged by `score / sqrt(breadth)`, breadth at most `max_spread`: where classes
    compete for one posterior, a kind of many classes collects many classes' noise. Naming judges
    whether a slot's best class is its name.
    """

    presence_even: float
    presence_slope: float
    naming_even: float
    naming_slope: float
    max_spread: float


# Measured on slots of composed clips (model/tools/measure_memory.py): false memory 2.5 %.
# Above 64 classes noise no longer grows: the kept classes of a picture are few.
PICTURES = Calibration(0.045, 1.3, 0.2, 1.5, 64.0)
# A sound's posterior is its class's own probability, decided at one half by the encoder.
SOUNDS = Calibration(0.5, 6.0, 0.5, 6.0, 1.0)


class TextSpace:
    """A label space with the text encoder that puts phrases into it (a reader's KeySpace)."""

    def __init__(self, space: LabelSpace, text: TextEncoder, calibration: Calibration) -> None:
        self.space = space
        self._text = text
        self._calibration = calibration
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

    def decode(self, tokens: Tensor) -> Tensor:
        """Memory tokens (N, d) -> posteriors (N, C), on the CPU."""
        return self.space.decode(tokens.cpu())

    def presence(self, score: float, breadth: float) -> float:
        """Probability that a phrase of `breadth` classes which scored so was really there."""
        c = self._calibration
        spread = min(max(breadth, 1.0), c.max_spread)
        return _logistic(score / sqrt(spread), c.presence_even, c.presence_slope)

    def naming(self, share: float) -> float:
        """Probability that a slot whose best class has this share is rightly named by it."""
        return _logistic(share, self._calibration.naming_even, self._calibration.naming_slope)

    def _look_up(self, phrase: str) -> PhraseWeights:
        parts = [phrase]
        head, _, rest = phrase.partition(" of ")
        if rest and (head.split() or [""])[-1] in PARTITIVES:
            parts = [head, rest]
        query = self.space.query(parts, self._text.encode(parts))
        known = [i for i in range(len(parts)) if query.matched[i] and query.knows[i] > 0.0]
        chosen = known or [int(query.knows.argmax())]
        weights = torch.stack([query.weights[i] for i in chosen]).amax(dim=0)
        return PhraseWeights(weights, float(query.knows[chosen].max()), float(weights.sum()))


def _logistic(value: float, even: float, slope: float) -> float:
    """0.5 at `even`, steeper with `slope`; never below 0 or above 1."""
    if value <= 0.0:
        return 0.0
    return 1.0 / (1.0 + exp(-slope * log(value / even)))
