"""Joins one interval's looks, voice and music to posteriors; knows no network and no session.

The weights were chosen on streams of held-out recordings (`model/LOG.md`).
"""

import numpy as np
import numpy.typing as npt

from ttm_model.tagger.classes import TAGGER_CLASSES

Floats = npt.NDArray[np.float32]

_NAMES = [c.name for c in TAGGER_CLASSES]
_SPEECH, _MUSIC = _NAMES.index("speech"), _NAMES.index("music")
_SILENCE = _NAMES.index("silence")
_VOICE_FRAMES = 3  # a tenth of a second of silero's
_MUSIC_FRAMES = 25  # a quarter of a second of the event detector's
_UNSURE = (0.05, 0.98)  # of music: outside, a second opinion changes nothing worth its cost
_QUIET_DB = -60.0  # of full scale; training's faintest events are at -42

SILENT: Floats = np.eye(len(_NAMES), dtype=np.float32)[_SILENCE]
"""Posteriors (C,) of half a second in which nothing sounds."""


def is_quiet(part: npt.NDArray[np.int16]) -> bool:
    """Whether no 50 ms block of `part` (T,), T a multiple of 800, is loud enough to judge.

    Such half seconds are silence and cost no network: most of a night, in most rooms.
    """
    blocks = part.astype(np.float64).reshape(-1, 800) / 32768
    return bool((blocks**2).mean(1).max() < 10 ** (_QUIET_DB / 10))


def fuse(looks: Floats, voice: Floats) -> Floats:
    """Posteriors (C,) of `looks` (L, C), each half a second, and `voice` (V,) in their interval.

    A class was heard where any look heard it; silence only where all did.
    """
    out = looks.max(0)
    out[_SILENCE] = looks[:, _SILENCE].min()
    voiced = np.sort(voice)[-_VOICE_FRAMES:].mean()
    out[_SPEECH] = _sigmoid(0.5 * _logit(float(out[_SPEECH])) + 0.5 * _logit(float(voiced)))
    return np.asarray(out, np.float32)


def unsure_of_music(posteriors: Floats) -> bool:
    """Whether the event detector should be asked about music as well."""
    return bool(_UNSURE[0] < posteriors[_MUSIC] < _UNSURE[1])


def with_music(posteriors: Floats, music: Floats) -> Floats:
    """`posteriors` (C,), music joined with the detector's frames `music` (F,) in the interval."""
    out = posteriors.copy()
    if len(music):
        seen = float(np.sort(music)[-_MUSIC_FRAMES:].mean())
        second = _logit(_sigmoid(0.75 * _logit(seen) - 0.2))  # as the first version judges it
        out[_MUSIC] = _sigmoid(0.25 * _logit(float(out[_MUSIC])) + 0.75 * second)
    return out


def salience_of(level_db: npt.NDArray[np.float64], floor: float) -> float:
    """How far the loudest tenth of a second stands above the background `floor` dB, 0 to 1."""
    level = float(np.sort(level_db)[-10:].mean())
    return _sigmoid((level - floor - 12.0) / 4.0)


def _logit(p: float) -> float:
    return float(np.log((p + 1e-3) / (1 - p + 1e-3)))


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -60.0, 60.0))))
