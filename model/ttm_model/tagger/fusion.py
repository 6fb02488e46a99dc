"""Joins one interval's looks, voice and opinion to posteriors; knows no network and no session.

An opinion (3,) is what the event detector says of the interval: speech, singing, music; -1: none.

The weights were chosen on streams of held-out recordings and of packages that training never used
(`model/LOG.md`).
"""

import numpy as np
import numpy.typing as npt

from ttm_model.tagger.classes import TAGGER_CLASSES

Floats = npt.NDArray[np.float32]

_NAMES = [c.name for c in TAGGER_CLASSES]
_SPEECH, _MUSIC = _NAMES.index("speech"), _NAMES.index("music")
_SINGING, _SILENCE = _NAMES.index("singing"), _NAMES.index("silence")
_VOICE_FRAMES = 3  # a tenth of a second of silero's
_EVENT_FRAMES = 25  # a quarter of a second of the event detector's
# Outside of these a second opinion changes nothing worth its cost.
_UNSURE_OF_SPEECH = (0.03, 0.95)
_UNSURE_OF_MUSIC = (0.05, 0.9)
_UNSURE_UNDER_SPEECH = (0.1, 0.9)  # of music, where speech is as plain as `_PLAIN_SPEECH`
_PLAIN_SPEECH = 0.8
_PLAIN_MUSIC = (0.03, 0.8)  # outside, the opinion goes for the next chunk as well
_QUIET_DB = -60.0  # of full scale; training's faintest events are at -42

SILENT: Floats = np.eye(len(_NAMES), dtype=np.float32)[_SILENCE]
"""Posteriors (C,) of half a second in which nothing sounds."""


def is_quiet(part: npt.NDArray[np.int16]) -> bool:
    """Whether no 50 ms block of `part` (T,), T a multiple of 800, is loud enough to judge.

    Such half seconds are silence and cost no network: most of a night, in most rooms.
    """
    blocks = part.astype(np.float64).reshape(-1, 800) / 32768
    return bool((blocks**2).mean(1).max() < 10 ** (_QUIET_DB / 10))


def join(looks: Floats) -> Floats:
    """Posteriors (C,) of `looks` (L, C), each half a second.

    A class was heard where any look heard it; silence only where all did.
    """
    out: Floats = looks.max(0)
    out[_SILENCE] = looks[:, _SILENCE].min()
    return out


def unsure_of_speech(posteriors: Floats) -> bool:
    """Whether silero should be asked about speech as well."""
    return bool(_UNSURE_OF_SPEECH[0] < posteriors[_SPEECH] < _UNSURE_OF_SPEECH[1])


def unsure_of_music(posteriors: Floats) -> bool:
    """Whether the event detector should be asked about music as well."""
    plain = posteriors[_SPEECH] > _PLAIN_SPEECH
    low, high = _UNSURE_UNDER_SPEECH if plain else _UNSURE_OF_MUSIC
    return bool(low < posteriors[_MUSIC] < high)


def with_speech(posteriors: Floats, voice: Floats) -> Floats:
    """`posteriors` (C,), speech joined with silero's frames `voice` (V,) in the interval."""
    out = posteriors.copy()
    voiced = np.sort(voice)[-_VOICE_FRAMES:].mean()
    out[_SPEECH] = _sigmoid(0.5 * _logit(float(out[_SPEECH])) + 0.5 * _logit(float(voiced)))
    return out


def opinion_of(events: Floats) -> Floats:
    """The opinion (3,) that lies in the event detector's frames `events` (F, 3), 10 ms each."""
    if not len(events):
        return np.full(3, -1, np.float32)
    return np.asarray(np.sort(events, axis=0)[-_EVENT_FRAMES:].mean(0), np.float32)


def holds(opinion: Floats, posteriors: Floats) -> bool:
    """Whether the last chunk's opinion will do for this one, whose `posteriors` (C,) are unsure.

    It does where it was plain, and where speech is plain now: music behind it changes slowly.

    One chunk only: the next but one asks in any case, so a change is heard half a second late.
    """
    if opinion[2] < 0:
        return False
    plain = opinion[2] < _PLAIN_MUSIC[0] or opinion[2] > _PLAIN_MUSIC[1]
    return bool(plain or posteriors[_SPEECH] > _PLAIN_SPEECH)


def with_opinion(posteriors: Floats, opinion: Floats) -> Floats:
    """`posteriors` (C,), music and singing joined with the event detector's opinion (3,).

    The detector hears much speech in a song, and silero little: speech speaks for singing where the
    one hears it, against it where all do.
    """
    out = posteriors.copy()
    if opinion[2] < 0:
        return out
    speech, singing, music = (_logit(float(p)) for p in opinion)
    # The first version's judgement of music, see `encoders.sound_fusion`.
    second = _logit(_sigmoid(0.75 * music - 0.2))
    out[_MUSIC] = _sigmoid(0.25 * _logit(float(out[_MUSIC])) + 0.75 * second)
    sung = _logit(float(out[_SINGING])) + 0.75 * singing + 0.5
    out[_SINGING] = _sigmoid(sung + 0.3 * speech - 0.6 * _logit(float(out[_SPEECH])))
    return out


def salience_of(level_db: npt.NDArray[np.float64], floor: float) -> float:
    """How far the loudest tenth of a second stands above the background `floor` dB, 0 to 1."""
    level = float(np.sort(level_db)[-10:].mean())
    return _sigmoid((level - floor - 12.0) / 4.0)


def _logit(p: float) -> float:
    return float(np.log((p + 1e-3) / (1 - p + 1e-3)))


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -60.0, 60.0))))
