"""Makes a detector that tf2onnx converted small: large weights as float16, cast back when loaded.

    python model/tools/people_detector.py CONVERTED.onnx OUT.onnx

ONNX Runtime casts once, when it loads the file; it computes in float32. Needs the package `onnx`.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 256  # numbers in a tensor that is worth it


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with a Cast after every large weight; raises ValueError for an overflow."""
    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST:
            continue
        half = numpy_helper.to_array(tensor).astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"{tensor.name}: does not fit float16")
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(half, f"{tensor.name}_half"))
        casts.append(
            helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT)
        )
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("converted", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    data = halved(onnx.load(options.converted)).SerializeToString(deterministic=True)
    options.out.write_bytes(data)
    print(f"{options.out}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
