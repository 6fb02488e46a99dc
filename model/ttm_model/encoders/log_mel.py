"""Log-mel spectrogram as Whisper's encoder expects it; knows no network, no session, no class.

Method: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", section
2.2: 80 mel bins (Slaney's scale and area), 25 ms Hann windows every 10 ms, log10, the part more
than 8 decades under the loudest cell cut off, scaled to about [-1, 1].
"""

from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RATE_HZ = 16_000
HOP = 160
WIDTH = 400
BINS = 80

_LINEAR_HZ, _LINEAR_MEL = 1000.0, 15.0  # below 1 kHz 200/3 Hz a mel
_STEP = np.log(6.4) / 27.0  # above it, 27 mels to 6.4 times the frequency


def log_mel(pcm: npt.NDArray[np.int16]) -> Floats:
    """Sound `pcm` (T,) at 16 kHz, T > 200 and a multiple of 160, to (T // 160, 80) float32."""
    x = np.pad(pcm.astype(np.float32) / np.float32(32768), WIDTH // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(x, WIDTH)[::HOP][:-1]  # (F, 400)
    spectrum = np.fft.rfft(frames * _window())
    power = spectrum.real**2 + spectrum.imag**2
    decades = np.log10(np.maximum(power @ filters(), np.float32(1e-10)))
    mel: Floats = (np.maximum(decades, decades.max() - np.float32(8)) + np.float32(4)) / np.float32(
        4
    )
    return mel


@cache
def _window() -> Floats:
    # The periodic window: its last sample would be the next period's first.
    return np.hanning(WIDTH + 1)[:-1].astype(np.float32)


@cache
def filters() -> Floats:
    """Triangular filters (201, 80) of unit area over 0 to 8 kHz."""
    edges = _hz(np.linspace(0.0, _mel(RATE_HZ / 2), BINS + 2))
    hz = np.fft.rfftfreq(WIDTH, 1 / RATE_HZ)[:, None]
    rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    shape = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))
    return np.ascontiguousarray(shape, np.float32)


def _mel(hz: float) -> float:
    if hz < _LINEAR_HZ:
        return hz * _LINEAR_MEL / _LINEAR_HZ
    return float(_LINEAR_MEL + np.log(hz / _LINEAR_HZ) / _STEP)


def _hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = mel * _LINEAR_HZ / _LINEAR_MEL
    return np.where(mel < _LINEAR_MEL, linear, _LINEAR_HZ * np.exp(_STEP * (mel - _LINEAR_MEL)))
