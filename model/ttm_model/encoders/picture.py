"""Turns pictures into class scores, whole and by cell; knows nothing of names, scenes or memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ttm_model.encoders import efficientnet_lite
from ttm_model.encoders.efficientnet_lite import CLASSES, GRID, INPUT_PX
from ttm_model.encoders.weights import EFFICIENTNET_LITE0, PinnedWeights, verified_path

CELLS = GRID * GRID
# One shape for every call on an accelerator: the same kernels then see every picture.
CUDA_BATCH = 16


@dataclass(frozen=True)
class PictureFeatures:
    """What the network says of N pictures: `whole_logits` (N, 1000), `cell_logits` (N, 49, 1000).

    Cells are row by row from the top left. Both are float32 on the encoder's device.
    """

    whole_logits: Tensor
    cell_logits: Tensor


def fit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize a picture (H, W, 3) to the network's (224, 224, 3), whole, squeezed to a square.

    Antialiased bilinear, the same bytes everywhere. A picture that already has that size is
    returned as it is. Raises `ValueError` where the array is not (H, W, 3) uint8.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(f"picture: expected (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    if picture.shape[:2] == (INPUT_PX, INPUT_PX):
        return picture
    if 0 in picture.shape:
        raise ValueError(f"picture: expected at least 1x1 px, got {picture.shape}")
    resized = Image.fromarray(picture).resize((INPUT_PX, INPUT_PX), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)


class PictureEncoder:
    """The frozen EfficientNet-Lite0 on one device.

    A picture's scores are the same bits whether it comes alone or among others: on the CPU
    pictures run one by one, elsewhere in blocks of one fixed shape (`CUDA_BATCH`, filled up with
    zeros), so that no other kernel is ever chosen. Raises `WeightsError` at construction.
    """

    def __init__(
        self, device: torch.device | str = "cpu", weights: PinnedWeights = EFFICIENTNET_LITE0
    ) -> None:
        self.device = torch.device(device)
        network = efficientnet_lite.load(verified_path(weights))
        self._network = network.to(self.device)
        self._block = 1 if self.device.type == "cpu" else CUDA_BATCH

    @torch.no_grad()
    def encode(self, pictures: Sequence[NDArray[np.uint8]]) -> PictureFeatures:
        """Encode N pictures (H, W, 3) uint8 of any size, in order."""
        if not pictures:
            return PictureFeatures(
                torch.zeros(0, CLASSES, device=self.device),
                torch.zeros(0, CELLS, CLASSES, device=self.device),
            )
        stack = torch.from_numpy(np.stack([fit(p) for p in pictures])).to(self.device)
        wholes, cells = [], []
        for block in torch.split(stack, self._block):
            whole, cell = self._forward(block)
            wholes.append(whole[: len(block)])
            cells.append(cell[: len(block)])
        return PictureFeatures(torch.cat(wholes), torch.cat(cells))

    def _forward(self, block: Tensor) -> tuple[Tensor, Tensor]:
        # (N, H, W, 3) permuted is already the channels-last layout that the convolutions want.
        x = ((block.float() - 127.0) / 128.0).permute(0, 3, 1, 2)
        if len(x) < self._block:
            filler = x.new_zeros(self._block - len(x), *x.shape[1:])
            x = torch.cat([x, filler]).contiguous(memory_format=torch.channels_last)
        whole: Tensor
        cells: Tensor
        if x.is_cuda:
            with torch.backends.cudnn.flags(
                enabled=True, benchmark=False, deterministic=True, allow_tf32=False
            ):
                whole, cells = self._network(x)
        else:
            whole, cells = self._network(x)
        return whole, cells
