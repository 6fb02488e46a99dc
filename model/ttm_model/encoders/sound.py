"""Streaming sound encoder: chunks of sound in, class posteriors out. Knows no memory, no text.

A pure function of the chunk and a bounded context (the last second of sound and ten seconds of
levels): what it says of an interval does not depend on how many sessions are encoded together, nor
on what happened before the context.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ttm_model.encoders import sound_dsp as dsp
from ttm_model.encoders.sound_classes import VOICE_CLASSES, SoundClass
from ttm_model.encoders.sound_context import (
    CONTEXT_SAMPLES,
    Floats,
    Pcm,
    SoundContext,
    advance,
    floor_db,
    initial_context,
)
from ttm_model.encoders.sound_fusion import IntervalMeasures, judge, loudness_salience
from ttm_model.encoders.sound_voice import (
    AED_HOP,
    AED_WIDTH,
    SILERO_HOP,
    EventDetector,
    SileroVad,
)
from ttm_model.errors import ModelError

__all__ = ["SoundBatch", "SoundContext", "SoundEncoder", "encode_rows", "initial_context"]

LAG_SAMPLES = 3_200  # 0.2 s of future let the networks and the strike detector be sure
_MIN_CHUNK, _MAX_CHUNK = 1_600, 32_000
_MIN_INTERVAL = 800


@dataclass(frozen=True, slots=True)
class SoundBatch:
    """What was heard in N chunks. Rows whose `mask` is False are zero and mean nothing."""

    posteriors: Floats
    """(N, C), each class on its own in [0, 1] (speech over music is both): rows do not sum to 1."""
    salience: Floats
    """(N,) in [0, 1]: how far the loudest part stands above the last ten seconds' background."""
    mask: npt.NDArray[np.bool_]
    """(N,) False where there was no sound, or not yet enough of it to judge an interval."""
    start_s: Floats
    """(N,) start of the interval judged, in seconds from the chunk's start; -0.2 but at first."""
    end_s: Floats
    """(N,) its end, in seconds from the chunk's start; the chunk's length less 0.2."""
    contexts: list[SoundContext]
    """N contexts for the next chunks."""


def encode_rows(
    columns: int,
    pcm: Sequence[npt.NDArray[np.float32] | Pcm | None],
    contexts: Sequence[SoundContext],
    encode_row: Callable[[SoundBatch, int, Pcm, SoundContext], None],
) -> SoundBatch:
    """Check N chunks and let `encode_row` fill in each that has sound.

    One session after the other: results cannot depend on the company, and a window costs the same
    in a batch. Raises `ModelError` naming the field and the limit.
    """
    if len(pcm) != len(contexts):
        raise ModelError(f"contexts: {len(contexts)} given for {len(pcm)} chunks of pcm")
    chunks = [None if part is None else quantise(part, row) for row, part in enumerate(pcm)]
    out = SoundBatch(
        posteriors=np.zeros((len(pcm), columns), np.float32),
        salience=np.zeros(len(pcm), np.float32),
        mask=np.zeros(len(pcm), np.bool_),
        start_s=np.zeros(len(pcm), np.float32),
        end_s=np.zeros(len(pcm), np.float32),
        contexts=[initial_context() for _ in pcm],
    )
    for row, (chunk, context) in enumerate(zip(chunks, contexts, strict=True)):
        if chunk is not None:
            encode_row(out, row, chunk, context)
    return out


class SoundEncoder:
    """Speech, singing, music, beeps, knocks, other sound and silence, from frozen networks and DSP.

    Raises `WeightsError` where a weight file is missing or not the pinned one.
    """

    classes: tuple[SoundClass, ...] = VOICE_CLASSES
    lag_s: float = LAG_SAMPLES / dsp.RATE_HZ

    def __init__(self) -> None:
        self._detector = EventDetector()
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
        None where a chunk has no sound, which also forgets the context (sounds on both sides of a
        gap are not neighbours). Raises `ModelError` naming the field and the limit.
        """
        return encode_rows(len(self.classes), pcm, contexts, self._encode_row)

    def _encode_row(self, out: SoundBatch, row: int, chunk: Pcm, context: SoundContext) -> None:
        out.contexts[row] = advance(context, chunk)
        held = int(context.counts[0])
        window = np.concatenate([context.pcm[CONTEXT_SAMPLES - held :], chunk])
        end = len(window) - LAG_SAMPLES
        start = max(0, end - len(chunk))
        if end - start < _MIN_INTERVAL:
            return
        measures = self._measure(window, start, end, context)
        out.posteriors[row] = judge(measures)
        out.salience[row] = loudness_salience(measures)
        out.mask[row] = True
        out.start_s[row] = (start - held) / dsp.RATE_HZ
        out.end_s[row] = (end - held) / dsp.RATE_HZ

    def _measure(
        self, window: Pcm, start: int, end: int, context: SoundContext
    ) -> IntervalMeasures:
        events = self._detector(window)  # (F, 3)
        centre = np.arange(len(events)) * AED_HOP + AED_WIDTH // 2
        voice = self._vad(window)
        middle = len(window) - SILERO_HOP * np.arange(len(voice), 0, -1) + SILERO_HOP // 2
        signal = dsp.frames(window)
        inside = (signal.centre >= start) & (signal.centre < end)
        return IntervalMeasures(
            events=events,
            heard=(centre >= start) & (centre < end),
            voice=voice[(middle >= start - SILERO_HOP // 2) & (middle < end + SILERO_HOP // 2)],
            frames=signal,
            inside=inside,
            floor_db=floor_db(context, lambda: signal.level_db),
        )


def quantise(part: npt.NDArray[np.float32] | Pcm, row: int) -> Pcm:
    """The chunk `part` of session `row` as int16. Raises `ModelError` naming field and limit."""
    if part.ndim != 1 or not _MIN_CHUNK <= part.shape[0] <= _MAX_CHUNK:
        raise ModelError(
            f"pcm[{row}]: shape {part.shape}, must be ({_MIN_CHUNK} to {_MAX_CHUNK},) at 16 kHz"
        )
    if part.dtype == np.int16:
        return part.astype(np.int16)
    if part.dtype != np.float32:
        raise ModelError(f"pcm[{row}]: dtype {part.dtype}, must be float32 or int16")
    if not bool(np.isfinite(part).all()):
        raise ModelError(f"pcm[{row}]: holds values that are not finite")
    # 32768 steps to full scale: int16 / 32768 comes back exactly.
    steps: Pcm = np.clip(np.rint(part * np.float32(32768)), -32768, 32767).astype(np.int16)
    return steps
