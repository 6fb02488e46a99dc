"""The EfficientNet-Lite0 network, for inference only; knows nothing of class names or resizing.

Tan and Le, EfficientNet (ICML 2019); the Lite variant has ReLU6 and no squeeze-and-excite. Every
batch normalisation is folded into the convolution before it when the weights are loaded, and
TensorFlow's "same" padding (one more row below and to the right at stride 2) is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttm_model.errors import WeightsError

STRIDE_PX = 32
CLASSES = 1000
_BN_EPS = 1e-3
FEATURES = 1280
_STEM = 32
# repeats, kernel, stride, expansion, channels in, channels out
_STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)


class Folded(nn.Module):
    """Convolution with its batch normalisation folded in, then ReLU6 where asked."""

    def __init__(
        self,
        source: _Source,
        conv: str,
        norm: str,
        shape: tuple[int, int, int, int],
        stride: int,
        relu6: bool,
    ) -> None:
        super().__init__()
        outputs, per_group, kernel, _ = shape
        weight, bias = source.folded(conv, norm, shape)
        self.weight = nn.Parameter(
            weight.contiguous(memory_format=torch.channels_last), requires_grad=False
        )
        self.bias = nn.Parameter(bias, requires_grad=False)
        self.stride = stride
        self.groups = outputs if per_group == 1 else 1
        self.relu6 = relu6
        around = kernel - stride if stride > 1 else kernel - 1
        self.before, self.after = around // 2, around - around // 2

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        padding = self.before
        if self.before != self.after:
            x = F.pad(x, (self.before, self.after, self.before, self.after))
            padding = 0
        x = F.conv2d(x, self.weight, self.bias, self.stride, padding, 1, self.groups)
        return F.hardtanh_(x, 0.0, 6.0) if self.relu6 else x


class Block(nn.Module):
    """Inverted residual: expand, depthwise, project, and the input added where shapes allow."""

    def __init__(
        self, source: _Source, at: str, kernel: int, stride: int, expand: int, inp: int, out: int
    ) -> None:
        super().__init__()
        mid = inp * expand
        layers = []
        if expand != 1:
            shape = (mid, inp, 1, 1)
            layers.append(Folded(source, f"{at}._expand_conv", f"{at}._bn0", shape, 1, True))
        shape = (mid, 1, kernel, kernel)
        layers.append(Folded(source, f"{at}._depthwise_conv", f"{at}._bn1", shape, stride, True))
        shape = (out, mid, 1, 1)
        layers.append(Folded(source, f"{at}._project_conv", f"{at}._bn2", shape, 1, False))
        self.layers = nn.Sequential(*layers)
        self.skip = stride == 1 and inp == out

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        y: Tensor = self.layers(x)
        return y.add_(x) if self.skip else y


class EfficientNetLite0(nn.Module):
    """Pictures to features for each cell of the last grid (7x7 at the published 224 px).

    `state` is the published state dict; it must hold exactly the expected tensors, else
    `WeightsError` names what is missing, unexpected or of another shape.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        source = _Source(state)
        layers: list[nn.Module] = [Folded(source, "_conv_stem", "_bn0", (_STEM, 3, 3, 3), 2, True)]
        for repeats, kernel, stride, expand, inp, out in _STAGES:
            for k in range(repeats):
                at = f"_blocks.{len(layers) - 1}"
                first = k == 0
                layers.append(
                    Block(source, at, kernel, stride if first else 1, expand,
                           inp if first else out, out)
                )  # fmt: skip
        layers.append(Folded(source, "_conv_head", "_bn1", (FEATURES, out, 1, 1), 1, True))
        self.features = nn.Sequential(*layers)
        weight = source.take("_fc.weight", (CLASSES, FEATURES))
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(source.take("_fc.bias", (CLASSES,)), requires_grad=False)
        source.finish()
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W), normalised, sides multiples of 32 -> (N, H / 32, W / 32, 1280).

        The classifier (`weight`, `bias`) is linear, so the published network's score of the whole
        picture (classify the pooled features) is the mean of its cells' scores.
        """
        features: Tensor = self.features(x).permute(0, 2, 3, 1)
        return features


class _Source:
    """Hands out a state dict's tensors once each and refuses one that differs from expected."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._left = dict(state)

    def take(self, key: str, shape: tuple[int, ...]) -> Tensor:
        if key not in self._left:
            raise WeightsError(f"EfficientNet-Lite0: the state dict lacks {key!r}")
        tensor = self._left.pop(key)
        if tuple(tensor.shape) != shape:
            raise WeightsError(
                f"EfficientNet-Lite0: {key!r} has shape {tuple(tensor.shape)}, expected {shape}"
            )
        return tensor.detach().clone()

    def folded(self, conv: str, norm: str, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        weight = self.take(f"{conv}.weight", shape).double()
        gain, shift, mean, variance = (
            self.take(f"{norm}.{part}", shape[:1]).double()
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        self.take(f"{norm}.num_batches_tracked", ())
        gain = gain / torch.sqrt(variance + _BN_EPS)
        return (weight * gain[:, None, None, None]).float(), (shift - mean * gain).float()

    def finish(self) -> None:
        if self._left:
            raise WeightsError(
                f"EfficientNet-Lite0: the state dict has unexpected {sorted(self._left)}"
            )


def load(path: Path) -> EfficientNetLite0:
    """Load the network from the published `.pth` file (tensors only; no code in it is run)."""
    return EfficientNetLite0(torch.load(path, map_location="cpu", weights_only=True))
