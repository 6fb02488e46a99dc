"""The tagger's trained part, in numpy: features of one window to logits; knows no session.

Two looks at the judged half second, the encoder's frames and the log-mel frames themselves (whose
last layer keeps little of pitch and timbre), and one at what was around it; one hidden layer.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ttm_model.tagger.features import Features

Floats = npt.NDArray[np.float32]

FRAME_WIDTH, AROUND_WIDTH, MEL_WIDTH, HIDDEN = 128, 64, 96, 320


@dataclass(frozen=True, slots=True)
class Head:
    """Weights, all float32; C classes. Normalisations are folded in as mean and scale."""

    frame_mean: Floats
    frame_scale: Floats  # (384,), also for `around`
    mel_mean: Floats
    mel_scale: Floats  # (80,)
    level_mean: Floats
    level_scale: Floats  # (6,)
    frame_w: Floats  # (384, 128)
    frame_b: Floats
    score_w: Floats  # (128, 4) attention of four heads over the frames
    around_w: Floats  # (768, 64)
    around_b: Floats
    conv1_w: Floats  # (5 * 80, 96)
    conv1_b: Floats
    conv2_w: Floats  # (3 * 96, 96)
    conv2_b: Floats
    hidden_w: Floats  # (I, 320)
    hidden_b: Floats
    out_w: Floats  # (320, C)
    out_b: Floats
    calibration: Floats  # (2,) posterior = sigmoid(a * logit + b)

    def __call__(self, x: Features) -> Floats:
        """Posteriors (C,), each class on its own, in [0, 1]."""
        frames = (x.frames - self.frame_mean) * self.frame_scale  # (25, 384)
        h = _gelu(frames @ self.frame_w + self.frame_b)  # (25, 128)
        share = _softmax(h @ self.score_w)  # (25, 4)
        attended = np.concatenate([share[:, k] @ h[:, k * 32 : k * 32 + 32] for k in range(4)])
        around = ((x.around - self.frame_mean) * self.frame_scale).reshape(-1)
        mel = (x.mel - self.mel_mean) * self.mel_scale  # (50, 80)
        m = _gelu(_taps(mel, 5) @ self.conv1_w + self.conv1_b)  # (23, 96)
        m = _gelu(_taps(m, 3) @ self.conv2_w + self.conv2_b)  # (11, 96)
        seen = np.concatenate(
            [
                attended,
                h.max(0),
                m.mean(0),
                m.max(0),
                _gelu(around @ self.around_w + self.around_b),
                (x.mel_before - self.mel_mean) * self.mel_scale,
                (x.levels - self.level_mean) * self.level_scale,
            ]
        )
        logits = _gelu(seen @ self.hidden_w + self.hidden_b) @ self.out_w + self.out_b
        scaled = self.calibration[0] * logits + self.calibration[1]
        return np.asarray((1 + np.tanh(scaled / 2)) / 2, np.float32)

    @property
    def parameters(self) -> int:
        """How many numbers were trained or fitted."""
        return sum(int(getattr(self, f.name).size) for f in fields(self))


def _taps(x: Floats, width: int) -> Floats:
    """Runs of `width` rows of `x` (T, D), every second one, side by side: (R, width * D)."""
    count = (len(x) - width) // 2 + 1
    return np.stack([x[2 * k : 2 * k + width].reshape(-1) for k in range(count)])


def _gelu(x: npt.NDArray[np.floating]) -> Floats:
    # The tanh form, as in training.
    inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(x * (1 + np.tanh(inner)) / 2, np.float32)


def _softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max(0))
    return np.asarray(e / e.sum(0), np.float32)
