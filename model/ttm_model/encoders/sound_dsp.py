"""Plain signal measures of a window of sound: level, tone, strike. Knows no network and no class.

All frames are 512 samples (32 ms, Hann) every 160 samples (10 ms) at 16 kHz. Levels are decibels
relative to full scale (a full-scale square wave is 0 dB), taken between 100 Hz and 7.9 kHz so that
mains hum and rumble do not count.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

RATE_HZ = 16_000
HOP = 160
WIDTH = 512
LEVEL_BLOCK = 1_600  # samples of one entry of the level history: 0.1 s
QUIETEST_DB = -96.0

_LOW_HZ, _HIGH_HZ = 100.0, 7_900.0
_TONE_PARTIALS = 3
_TONE_LOWEST_HZ = 380.0  # beepers and alarms sound above it, bass notes below
_TONE_FRAMES = 9  # a tone has to stand for 90 ms
_TONE_DRIFT_BINS = 0.35  # and its strongest partial must not move further than 11 Hz
_TONE_LEVEL_DB = 4.0  # nor its level further than this
_STRIKE_BEFORE = 12  # frames before an onset that it is compared with
_STRIKE_AFTER = 14  # frames after it within which it has to die away
_EDGE_FRAMES = 3  # frames one sharp edge is smeared over by overlapping windows


@dataclass(frozen=True, slots=True)
class Frames:
    """Measures of each frame of one window, all (F,)."""

    centre: npt.NDArray[np.int64]
    """Sample at the frame's middle."""
    level_db: FloatArray
    tone: FloatArray
    """Share of the power in at most three partials that stand still, 0 where they do not."""
    strike_db: FloatArray
    """How far the level jumps here, where it also falls back soon; 0 elsewhere."""


def frames(pcm: npt.NDArray[np.int16]) -> Frames:
    """Measure a window `pcm` (T,), T >= 512; F = 1 + (T - 512) // 160."""
    band = _band(pcm)
    total = band.sum(1)
    level_db = _decibels(total)
    return Frames(
        centre=np.arange(len(band)) * HOP + WIDTH // 2,
        level_db=level_db,
        tone=_tone(band, total, level_db),
        strike_db=_strike(level_db),
    )


def levels_db(pcm: npt.NDArray[np.int16], start: int, end: int) -> FloatArray:
    """Levels only, and only of the frames of `pcm` whose middle lies in [start, end)."""
    first = max(0, -(-(start - WIDTH // 2) // HOP))
    last = min(1 + (len(pcm) - WIDTH) // HOP, -(-(end - WIDTH // 2) // HOP))
    if last <= first:
        return np.zeros(0)
    return _decibels(_band(pcm[first * HOP : (last - 1) * HOP + WIDTH]).sum(1))


def block_levels_db(pcm: npt.NDArray[np.int16]) -> FloatArray:
    """Levels of the consecutive 0.1 s blocks of `pcm` (T,), T a multiple of 1600: (T // 1600,)."""
    x = pcm.reshape(-1, LEVEL_BLOCK).astype(np.float64) / 32768
    power = _power(x) * (2 / LEVEL_BLOCK**2)
    levels: FloatArray = _decibels(power[:, _heard(LEVEL_BLOCK)].sum(1))
    return levels


def _band(pcm: npt.NDArray[np.int16]) -> FloatArray:
    """Power of each frame of `pcm` (T,) at the frequencies that count: (F, K)."""
    x = np.lib.stride_tricks.sliding_window_view(pcm, WIDTH)[::HOP].astype(np.float64) / 32768
    window = _window()
    power = _power(x * window) * (2 / (WIDTH * float((window**2).sum())))
    band: FloatArray = power[:, _heard(WIDTH)]
    return band


def _power(x: FloatArray) -> FloatArray:
    spectrum = np.fft.rfft(x)
    power: FloatArray = spectrum.real**2 + spectrum.imag**2
    return power


@cache
def _window() -> FloatArray:
    return np.hanning(WIDTH)


@cache
def _heard(width: int) -> npt.NDArray[np.bool_]:
    hz = np.fft.rfftfreq(width, 1 / RATE_HZ)
    return (hz >= _LOW_HZ) & (hz <= _HIGH_HZ)


def _decibels(power: FloatArray) -> FloatArray:
    level_db: FloatArray = np.maximum(QUIETEST_DB, 10 * np.log10(np.maximum(power, 1e-12)))
    return level_db


def _tone(band: FloatArray, total: FloatArray, level_db: FloatArray) -> FloatArray:
    rows = np.arange(len(band))
    rest, kept = np.pad(band, ((0, 0), (2, 2))), np.zeros(len(band))
    place = np.zeros(len(band))
    for partial in range(_TONE_PARTIALS):
        peak = rest[:, 2:-2].argmax(1)
        around = peak[:, None] + np.arange(5)  # (F, 5)
        part = rest[rows[:, None], around]
        kept += part.sum(1)
        if partial == 0:  # centre of mass of the strongest partial, in bins
            place = (part * around).sum(1) / (part.sum(1) + 1e-14)
        rest[rows[:, None], around] = 0
    share = kept / (total + 1e-14)
    still = (_range(place) < _TONE_DRIFT_BINS) & (_range(level_db) < _TONE_LEVEL_DB)
    # `place` counts from two bins of padding below the band's first bin.
    share[(place - 2) * RATE_HZ / WIDTH + _LOW_HZ < _TONE_LOWEST_HZ] = 0
    run = np.zeros(len(band), bool)
    for start in np.flatnonzero(still):
        run[start : start + _TONE_FRAMES] = True
    return np.where(run, share, 0.0)


def _range(x: FloatArray) -> FloatArray:
    """Highest minus lowest over each run of frames long enough for a tone: (F - 8,), or (0,)."""
    if len(x) < _TONE_FRAMES:
        return np.zeros(0)
    runs = np.lib.stride_tricks.sliding_window_view(x, _TONE_FRAMES)
    span: FloatArray = runs.max(1) - runs.min(1)
    return span


def _strike(level_db: FloatArray) -> FloatArray:
    """For each frame the smaller of its jump over what was before and its fall after, in dB."""
    n = len(level_db)
    out = np.zeros(n)
    for i in range(_EDGE_FRAMES, n):
        before = level_db[max(0, i - _STRIKE_BEFORE) : i - _EDGE_FRAMES + 1]
        after = level_db[i + 1 : i + 1 + _STRIKE_AFTER]
        if len(after) < _STRIKE_AFTER // 2 or level_db[i] < level_db[i - 1 : i + 2].max():
            continue
        out[i] = max(0.0, min(level_db[i] - before.max(), level_db[i] - after.min()))
    return out
