"""A Whisper model, run by CTranslate2 on one core; knows no session, no time and no doubt.

Weights: openai/whisper (MIT) as converted by Systran, see `weights.py`. Radford et al. 2022,
"Robust Speech Recognition via Large-Scale Weak Supervision". Words are found in time by the
attention of the decoder's alignment heads and dynamic time warping, as in openai/whisper's
`timing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from ttm_model.encoders.log_mel import RATE_HZ, log_mel
from ttm_model.errors import WeightsError
from ttm_model.speech.weights import Recogniser, contents

Floats = npt.NDArray[np.float32]

# The encoder was trained on 30 s. On 10 s it costs an eighth and errs no more than one word in a
# hundred more often; on just the sound and a second it loses a quarter of the words (model/LOG.md).
WINDOW_S = 10.0
TOKEN_S = 0.02  # seconds of sound per step of the encoder
_TOKENS_PER_S, _TOKENS_AT_LEAST = 10, 12  # fast talk has six a second, and times besides


@dataclass(frozen=True, slots=True)
class Token:
    """One token of text with its probability and its seconds from the start of the sound."""

    number: int
    p: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the decoder made of one sound: its text, and how likely it is that nobody speaks."""

    tokens: tuple[Token, ...]
    no_speech: float

    @property
    def log_p(self) -> float:
        """The mean logarithm of a token's probability, 0 where there is none.

        As the decoder gives it to the whole text, read again without times: that parts speech from
        other sound far better than what the decoder thought while it wrote.
        """
        logs = [log(max(token.p, 1e-6)) for token in self.tokens]
        return sum(logs) / len(logs) if logs else 0.0


class Whisper:
    """Sound to tokens: greedy or by a beam, never by sampling. Same sound, same tokens."""

    def __init__(self, recogniser: Recogniser) -> None:
        """Load the weights. Raises `WeightsError` where they, or a library, are missing."""
        files = contents(recogniser)
        try:
            import ctranslate2  # noqa: PLC0415  (a native library of 40 MB)
            import tokenizers  # noqa: PLC0415
        except ImportError as error:
            raise WeightsError(f"{recogniser.name}: the package {error.name} is needed") from error
        self._tokenizer: Any = tokenizers.Tokenizer.from_str(files.pop("tokenizer.json").decode())
        self._lib: Any = ctranslate2
        self._model: Any = ctranslate2.models.Whisper(
            recogniser.name,
            device="cpu",
            compute_type="int8",
            inter_threads=1,
            intra_threads=1,
            files=files,
        )

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English."""
        return bool(self._model.is_multilingual)

    @cached_property
    def end(self) -> int:
        """The token that ends a text; tokens of text have smaller numbers."""
        return self._number("<|endoftext|>")

    def encode(self, sound: Floats) -> Any:
        """`sound` (T,) float32 at 16 kHz, at most WINDOW_S, to what the other methods take."""
        padded = np.zeros(round(WINDOW_S * RATE_HZ), np.int16)
        padded[: len(sound)] = np.clip(np.rint(sound * 32768), -32768, 32767)
        mel = np.ascontiguousarray(log_mel(padded).T[None])  # (1, 80, frames)
        return self._model.encode(self._lib.StorageView.from_array(mel))

    def language(self, encoded: Any) -> tuple[str, float]:
        """The likeliest language and its probability; English where it knows no other."""
        if not self.multilingual:
            return "en", 1.0
        token, p = self._model.detect_language(encoded)[0][0]
        return str(token)[2:-2], float(p)

    def knows(self, language: str) -> bool:
        """Whether it can be told to hear this language."""
        known = self._tokenizer.token_to_id(f"<|{language}|>") is not None
        return known if self.multilingual else language == "en"

    def decode(self, encoded: Any, seconds: float, language: str, beam: int) -> Decoded:
        """The text of the first `seconds` of what was encoded."""
        begin = [self._number("<|startoftranscript|>")]
        if self.multilingual:
            begin += [self._number(f"<|{language}|>"), self._number("<|transcribe|>")]
        room = _TOKENS_AT_LEAST + round(_TOKENS_PER_S * seconds)
        # It is let write times between sentences, and they are dropped: without, it stops sooner.
        result = self._model.generate(
            encoded,
            [begin],
            beam_size=beam,
            max_length=2 * room,  # CTranslate2 writes half of it, and leaves half to prompts
            return_no_speech_prob=True,
        )[0]
        written = result.sequences_ids[0]
        numbers = [number for number in written if number < self.end]
        if len(written) >= room:
            numbers = unlooped(numbers)
        tokens = self._placed(encoded, begin, numbers, seconds) if numbers else ()
        return Decoded(tokens, float(result.no_speech_prob))

    def text(self, numbers: list[int]) -> str:
        """What tokens say."""
        return str(self._tokenizer.decode(numbers))

    def _placed(
        self, encoded: Any, begin: list[int], numbers: list[int], seconds: float
    ) -> tuple[Token, ...]:
        frames = 2 * round(min(seconds, WINDOW_S) / TOKEN_S)  # of log-mel, two to a step
        aligned = self._model.align(encoded, begin, [numbers], frames)[0]
        texts = np.array([pair[0] for pair in aligned.alignments])
        times = np.array([pair[1] for pair in aligned.alignments])
        first = np.searchsorted(texts, np.arange(len(numbers) + 1))  # the end has a place as well
        edges = times[np.minimum(first, len(times) - 1)] * TOKEN_S
        return tuple(
            Token(number, float(p), float(start_s), float(end_s))
            for number, p, start_s, end_s in zip(
                numbers, aligned.text_token_probs, edges[:-1], edges[1:], strict=True
            )
        )

    def _number(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise WeightsError(f"the tokenizer knows no {token}")
        return int(number)


def unlooped(numbers: list[int]) -> list[int]:
    """What a decoder wrote that found no end: without the loop that it ran into, if it did.

    Where the last tokens are the same few three times or more, once is left; else nothing, since
    it was cut off anywhere.
    """
    for step in range(1, len(numbers) // 3 + 1):
        first = len(numbers) - step  # from which on each token comes again `step` later
        while first > 0 and numbers[first - 1] == numbers[first - 1 + step]:
            first -= 1
        if len(numbers) - first >= 3 * step:
            return numbers[: first + step]
    return []
