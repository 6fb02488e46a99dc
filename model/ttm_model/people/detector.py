"""Runs the person detector on one picture; knows no session, no job and nobody's name.

Network: SSDLite MobileNet v2 (Sandler et al. 2018), trained on one class by G. Burgmann (MIT), in
ONNX Runtime on one thread; checkpoints/people.md says how it was made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ttm_model.encoders.weights import PinnedWeights, pinned, verified_path
from ttm_model.errors import WeightsError
from ttm_model.people.boxes import one_each
from ttm_model.slow import Person

SIDE_PX = 300
LEAST = 0.33  # scores below are nobody (docs/eval/people.md)
MOST = 24  # persons in a picture: a crowd is not counted any further
_OUTPUTS = ("detection_boxes:0", "detection_scores:0")
_ERRORS_ONLY = 3


class PersonDetector:
    """Pictures to persons: a pure function, the same on the same machine.

    Raises `WeightsError` at construction.
    """

    def __init__(self, weights: PinnedWeights | None = None, least: float = LEAST) -> None:
        self._least = least
        weights = weights or pinned("people/people.onnx")
        data = verified_path(weights).read_bytes()
        try:
            import onnxruntime  # noqa: PLC0415  (a native library)
        except ImportError as error:
            raise WeightsError(f"{weights.name}: the package onnxruntime is needed") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        self._session: Any = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, picture: npt.NDArray[np.uint8]) -> tuple[Person, ...]:
        """The persons in a picture (H, W, 3) uint8 RGB of any size, the surest first.

        The whole picture is squeezed into a square, as the network was trained.
        """
        small = Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
        boxes, scores = self._session.run(_OUTPUTS, {"image_tensor:0": np.asarray(small)[None]})
        found = [
            Person((float(left), float(top), float(right), float(bottom)), min(1.0, float(score)))
            for (top, left, bottom, right), score in zip(
                np.clip(boxes[0], 0.0, 1.0), scores[0], strict=True
            )
            if score >= self._least
        ]
        return one_each(found)[:MOST]
