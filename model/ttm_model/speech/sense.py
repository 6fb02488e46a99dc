"""The slow sense of speech: an utterance's sound to its words, or to nothing where it is in doubt.

Knows no state and no other job: what it finds depends on the job and its sound alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from ttm_model.chunk import SAMPLE_RATE_HZ
from ttm_model.errors import ModelError
from ttm_model.slow import Heard, Job, JobMedia, Utterance
from ttm_model.speech.spelling import words_of
from ttm_model.speech.weights import RECOGNISERS, ModelName
from ttm_model.speech.whisper import WINDOW_S, Decoded, Whisper

_LEAST = 1600  # samples: less than a tenth of a second says nothing


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond which what a decoder wrote is taken for invented."""

    log_p: float = -1.0  # mean logarithm of a token's probability, at least
    no_speech: float = 0.6  # probability that nobody speaks, at most
    log_p_of_doubtful: float = -0.5  # at least, where nobody may be speaking


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
        if not believed(decoded, self._limits):
            return Heard()
        words = words_of(decoded.tokens, self._whisper.text, language, job.start_s)
        if not words:
            return Heard()
        text = self._whisper.text([token.number for token in decoded.tokens]).strip()
        start_s, end_s = words[0].start_s, words[-1].end_s
        return Heard((Utterance(text, start_s, end_s, words, language, exp(decoded.log_p)),))


def believed(decoded: Decoded, limits: Limits) -> bool:
    """Whether somebody said that."""
    if decoded.no_speech > limits.no_speech and decoded.log_p < limits.log_p_of_doubtful:
        return False
    return decoded.log_p >= limits.log_p
