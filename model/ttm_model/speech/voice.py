"""How probable voice is, frame by frame, as a stream goes on; knows no session and no utterance.

Network: silero-vad 6 (https://github.com/snakers4/silero-vad, MIT) in ONNX Runtime, one thread. Its
recurrent state goes in and comes out, and however many frames a call has, each frame's bits are the
same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ttm_model.encoders.weights import PinnedWeights
from ttm_model.errors import WeightsError
from ttm_model.speech.weights import SILERO_SEQUENCE, content

Floats = npt.NDArray[np.float32]

FRAME = 512  # samples of a frame: 32 ms
PAST = 64  # samples before a frame that the network sees as well
NETWORK = (2, 128)  # what it carries from frame to frame: hidden and cell


class VoiceDetector:
    """Frames of sound to probabilities of voice: a pure function of its arguments."""

    def __init__(self, weights: PinnedWeights = SILERO_SEQUENCE) -> None:
        """Load the network. Raises `WeightsError` where it, or ONNX Runtime, is missing."""
        data = content(weights)
        try:
            import onnxruntime  # noqa: PLC0415  (a native library)
        except ImportError as error:
            raise WeightsError(f"{weights.name}: the package onnxruntime is needed") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._run: Any = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        ).run

    def __call__(self, sound: Floats, network: Floats) -> tuple[Floats, Floats]:
        """Probabilities (F,) and the network's state afterwards, `NETWORK`, both float32.

        `sound` (PAST + F * FRAME,) float32 at 16 kHz, F >= 1: the frames and what came before them.
        """
        frames = np.lib.stride_tricks.sliding_window_view(sound, PAST + FRAME)[::FRAME]
        hidden, cell = network[:, None, None, :]  # (1, 1, 128) each
        voice, hidden, cell = self._run(
            ["speech_probs", "hn", "cn"],
            {"input": np.ascontiguousarray(frames), "h": hidden, "c": cell},
        )
        return voice.reshape(-1), np.concatenate([hidden, cell]).reshape(NETWORK)
