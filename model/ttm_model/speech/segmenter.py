"""Chunks of sound in, closed utterances out: a pure fold. Knows no word, no job and no memory.

An utterance opens where voice is heard and closes at a pause, where sound breaks off, or after
LONGEST_S at the quietest place of its last two seconds. Utterances never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ttm_model.chunk import SAMPLE_RATE_HZ, ChunkMedia
from ttm_model.encoders.weights import PinnedWeights
from ttm_model.slow import KEPT_S, LAG_S
from ttm_model.speech.state import FRAMES, NEVER, SegmenterState
from ttm_model.speech.voice import FRAME, PAST, VoiceDetector
from ttm_model.speech.weights import SILERO_SEQUENCE

Floats = npt.NDArray[np.float32]
Stretch = tuple[float, float]  # [start, end) in media-clock seconds

LONGEST_S = 7.5
PAUSE_S = 0.6  # without voice for so long, an utterance is over
BESIDE_S = 0.2  # sound kept before and after the voice
LEAST_S = 0.25  # of voice: less is none
JUMP_S = 0.1  # by which chunks may miss each other and still be one sound
OPENS, GOES_ON = 0.5, 0.35  # probability of voice: silero's own thresholds

_FRAME_S = FRAME / SAMPLE_RATE_HZ
_SMOOTH = 5  # frames over which a place is judged for a cut: 0.16 s
_DB_OF_VOICE = 20.0  # how many dB of level the surest voice counts for, where a cut is sought


def due_s(start_s: float, chunk_end_s: float) -> float:
    """When the words of an utterance are due that began at `start_s` and closed with that chunk.

    LAG_S later; sooner where a long chunk closed a long utterance, since what is still to be read
    reaches no further back than KEPT_S.
    """
    return min(chunk_end_s + LAG_S, start_s + KEPT_S)


@dataclass(slots=True)
class _Going:
    """The state's plain numbers while one chunk is taken in."""

    since_s: float
    heard_s: float
    open_s: float
    voice_s: float
    closed_s: float
    voiced: int
    frames: Floats  # (2, known), newest last


class Segmenter:
    """Finds utterances. Pure: a state and a chunk to another state and what has closed."""

    def __init__(self, weights: PinnedWeights = SILERO_SEQUENCE) -> None:
        """Load the voice detector. Raises `WeightsError` where its weights are others."""
        self._voice = VoiceDetector(weights)

    def extended(
        self, state: SegmenterState, media: ChunkMedia
    ) -> tuple[SegmenterState, tuple[Stretch, ...]]:
        """After one more chunk: the state, and the utterances that closed, by time.

        No sound in the chunk, or a jump of the clock of more than JUMP_S, ends what was open.
        """
        sound = media.audio if media.audio is not None else np.zeros(0, np.float32)
        heard_s = float(state.times[1])
        closed: tuple[Stretch, ...] = ()
        if heard_s != NEVER and (not len(sound) or abs(media.start_s - heard_s) > JUMP_S):
            state, closed = self.flushed(state)
        if not len(sound):
            return state, closed
        going = _going(state)
        waiting = int(state.counts[0])
        if going.since_s == NEVER:
            going.since_s = media.start_s
        known = np.concatenate([state.sound.numpy()[FRAME - waiting :], sound])
        count = (len(known) - PAST) // FRAME
        network = state.network.numpy()
        found: list[Stretch] = []
        if count:
            judged = known[: PAST + count * FRAME]
            voice, network = self._voice(judged, network)
            levels = _levels_db(judged[PAST:].reshape(count, FRAME))
            for at in range(count):
                start_s = media.start_s + (at * FRAME - waiting) / SAMPLE_RATE_HZ
                frame = np.array([[voice[at]], [levels[at]]], np.float32)
                going.frames = np.concatenate([going.frames, frame], 1)[:, -FRAMES:]
                found += _frame(going, max(going.since_s, start_s), float(voice[at]))
        going.heard_s = max(going.heard_s, media.start_s + len(sound) / SAMPLE_RATE_HZ)
        rest = known[count * FRAME :]
        return _state(going, network, rest), (*closed, *found)

    def flushed(self, state: SegmenterState) -> tuple[SegmenterState, tuple[Stretch, ...]]:
        """As if sound broke off here: closes what is open. The next chunk starts anew."""
        going = _going(state)
        closed = _close(going, min(going.voice_s + BESIDE_S, going.heard_s))
        fresh = SegmenterState.initial()
        fresh.times[4] = going.closed_s
        return fresh, tuple(closed)


