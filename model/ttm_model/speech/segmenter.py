"""Chunks of sound in, closed utterances out: a pure fold. Knows no word, no job and no memory.

An utterance opens where voice is heard and closes at a pause, where sound breaks off, or after
LONGEST_S at the quietest place of its last two seconds. Utterances never overlap.
"""

from __future__ import annotations

import numpy as np
import torch

from ttm_model.chunk import SAMPLE_RATE_HZ, ChunkMedia
from ttm_model.encoders.weights import PinnedWeights
from ttm_model.slow import KEPT_S, LAG_S
from ttm_model.speech.rules import BESIDE_S, Floats, Going, Stretch, close, take
from ttm_model.speech.state import FRAMES, NEVER, SegmenterState
from ttm_model.speech.voice import FRAME, PAST, VoiceDetector
from ttm_model.speech.weights import SILERO_SEQUENCE

JUMP_S = 0.1  # by which chunks may miss each other and still be one sound


def due_s(start_s: float, chunk_end_s: float) -> float:
    """When the words of an utterance are due that began at `start_s` and closed with that chunk.

    LAG_S later; sooner where a long chunk closed a long utterance, or the clock jumped, since a job
    reaches no further back than KEPT_S before it is due. That may be before the chunk's own end: it
    is then due with the next one.
    """
    return min(chunk_end_s + LAG_S, start_s + KEPT_S)


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
                found += take(going, max(going.since_s, start_s), float(voice[at]))
        going.heard_s = max(going.heard_s, media.start_s + len(sound) / SAMPLE_RATE_HZ)
        rest = known[count * FRAME :]
        return _state(going, network, rest), (*closed, *found)

    def flushed(self, state: SegmenterState) -> tuple[SegmenterState, tuple[Stretch, ...]]:
        """As if sound broke off here: closes what is open. The next chunk starts anew."""
        going = _going(state)
        closed = close(going, min(going.voice_s + BESIDE_S, going.heard_s))
        fresh = SegmenterState.initial()
        fresh.times[4] = going.closed_s
        return fresh, tuple(closed)


def _levels_db(frames: Floats) -> Floats:
    """(F,) mean power of each frame (F, FRAME) in dB under full scale, at least -100."""
    power = np.einsum("fs,fs->f", frames, frames) / np.float32(FRAME)
    levels: Floats = 10 * np.log10(power + np.float32(1e-10))
    return levels


def _going(state: SegmenterState) -> Going:
    _, known, voiced = state.counts.tolist()
    since_s, heard_s, open_s, voice_s, closed_s = state.times.tolist()
    frames = state.frames.numpy()[:, FRAMES - known :]
    return Going(since_s, heard_s, open_s, voice_s, closed_s, voiced, frames)


def _state(going: Going, network: Floats, rest: Floats) -> SegmenterState:
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
