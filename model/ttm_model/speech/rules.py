"""When an utterance opens, closes and is cut, frame by frame; knows no sound and no network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ttm_model.chunk import SAMPLE_RATE_HZ
from ttm_model.speech.state import NEVER
from ttm_model.speech.voice import FRAME

Floats = npt.NDArray[np.float32]
Stretch = tuple[float, float]  # [start, end) in media-clock seconds

LONGEST_S = 7.5
PAUSE_S = 0.6  # without voice for so long, an utterance is over
BESIDE_S = 0.2  # sound kept before and after the voice
LEAST_S = 0.25  # of voice: less is none
OPENS, GOES_ON = 0.5, 0.35  # probability of voice: silero's own thresholds

FRAME_S = FRAME / SAMPLE_RATE_HZ
_SMOOTH = 5  # frames over which a place is judged for a cut: 0.16 s
_DB_OF_VOICE = 20.0  # how many dB of level the surest voice counts for, where a cut is sought


@dataclass(slots=True)
class Going:
    """The state's plain numbers while one chunk is taken in; see `state.TIMES`."""

    since_s: float
    heard_s: float
    open_s: float
    voice_s: float
    closed_s: float
    voiced: int
    frames: Floats  # (2, known) voice and level in dB, newest last


def take(going: Going, start_s: float, voice: float) -> list[Stretch]:
    """Take in one frame that starts at `start_s`; what closes with it."""
    end_s = start_s + FRAME_S
    is_open = going.open_s != NEVER
    if voice >= (GOES_ON if is_open else OPENS):
        if not is_open:
            going.open_s = max(start_s - BESIDE_S, going.since_s, going.closed_s)
            going.voiced = 0
        going.voice_s = max(end_s, going.open_s)
        going.voiced += 1
    elif is_open and end_s - going.voice_s >= PAUSE_S:
        return close(going, going.voice_s + BESIDE_S)
    if going.open_s != NEVER and end_s - going.open_s > LONGEST_S - FRAME_S:
        return _cut(going, end_s)
    return []


def close(going: Going, end_s: float) -> list[Stretch]:
    """Close what is open, if anything is, at `end_s`; too little voice is no utterance."""
    open_s, voiced = going.open_s, going.voiced
    going.open_s = going.voice_s = NEVER
    going.voiced = 0
    if open_s == NEVER or voiced * FRAME_S < LEAST_S:
        return []
    going.closed_s = end_s
    return [(open_s, end_s)]


def _cut(going: Going, now_s: float) -> list[Stretch]:
    """Close a long utterance at the quietest place of its last two seconds; go on from there."""
    voice, level = going.frames
    cost = _DB_OF_VOICE * voice + level
    smooth = np.convolve(cost, np.full(_SMOOTH, 1 / _SMOOTH, np.float32), "valid")
    middle = int(np.argmin(smooth)) + _SMOOTH // 2
    after = going.frames.shape[1] - middle - 0.5  # frames from the cut to now
    at_s = now_s - after * FRAME_S
    voice_s = going.voice_s
    closed = close(going, min(at_s, voice_s + BESIDE_S))
    if voice_s > at_s:
        going.open_s, going.voice_s = max(at_s, going.closed_s), voice_s
        going.voiced = int(np.count_nonzero(voice[middle + 1 :] >= GOES_ON))
    return closed
