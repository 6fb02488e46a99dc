"""Sounds that the tests of speech share; knows no recogniser."""

from pathlib import Path

import av
import numpy as np

from ttm_model.chunk import ChunkMedia
from ttm_model.speech.state import SegmenterState

RATE = 16_000
CLIPS = Path(__file__).parents[2] / "data"


def clip(name):
    """A committed clip, (T,) float32 at 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(CLIPS / name) as container:
        frames = [*container.decode(audio=0), None]
    parts = [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32) / 32768


def quiet(seconds, level=1e-4, seed=0):
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (level * noise).astype(np.float32)


def spoken(*pauses_s, name="speech/young_man.opus"):
    """The sentence before, between and after pauses."""
    parts = [quiet(pauses_s[0])]
    for at, pause_s in enumerate(pauses_s[1:]):
        parts += [clip(name), quiet(pause_s, seed=at + 1)]
    return np.concatenate(parts)


def chunks(sound, seconds=0.5, start_s=0.0):
    size = round(seconds * RATE)
    return [
        ChunkMedia(
            start_s + at / RATE, len(sound[at : at + size]) / RATE, audio=sound[at : at + size]
        )
        for at in range(0, len(sound), size)
    ]


def fold(segmenter, media, state=None):
    """The state after all chunks, and what closed with each."""
    state = state or SegmenterState.initial()
    closed = []
    for chunk in media:
        state, more = segmenter.extended(state, chunk)
        closed.append(more)
    return state, closed


def flat(closed):
    return [stretch for each in closed for stretch in each]


def same(one, other):
    return all(one.tensors()[name].equal(other.tensors()[name]) for name in one.tensors())