def _frame(going: _Going, start_s: float, voice: float) -> list[Stretch]:
    """Take in one frame that starts at `start_s`; what closes with it."""
    end_s = start_s + _FRAME_S
    is_open = going.open_s != NEVER
    if voice >= (GOES_ON if is_open else OPENS):
        if not is_open:
            going.open_s = max(start_s - BESIDE_S, going.since_s, going.closed_s)
            going.voiced = 0
        going.voice_s = max(end_s, going.open_s)
        going.voiced += 1
    elif is_open and end_s - going.voice_s >= PAUSE_S:
        return _close(going, going.voice_s + BESIDE_S)
    if going.open_s != NEVER and end_s - going.open_s > LONGEST_S - _FRAME_S:
        return _cut(going, end_s)
    return []


def _close(going: _Going, end_s: float) -> list[Stretch]:
    """Close what is open, if anything is, at `end_s`; too little voice is no utterance."""
    open_s, voiced = going.open_s, going.voiced
    going.open_s = going.voice_s = NEVER
    going.voiced = 0
    if open_s == NEVER or voiced * _FRAME_S < LEAST_S:
        return []
    going.closed_s = end_s
    return [(open_s, end_s)]


def _cut(going: _Going, now_s: float) -> list[Stretch]:
    """Close a long utterance at the quietest place of its last two seconds; go on from there."""
    voice, level = going.frames
    cost = _DB_OF_VOICE * voice + level
    smooth = np.convolve(cost, np.full(_SMOOTH, 1 / _SMOOTH, np.float32), "valid")
    middle = int(np.argmin(smooth)) + _SMOOTH // 2
    after = going.frames.shape[1] - middle - 0.5  # frames from the cut to now
    at_s = now_s - after * _FRAME_S
    voice_s = going.voice_s
    closed = _close(going, min(at_s, voice_s + BESIDE_S))
    if voice_s > at_s:
        going.open_s, going.voice_s = max(at_s, going.closed_s), voice_s
        going.voiced = int(np.count_nonzero(voice[middle + 1 :] >= GOES_ON))
    return closed


def _levels_db(frames: Floats) -> Floats:
    """(F,) mean power of each frame (F, FRAME) in dB under full scale, at least -100."""
    power = np.einsum("fs,fs->f", frames, frames) / np.float32(FRAME)
    levels: Floats = 10 * np.log10(power + np.float32(1e-10))
    return levels


def _going(state: SegmenterState) -> _Going:
    _, known, voiced = state.counts.tolist()
    frames = state.frames.numpy()[:, FRAMES - known :]
    return _Going(*state.times.tolist(), voiced=voiced, frames=frames)


def _state(going: _Going, network: Floats, rest: Floats) -> SegmenterState:
    """`rest` (PAST + waiting,): the sound from which the next frame starts."""
    known = going.frames.shape[1]
    sound = np.zeros(PAST + FRAME, np.float32)
    sound[len(sound) - len(rest) :] = rest
    frames = np.zeros((2, FRAMES), np.float32)
    frames[:, FRAMES - known :] = going.frames
    times = (going.since_s, going.heard_s, going.open_s, going.voice_s, going.closed_s)
    return SegmenterState(
        torch.from_numpy(network),
        torch.from_numpy(sound),
        torch.from_numpy(frames),
        torch.tensor(times, dtype=torch.float64),
        torch.tensor([len(rest) - PAST, known, going.voiced], dtype=torch.int32),
    )
