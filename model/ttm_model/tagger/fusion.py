"""Joins one interval's looks and silero's voice to posteriors; knows no network and no session."""

import numpy as np
import numpy.typing as npt

from ttm_model.tagger.classes import TAGGER_CLASSES

Floats = npt.NDArray[np.float32]

_NAMES = [c.name for c in TAGGER_CLASSES]
_SPEECH, _SILENCE = _NAMES.index("speech"), _NAMES.index("silence")
_VOICE_FRAMES = 3  # a tenth of a second of silero's
_SPEECH_WEIGHTS = (0.5, 0.5, 0.0)
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
    tagged, heard, offset = _SPEECH_WEIGHTS
    both = tagged * _logit(float(out[_SPEECH])) + heard * _logit(float(voiced)) + offset
    out[_SPEECH] = _sigmoid(both)
    return np.asarray(out, np.float32)


def salience_of(level_db: npt.NDArray[np.float64], floor: float) -> float:
    """How far the loudest tenth of a second stands above the background `floor` dB, 0 to 1."""
    level = float(np.sort(level_db)[-10:].mean())
    return _sigmoid((level - floor - 12.0) / 4.0)


def _logit(p: float) -> float:
    return float(np.log((p + 1e-3) / (1 - p + 1e-3)))


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -60.0, 60.0))))
