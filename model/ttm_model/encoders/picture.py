"""Turns pictures into features, cell by cell; knows nothing of names, scenes or memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ttm_model.encoders import efficientnet_lite
from ttm_model.encoders.efficientnet_lite import FEATURES, STRIDE_PX
from ttm_model.encoders.efficientnet_onnx import OnnxFeatures
from ttm_model.encoders.weights import EFFICIENTNET_LITE0, PinnedWeights, verified_path

Pictures: TypeAlias = NDArray[np.uint8]
SHORT_PX, LONG_PX = 224, 288
GRID = (SHORT_PX // STRIDE_PX, LONG_PX // STRIDE_PX)  # cells along the short and the long side
CELLS = GRID[0] * GRID[1]
# One shape for every call on an accelerator: the same kernels then see every picture.
CUDA_BATCH = 16


@dataclass(frozen=True)
class Classifier:
    """The network's last layer: features to scores. `weight` (1000, 1280), `bias` (1000,)."""

    weight: Tensor
    bias: Tensor

    def scores(self, features: Tensor) -> Tensor:
        """Features (..., 1280) -> logits (..., 1000). Of a mean feature, the cells' mean score."""
        return torch.nn.functional.linear(features, self.weight, self.bias)


@dataclass(frozen=True)
class PictureFeatures:
    """What the network makes of N pictures: `cells` (N, 63, 1280), and which are `tall` (N).

    Cells form a (7, 9) grid, short side first: row by row for a landscape picture, column by
    column for a portrait one, which is `tall`. Float32 on the encoder's device; not negative.
    """

    cells: Tensor
    tall: tuple[bool, ...]

    def part(self, first: int, last: int) -> PictureFeatures:
        """Those of pictures `first` to `last` - 1, on the CPU."""
        return PictureFeatures(self.cells[first:last].cpu(), self.tall[first:last])


def fit(picture: Pictures) -> Pictures:
    """Resize a picture (H, W, 3) to (224, 288, 3), or (288, 224, 3) where it is taller than wide.

    The whole picture is kept and its sides are stretched little (4:3 by 4 %, 16:9 by 38 %, a
    square by 29 %). Antialiased bilinear, the same bytes everywhere. A picture that already fits is
    returned as it is. Raises `ValueError` where the array is not (H, W, 3) uint8.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"picture: expected (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    height, width = picture.shape[:2]
    if height == 0 or width == 0:
        raise ValueError(f"picture: expected at least 1x1 px, got {width}x{height}")
    tall = height > width
    wanted = (LONG_PX, SHORT_PX) if tall else (SHORT_PX, LONG_PX)
    if (height, width) == wanted:
        return picture
    resized = Image.fromarray(picture).resize(wanted[::-1], Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)


class PictureEncoder:
    """The frozen EfficientNet-Lite0 on one device.

    A picture's features are the same bits whether it comes alone or among others. On the CPU
    pictures run one by one on one thread, in ONNX Runtime; elsewhere torch runs them in blocks of
    one fixed shape (`CUDA_BATCH`, filled up with zeros), so that no other kernel is ever chosen.
    `classifier` is on the CPU. Raises `WeightsError` at construction.
    """

    def __init__(
        self, device: torch.device | str = "cpu", weights: PinnedWeights = EFFICIENTNET_LITE0
    ) -> None:
        self.device = torch.device(device)
        network = efficientnet_lite.load(verified_path(weights))
        self.classifier = Classifier(network.weight.detach(), network.bias.detach())
        self._run: Callable[[Pictures], Tensor]
        if self.device.type == "cpu":
            runtime = OnnxFeatures(network)
            self._block, self._run = 1, lambda pictures: torch.from_numpy(runtime(pictures))
        else:
            self._block, self._run = CUDA_BATCH, _Blocks(network, self.device)

    @torch.no_grad()
    def encode(self, pictures: Sequence[Pictures]) -> PictureFeatures:
        """Encode N pictures (H, W, 3) uint8 of any size, in order."""
        cells = torch.zeros(len(pictures), CELLS, FEATURES, device=self.device)
        fitted = [fit(p) for p in pictures]
        tall = tuple(p.shape[0] > p.shape[1] for p in fitted)
        for way in (False, True):
            places = [i for i, is_tall in enumerate(tall) if is_tall == way]
            for first in range(0, len(places), self._block):
                block = places[first : first + self._block]
                features = self._run(np.stack([fitted[i] for i in block]))  # (block, H', W', 1280)
                cells[block] = (features.transpose(1, 2) if way else features).flatten(1, 2)
        return PictureFeatures(cells, tall)


class _Blocks:
    """The network in torch on an accelerator, in blocks of one shape."""

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._network, self._device = network.to(device), device

    def __call__(self, pictures: Pictures) -> Tensor:
        # (N, H, W, 3) permuted is already the channels-last layout that the convolutions want.
        stack = torch.from_numpy(pictures).to(self._device)
        x = ((stack.float() - 127.0) / 128.0).permute(0, 3, 1, 2)
        if len(x) < CUDA_BATCH:
            filler = x.new_zeros(CUDA_BATCH - len(x), *x.shape[1:])
            x = torch.cat([x, filler]).contiguous(memory_format=torch.channels_last)
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            features: Tensor = self._network(x)
        return features[: len(pictures)]
