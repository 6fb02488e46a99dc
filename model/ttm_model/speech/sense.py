"""The slow sense of speech: an utterance's sound to its words, or to nothing where it is in doubt.

Knows no state and no other job: what it finds depends on the job and its sound alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from ttm_model.chunk import SAMPLE_RATE_HZ
from ttm_model.errors import ModelError
from ttm_model.slow import Heard, Job, JobMedia, Utterance
from ttm_model.speech.spelling import words_of
from ttm_model.speech.weights import RECOGNISERS, ModelName
from ttm_model.speech.whisper import WINDOW_S, Decoded, Whisper

_LEAST = 1600  # samples: less than a tenth of a second says nothing
_PART = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond which what a decoder wrote is taken for invented; measured, see model/LOG.md."""

    log_p: float = -1.7  # mean logarithm of a token's probability: at least
    no_speech: float = 0.5  # probability that nobody speaks: above it, one must be surer
    log_p_doubted: float = -0.8
    repeated: float = 0.7  # share of words that repeat others in a row: above it, surer yet
    log_p_repeated: float = -0.5


class SpeechSense:
    """Words of utterances. One core, never sampling: the same job and sound, the same finding."""

    def __init__(
        self,
        model: ModelName = "tiny.en",
        language: str | None = None,
        *,
        beam: int = 1,
        limits: Limits | None = None,
    ) -> None:
        """Load a recogniser; `language` (ISO 639-1) is detected in every utterance where None.

        Raises `WeightsError` where its files are others than the pinned ones, and `ModelError`
        where it does not know the language.
        """
        self._whisper = Whisper(RECOGNISERS[model])
        if language is not None and not self._whisper.knows(language):
            raise ModelError(f"language: {model} does not know {language!r}")
        self._language = language
        self._beam = beam
        self._limits = limits or Limits()

    def find(self, job: Job, media: JobMedia) -> Heard:
        """What was said from `job.start_s` on; nothing where no sound came or the text is doubted.

        Raises `ModelError` where the sound is longer than WINDOW_S.
        """
        sound = media.audio
        if sound is None or len(sound) < _LEAST:
            return Heard()
        seconds = len(sound) / SAMPLE_RATE_HZ
        if seconds > WINDOW_S:
            raise ModelError(f"audio: {seconds:.2f} s, must be at most {WINDOW_S:g} s")
        encoded = self._whisper.encode(sound)
        language = self._language or self._whisper.language(encoded)[0]
        decoded = self._whisper.decode(encoded, seconds, language, self._beam)
        words = words_of(decoded.tokens, self._whisper.text, language, job.start_s)
        if not believed(decoded, [word.text for word in words], self._limits):
            return Heard()
        text = self._whisper.text([token.number for token in decoded.tokens]).strip()
        start_s, end_s = words[0].start_s, words[-1].end_s
        return Heard((Utterance(text, start_s, end_s, words, language, exp(decoded.log_p)),))


def believed(decoded: Decoded, words: Sequence[str], limits: Limits) -> bool:
    """Whether somebody said these words. Silence, noise and calls of animals make a decoder invent.

    It is then unsure of each token, hears that nobody speaks, or says a few words over and over.
    """
    least = limits.log_p
    if decoded.no_speech > limits.no_speech:
        least = max(least, limits.log_p_doubted)
    if repeated(words) > limits.repeated:
        least = max(least, limits.log_p_repeated)
    return bool(words) and decoded.log_p >= least


def repeated(words: Sequence[str]) -> float:
    """The share of words that say again what was said one to six words before, 0 to 1.

    Four times the same makes .75, three times .67.
    """
    spoken = [part for word in words for part in _PART.findall(word.lower())]
    again = (
        sum(word == before for word, before in zip(spoken[step:], spoken, strict=False))
        for step in range(1, 7)
    )
    return max(again) / len(spoken) if spoken else 0.0
