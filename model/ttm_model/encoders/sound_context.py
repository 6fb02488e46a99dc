"""What a session's sound encoder carries from chunk to chunk; knows no network and no class.

Of fixed size and storable bit for bit, the same for both encoders.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ttm_model.encoders import sound_dsp as dsp
from ttm_protocol.errors import StateIncompatible

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

CONTEXT_SAMPLES = 16_000
LEVELS = 100


@dataclass(frozen=True, slots=True)
class SoundContext:
    """What one session's next chunk needs of the past. Fixed sizes; storable bit for bit."""

    pcm: Pcm
    """(16000,) the last second of sound, newest last; only the last `counts[0]` are real."""
    levels_db: Floats
    """(100,) levels of the last ten seconds by blocks of 0.1 s; the last `counts[1]` are real."""
    counts: npt.NDArray[np.int64]
    """(3,) samples held, levels held, samples since the start or the last gap."""
    opinion: Floats
    """(3,) the event detector's speech, singing and music where it was asked for the chunk just
    before, and -1 where it was not; only the tagger writes and reads it."""

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The four arrays by field name, for storing."""
        return {
            "pcm": self.pcm,
            "levels_db": self.levels_db,
            "counts": self.counts,
            "opinion": self.opinion,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """A stored context again. Raises `StateIncompatible` where a field has another shape."""
        want = initial_context().to_arrays()
        for name, value in want.items():
            got = arrays.get(name)
            if got is None or got.shape != value.shape or got.dtype != value.dtype:
                is_ = "missing" if got is None else f"{got.dtype}{list(got.shape)}"
                must = f"{value.dtype}{list(value.shape)}"
                raise StateIncompatible(f"sound context: {name} is {is_}, must be {must}")
        context = cls(
            pcm=np.array(arrays["pcm"], np.int16),
            levels_db=np.array(arrays["levels_db"], np.float32),
            counts=np.array(arrays["counts"], np.int64),
            opinion=np.array(arrays["opinion"], np.float32),
        )
        held, levels, total = (int(c) for c in context.counts)
        if held != min(total, CONTEXT_SAMPLES) or levels != min(total // dsp.LEVEL_BLOCK, LEVELS):
            raise StateIncompatible(f"sound context: counts {held}, {levels}, {total} disagree")
        if not bool(((context.opinion >= -1) & (context.opinion <= 1)).all()):
            raise StateIncompatible(f"sound context: opinion {context.opinion}, must be -1 to 1")
        return context


def initial_context() -> SoundContext:
    """The context of a session that has not yet been heard (also after a gap)."""
    return SoundContext(
        pcm=np.zeros(CONTEXT_SAMPLES, np.int16),
        levels_db=np.zeros(LEVELS, np.float32),
        counts=np.zeros(3, np.int64),
        opinion=no_opinion(),
    )


def no_opinion() -> Floats:
    """What stands for a chunk before which the event detector was not asked."""
    return np.full(3, -1, np.float32)


def advance(context: SoundContext, chunk: Pcm) -> SoundContext:
    """The context after one more chunk, for which the event detector was not asked."""
    both = np.concatenate([context.pcm, chunk])
    total = int(context.counts[2])
    after = total + len(chunk)
    # Blocks are counted from the start or the last gap, however the sound is cut into chunks.
    first, last = total // dsp.LEVEL_BLOCK, after // dsp.LEVEL_BLOCK
    levels = context.levels_db
    if last > first:
        begin = len(both) - (after - first * dsp.LEVEL_BLOCK)
        new = dsp.block_levels_db(both[begin : begin + (last - first) * dsp.LEVEL_BLOCK])
        levels = np.concatenate([levels, new.astype(np.float32)])[-LEVELS:]
    counts = np.array([min(after, CONTEXT_SAMPLES), min(last, LEVELS), after], np.int64)
    pcm = both[-CONTEXT_SAMPLES:].copy()
    return SoundContext(pcm=pcm, levels_db=levels, counts=counts, opinion=no_opinion())


def floor_db(context: SoundContext, level_db: Callable[[], npt.NDArray[np.float64]]) -> float:
    """The background's level: what the quietest sixth of the last ten seconds stayed under.

    `level_db` gives the window's own levels; it is asked at the start of a session only.
    """
    known = context.levels_db[LEVELS - int(context.counts[1]) :]
    if len(known) < 10:  # less than a second was heard: the window itself has to tell
        known = np.minimum(level_db(), -50.0).astype(np.float32)
    return float(np.percentile(known, 16))
