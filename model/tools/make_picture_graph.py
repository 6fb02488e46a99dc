"""Write the picture network as an ONNX graph without weights, for ONNX Runtime on the CPU.

The graph holds shapes and operators only: every weight is named as `EfficientNetLite0` names it and
comes from the pinned file when a session is made (`encoders/efficientnet_onnx.py`). Same program,
same bytes; needs the package `onnx`, which serving does not.

    python model/tools/make_picture_graph.py [--out FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from onnx import ModelProto, NodeProto, TensorProto, helper
from torch import nn

from ttm_model.encoders import efficientnet_lite
from ttm_model.encoders.efficientnet_lite import FEATURES, Block, Folded
from ttm_model.encoders.efficientnet_onnx import GRAPH, PICTURES, weights_of
from ttm_model.encoders.weights import EFFICIENTNET_LITE0, verified_path

OPSET = 17
IR_VERSION = 8


class Graph:
    """The nodes so far, and the name of what the last one gave."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.last = PICTURES

    def add(self, kind: str, *more: str, **attributes: object) -> str:
        """Apply an operator to the last result and further inputs."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        inputs = [self.last, *more] if self.last else list(more)
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        self.last = name
        return name

    def folded(self, at: str, layer: Folded) -> None:
        """A convolution with its bias, padded as TensorFlow does, then ReLU6 where it has one."""
        kernel = layer.weight.shape[2]
        self.add(
            "Conv",
            f"{at}.weight",
            f"{at}.bias",
            kernel_shape=[kernel, kernel],
            strides=[layer.stride, layer.stride],
            pads=[layer.before, layer.before, layer.after, layer.after],
            group=layer.groups,
        )
        if layer.relu6:
            self.add("Clip", "zero", "six")


def graph(network: efficientnet_lite.EfficientNetLite0) -> ModelProto:
    """The network from pictures (N, H, W, 3) uint8 to features (N, H / 32, W / 32, 1280)."""
    made = Graph()
    made.add("Cast", to=TensorProto.FLOAT)
    made.add("Sub", "middle")
    made.add("Div", "span")
    made.add("Transpose", perm=[0, 3, 1, 2])
    for place, layer in enumerate(network.features):
        at = f"features.{place}"
        if isinstance(layer, Folded):
            made.folded(at, layer)
            continue
        assert isinstance(layer, Block)
        before = made.last
        for part, inner in enumerate(layer.layers):
            assert isinstance(inner, Folded)
            made.folded(f"{at}.layers.{part}", inner)
        if layer.skip:
            made.add("Add", before)
    features = made.add("Transpose", perm=[0, 2, 3, 1])
    floats, size = TensorProto.FLOAT, ["pictures", "height", "width"]
    cells = ["pictures", "rows", "columns"]
    constants = {"middle": 127.0, "span": 128.0, "zero": 0.0, "six": 6.0}
    return helper.make_model(
        helper.make_graph(
            made.nodes,
            "efficientnet-lite0",
            [helper.make_tensor_value_info(PICTURES, TensorProto.UINT8, [*size, 3])],
            [helper.make_tensor_value_info(features, floats, [*cells, FEATURES])],
            [helper.make_tensor(name, floats, [], [value]) for name, value in constants.items()]
            + [_elsewhere(name, weight) for name, weight in network.named_parameters()
               if name in weights_of(network)],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )  # fmt: skip


def _elsewhere(name: str, weight: nn.Parameter) -> TensorProto:
    """An initializer of which only name and shape are known."""
    tensor = TensorProto(name=name, dims=list(weight.shape), data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="pinned")
    return tensor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=GRAPH)
    arguments = parser.parse_args()
    network = efficientnet_lite.load(verified_path(EFFICIENTNET_LITE0))
    model = graph(network)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(model.SerializeToString(deterministic=True))
    print(arguments.out, arguments.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
