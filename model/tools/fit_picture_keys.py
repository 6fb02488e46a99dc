"""Make `picture_keys.safetensors`: the directions of picture keys, and how they are decoded.

The directions come from the classifier's weights alone: right singular vectors, each with its
largest number positive, without what all classes share. How a key is decoded is fitted to clips of
`measure_pictures.py --cache` (its features): the best linear estimate of a feature from its key,
given how features of pictures and of windows vary, then the classifier. Sums are double precision.

    python model/tools/fit_picture_keys.py --cache CLIPS.pt [--to FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from measure_pictures import Clip, load_clips
from safetensors.torch import save_file
from torch import Tensor

from ttm_model.encoders.efficientnet_lite import FEATURES
from ttm_model.encoders.picture import Classifier, PictureEncoder
from ttm_model.labels.grid import windows_mean
from ttm_model.labels.picture_keys import KEY_WIDTH, NAME, SHARPNESS, UNIT
from ttm_model.labels.plain import DATA
from ttm_model.labels.things import load_calibration

RIDGE = 0.1  # of the mean variance
WINDOW_WEIGHT = 0.5
USUAL_SHARE = 0.5  # of the network's usual answers that is taken off
NOTHING = 2.75  # by how much "none of these" is likelier than all classes before anything is seen


def directions(weight: Tensor) -> Tensor:
    """Classifier's weights (C, 1280) -> (1280, 256), rounded as they are stored."""
    spread = weight.double() - weight.double().mean(dim=0)
    found = torch.linalg.svd(spread, full_matrices=False).Vh[:KEY_WIDTH].T  # (1280, 256)
    largest = found.gather(0, found.abs().argmax(dim=0, keepdim=True))
    return (found * largest.sign()).half()


def spread_of(clips: list[Clip], usual: Tensor) -> Tensor:
    """The second moments (1280, 1280) of pictures' and windows' features around the usual."""
    total, rows = torch.zeros(FEATURES, FEATURES, dtype=torch.float64), 0
    for clip in clips:
        whole = clip.cells.float().mean(dim=1) - usual
        every = clip.cells[::3].float()
        windows = torch.cat([windows_mean(cells) for cells in every])[::4] - usual
        for part in (whole.double(), windows.double() * WINDOW_WEIGHT):
            total, rows = total + part.T @ part, rows + len(part)
    return total / rows


def evening(spread: Tensor) -> Tensor:
    """How keys vary (256, 256) -> its root to the minus fourth, ridged: halfway to whitening."""
    sizes, ways = torch.linalg.eigh(spread)
    root: Tensor = ways * sizes.pow(-0.25) @ ways.T
    return root / root.diagonal().mean()


def fitted(classifier: Classifier, clips: list[Clip]) -> dict[str, Tensor]:
    """The tensors of `PictureKeys`."""
    usual = torch.cat([clip.cells.float().mean(dim=1) for clip in clips]).mean(dim=0)
    stored = directions(classifier.weight)
    to_key = stored.double()
    spread = spread_of(clips, usual)
    spread += RIDGE * spread.diagonal().mean() * torch.eye(FEATURES, dtype=torch.float64)
    from_key = spread @ to_key @ torch.linalg.inv(to_key.T @ spread @ to_key)  # (1280, 256)
    weight = classifier.weight.double() - classifier.weight.double().mean(dim=0)
    decoder = weight @ from_key * (SHARPNESS / UNIT)
    scores = classifier.scores(usual) - load_calibration().log_prior * 0.8
    offset = USUAL_SHARE * (scores - scores.mean()).double()
    offset = offset - offset.logsumexp(dim=0) - NOTHING
    return {
        "usual": usual.float(),
        "directions": stored,
        "decoder": decoder.half(),
        "offset": offset.float(),
        "evening": evening(to_key.T @ spread @ to_key).half(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=DATA)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tensors = fitted(PictureEncoder("cpu").classifier, load_clips(arguments.cache))
    path = arguments.to / NAME
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
