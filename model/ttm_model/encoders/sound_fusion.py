"""From one interval's measures to class posteriors. Knows no network, no window and no session.

Rules of a few numbers each, tuned on composed streams that the reported measurements do not share
material with (`model/LOG.md`). They say only what these measures can honestly tell apart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ttm_model.encoders.sound_dsp import Frames

_DECIDED_FRAMES = 25  # a class has to hold for a quarter of a second of event-detector frames
_VOICE_FRAMES = 3  # a tenth of a second of silero's
_TONE_FRAMES = 9
_SUSTAINED = 0.7


@dataclass(frozen=True, slots=True)
class IntervalMeasures:
    """What was measured of one interval and of the window around it."""

    events: npt.NDArray[np.float32]
    """(F, 3) speech, singing, music of every event-detector frame of the window, 10 ms each."""
    heard: npt.NDArray[np.bool_]
    """(F,) which of them lie in the interval."""
    voice: npt.NDArray[np.float32]
    """(V,) silero's speech probabilities in the interval, 32 ms each; never empty."""
    frames: Frames
    """Signal measures of the window."""
    inside: npt.NDArray[np.bool_]
    """Which of the signal's frames lie in the interval; at least one does."""
    floor_db: float
    """The background's level."""


def judge(m: IntervalMeasures) -> npt.NDArray[np.float32]:
    """Posteriors (7,) in the order of `VOICE_CLASSES`."""
    heard = m.events[m.heard]
    speech_seen, singing, music_seen = (_strongest(heard[:, k], _DECIDED_FRAMES) for k in range(3))
    voiced = _strongest(m.voice, _VOICE_FRAMES)
    speech = _sigmoid(0.6 * _logit(speech_seen) + 1.2 * _logit(voiced) - 2.0)

    loudest = float(m.frames.level_db[m.inside].max())
    usual = float(np.percentile(m.frames.level_db[m.inside], 90))
    above = _above_floor(usual, m.floor_db)
    tone = _strongest(m.frames.tone[m.inside], _TONE_FRAMES)
    strike = float(m.frames.strike_db[m.inside].max())
    # The detector takes one struck or steady tone for music. Music goes on: where it has not yet,
    # the plainer explanation wins; where it has, a strike is its drum.
    sustained = _sigmoid((float((m.events[:, 2] > 0.5).mean()) - _SUSTAINED) / 0.05)

    beep = _sigmoid((tone - 0.97 - 0.015 * sustained) / 0.005) * above * (1 - speech)
    knock = _sigmoid((strike - 15.0) / 1.5) * (1 - sustained) * (1 - speech) * (1 - beep)
    music = _sigmoid(0.75 * _logit(music_seen) - 0.2) * (1 - max(beep, knock))
    singing *= (1 - speech_seen) * (1 - max(beep, knock))
    named = max(speech, singing, music, beep, knock)
    sound = max(above, _above_floor(loudest, m.floor_db + 6)) * (1 - named)
    quiet = max(_sigmoid((-50.0 - loudest) / 1.2), (1 - above) * _sigmoid((-42.0 - loudest) / 1.5))
    silence = quiet * (1 - max(named, sound))
    return np.array([speech, singing, music, beep, knock, sound, silence], np.float32)


def loudness_salience(m: IntervalMeasures) -> float:
    """How far the loudest tenth of a second of the interval stands above the background, 0 to 1."""
    level = _strongest(m.frames.level_db[m.inside], 10)
    return _sigmoid((level - m.floor_db - 12.0) / 4.0)


def _above_floor(level_db: float, floor_db: float) -> float:
    return _sigmoid((level_db - floor_db - 9.0) / 1.5) * _sigmoid((level_db + 56.0) / 1.5)


def _strongest(x: npt.NDArray[np.floating], count: int) -> float:
    """Mean of the `count` largest values, or of all where there are fewer."""
    return float(np.sort(x)[-count:].mean())


def _logit(p: float) -> float:
    return float(np.log((p + 1e-3) / (1 - p + 1e-3)))


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -60.0, 60.0))))
