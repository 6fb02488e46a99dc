"""Kinds of change that the sound tagger's training never uses, for testing; knows no class."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve, istft, resample_poly, stft

RATE = 16_000
Rng = np.random.Generator


def telephone(rng: Rng, x: np.ndarray) -> np.ndarray:
    """8 kHz, 300 to 3400 Hz, 8-bit mu-law."""
    y = resample_poly(x, 1, 2)
    spectrum = np.fft.rfft(y)
    hz = np.fft.rfftfreq(len(y), 2 / RATE)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    y = np.fft.irfft(spectrum, len(y))
    y = y / (np.abs(y).max() + 1e-9) * rng.uniform(0.3, 1)
    coded = np.round(np.sign(y) * np.log1p(255 * np.abs(y)) / np.log(256) * 127) / 127
    return resample_poly(np.sign(coded) * (256 ** np.abs(coded) - 1) / 255, 2, 1)


def overdriven(rng: Rng, x: np.ndarray) -> np.ndarray:
    """Clipped by an input that was set too high."""
    return np.tanh(x / (np.abs(x).max() + 1e-9) * rng.uniform(2, 8))


def stretched(rng: Rng, x: np.ndarray) -> np.ndarray:
    """A phase vocoder: slower or faster at the same pitch."""
    factor = rng.choice([0.75, 0.85, 1.2, 1.35])
    _, _, z = stft(np.pad(x, (0, 1024)), nperseg=512, noverlap=384)
    at = np.arange(0, z.shape[1] - 1, factor)
    low = at.astype(int)
    share = at - low
    size = (1 - share) * np.abs(z[:, low]) + share * np.abs(z[:, low + 1])
    step = np.angle(z[:, low + 1]) - np.angle(z[:, low])
    phase = np.cumsum(np.concatenate([np.angle(z[:, :1]), step[:, :-1]], 1), 1)
    return istft(size * np.exp(1j * phase), nperseg=512, noverlap=384)[1]


def echoes(rng: Rng, x: np.ndarray) -> np.ndarray:
    """A bare room: a dozen distinct reflections."""
    answer = np.zeros(RATE // 3)
    answer[0] = 1
    for _ in range(12):
        at = int(rng.uniform(0.004, 0.3) * RATE)
        answer[at] += rng.choice([-1, 1]) * rng.uniform(0.2, 0.8) * np.exp(-at / 2500)
    return fftconvolve(x, answer)


UNSEEN = (telephone, overdriven, stretched, echoes)
