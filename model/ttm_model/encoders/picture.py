"""Turns pictures into class scores, whole and by cell; knows nothing of names, scenes or memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ttm_model.encoders import efficientnet_lite
from ttm_model.encoders.efficientnet_lite import CLASSES, STRIDE_PX
from ttm_model.encoders.weights import EFFICIENTNET_LITE0, PinnedWeights, verified_path

SHORT_PX, LONG_PX = 224, 288
GRID = (SHORT_PX // STRIDE_PX, LONG_PX // STRIDE_PX)  # cells along the short and the long side
CELLS = GRID[0] * GRID[1]
# One shape for every call on an accelerator: the same kernels then see every picture.
CUDA_BATCH = 16


@dataclass(frozen=True)
class PictureFeatures:
    """What the network says of N pictures: `whole_logits` (N, 1000), `cell_logits` (N, 63, 1000).

    Cells form a (7, 9) grid, short side first: row by row for a landscape picture, column by
    column for a portrait one. Both are float32 on the encoder's device.
    """

    whole_logits: Tensor
    cell_logits: Tensor


def fit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
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

    A picture's scores are the same bits whether it comes alone or among others. On the CPU
    pictures run one by one on one thread (with more threads the convolutions add in another
    order); elsewhere they run in blocks of one fixed shape (`CUDA_BATCH`, filled up with zeros),
    so that no other kernel is ever chosen. Raises `WeightsError` at construction.
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
        whole = torch.zeros(len(pictures), CLASSES, device=self.device)
        cells = torch.zeros(len(pictures), CELLS, CLASSES, device=self.device)
        fitted = [fit(p) for p in pictures]
        for tall in (False, True):
            places = [i for i, p in enumerate(fitted) if (p.shape[0] > p.shape[1]) == tall]
            for first in range(0, len(places), self._block):
                block = places[first : first + self._block]
                stack = torch.from_numpy(np.stack([fitted[i] for i in block]))
                with _reproducible(self.device):
                    scores = self._scores(stack.to(self.device))  # (block, H', W', 1000)
                scores = (scores.transpose(1, 2) if tall else scores).flatten(1, 2)
                cells[block] = scores[: len(block)]
                # Pooling and classifying commute: the published score is the mean of the cells'.
                whole[block] = scores[: len(block)].mean(dim=1)
        return PictureFeatures(whole, cells)

    def _scores(self, stack: Tensor) -> Tensor:
        # (N, H, W, 3) permuted is already the channels-last layout that the convolutions want.
        x = ((stack.float() - 127.0) / 128.0).permute(0, 3, 1, 2)
        if len(x) < self._block:
            filler = x.new_zeros(self._block - len(x), *x.shape[1:])
            x = torch.cat([x, filler]).contiguous(memory_format=torch.channels_last)
        scores: Tensor = self._network(x)
        return scores


@contextmanager
def _reproducible(device: torch.device) -> Iterator[None]:
    """Settings under which the same picture gives the same bits; put back afterwards."""
    if device.type == "cuda":
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
