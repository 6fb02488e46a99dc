"""Label spaces as the reader needs them: phrases through the text encoder, calibrated scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from torch import Tensor

from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.space import LabelSpace
from ttm_model.reader.view import PhraseWeights

KEPT_PHRASES = 4096


class TextSpace:
    """A label space with the text encoder that puts phrases into it (a reader's KeySpace)."""

    def __init__(
        self, space: LabelSpace, text: TextEncoder, probability: Callable[[float], float]
    ) -> None:
        self.space = space
        self._text = text
        self._probability = probability
        self._phrase = lru_cache(maxsize=KEPT_PHRASES)(self._look_up)

    @property
    def names(self) -> tuple[str, ...]:
        """Readable class names."""
        return self.space.names

    def phrase(self, phrase: str) -> PhraseWeights:
        """Class weights of a noun phrase and how well the space covers it."""
        return self._phrase(phrase)

    def decode(self, tokens: Tensor) -> Tensor:
        """Memory tokens (N, d) -> posteriors (N, C), on the CPU."""
        return self.space.decode(tokens.cpu())

    def probability(self, score: float) -> float:
        """Calibrated probability that what scored so was really there."""
        return self._probability(score)

    def _look_up(self, phrase: str) -> PhraseWeights:
        query = self.space.query([phrase], self._text.encode([phrase]))
        return PhraseWeights(query.weights[0], float(query.knows[0]))
