"""Runs EfficientNet-Lite0 in ONNX Runtime on one core; knows no picture's size and no class.

The graph beside this module has no weights in it (`model/tools/make_picture_graph.py` makes it):
they are handed over when a session is made, from a network that was loaded from the pinned file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from ttm_model.encoders.efficientnet_lite import EfficientNetLite0
from ttm_model.errors import WeightsError

GRAPH = Path(__file__).resolve().parent / "data" / "efficientnet_lite0.onnx"
PICTURES = "pictures"
_ERRORS_ONLY = 3


def weights_of(network: EfficientNetLite0) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of the layers before the classifier, by name."""
    return {
        name: np.ascontiguousarray(weight.detach().cpu().numpy())
        for name, weight in network.named_parameters()
        if name.startswith("features.")
    }


class OnnxFeatures:
    """The layers before the classifier; one thread, so that the same picture gives the same bits.

    Raises `WeightsError` where the graph is missing or does not fit the network.
    """

    def __init__(self, network: EfficientNetLite0, graph: Path = GRAPH) -> None:
        weights = weights_of(network)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = _ERRORS_ONLY
        # The session may go on reading these arrays, so they live as long as it does.
        self._weights = [onnxruntime.OrtValue.ortvalue_from_numpy(w) for w in weights.values()]
        options.add_external_initializers(list(weights), self._weights)
        try:
            self._session = onnxruntime.InferenceSession(
                graph.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # what the runtime raises has no common base of its own
            raise WeightsError(f"{graph}: {error}") from error

    def __call__(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(N, H, W, 3), sides multiples of 32 -> features (N, H / 32, W / 32, 1280)."""
        features: npt.NDArray[np.float32] = self._session.run(None, {PICTURES: pictures})[0]
        return features
