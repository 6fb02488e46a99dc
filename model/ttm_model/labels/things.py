"""Class scores of pictures to a few things with a salience each; knows no phrase and no memory.

A pure function of the scores and of the scene: the scene is a value, the running mean of what this
camera's pictures score anyway, which the caller keeps and hands back with the next picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from ttm_model.errors import WeightsError
from ttm_model.labels.space import DATA

MAX_THINGS = 4
SCENE_RATE = 0.05
_SCENE_SHARE = 0.8
_PRIOR_SHARE = 0.8
_GRID = (7, 9)
_WINDOW_CELLS = 4
# A classifier trained on whole pictures is too sure of a window.
_WINDOW_TEMPERATURE = 2.0
_WINDOW_NOVELTY = 0.15
_LEAST_SCORE = 1e-3


@dataclass(frozen=True)
class PictureCalibration:
    """What the network says of any picture, and what its scores are worth; measured once.

    `mean_logits` (C,): the mean score. `log_prior` (C,): the log of the mean posterior, centred.
    `salience` (3,): intercept, weight of log(peak), weight of the distance from the scene.
    `presence` (2,): intercept and weight of `evidence`, for `probability`.
    """

    mean_logits: Tensor
    log_prior: Tensor
    salience: Tensor
    presence: Tensor

    def probability(self, score: float | Tensor) -> Tensor:
        """Turn presence scores `decode(key) . weights` in [0, 1] into P(it was really there).

        The best score among the slots of about a quarter of a minute, equal chances before
        looking. More slots are more chances of a false one: ask for 0.8 there, 0.95 of a minute
        with 20 things (3 % false memories each; model/LOG.md has the fit).
        """
        return torch.sigmoid(self.presence[0] + self.presence[1] * evidence(score))


def evidence(score: float | Tensor) -> Tensor:
    """Log odds of a score; below 0.001 nothing can be told from the sketch's own noise."""
    value = torch.as_tensor(score, dtype=torch.float32)
    return torch.logit(value.clamp(_LEAST_SCORE, 1.0 - _LEAST_SCORE))


@dataclass(frozen=True)
class Things:
    """Up to K = 4 things in each of N pictures, the whole picture first.

    `posteriors` (N, K, C), `salience` (N, K) in [0, 1]: the probability that this is an object that
    the scene does not always show, `mask` (N, K): which rows hold a thing (others are 0).
    """

    posteriors: Tensor
    salience: Tensor
    mask: Tensor


def load_calibration(folder: Path = DATA) -> PictureCalibration:
    """Load the shipped calibration. Raises `WeightsError` naming the file."""
    path = folder / "imagenet_calibration.safetensors"
    try:
        return PictureCalibration(**load_file(path))
    except (OSError, TypeError) as error:
        raise WeightsError(f"{path}: {error!r}") from error


def first_scene(classes: int) -> Tensor:
    """Return the scene (C,) of a session that has shown nothing yet: an average one."""
    return torch.zeros(classes)


def next_scene(scene: Tensor, whole_logits: Tensor, calibration: PictureCalibration) -> Tensor:
    """Move the scene (..., C) towards a picture's scores (..., C) at `SCENE_RATE`; a new value."""
    return scene + SCENE_RATE * ((whole_logits - calibration.mean_logits) - scene)


def things(
    whole_logits: Tensor, cell_logits: Tensor, scene: Tensor, calibration: PictureCalibration
) -> Things:
    """Name what N pictures show beyond their scenes.

    `whole_logits` (N, C), `cell_logits` (N, 63, C) on a (7, 9) grid, `scene` (N, C) or (C,)
    *before* these pictures. The scene and the network's usual answers are taken off the scores.
    The whole picture is the first thing; windows of 4x4 cells follow, each the one with the
    highest peak that is not explained by those before it, while there is one.
    """
    usual = _SCENE_SHARE * scene + _PRIOR_SHARE * calibration.log_prior
    usual = usual.expand_as(whole_logits)
    whole = torch.softmax(whole_logits - usual, dim=-1)  # (N, C)
    grid = cell_logits.transpose(1, 2).reshape(len(cell_logits), -1, *_GRID)
    windows = F.avg_pool2d(grid, _WINDOW_CELLS, 1).flatten(2).transpose(1, 2)  # (N, 24, C)
    windows = torch.softmax((windows - usual[:, None]) / _WINDOW_TEMPERATURE, dim=-1)

    strange = strangeness(whole_logits, scene, calibration)  # (N,)
    rows = torch.arange(len(whole), device=whole.device)
    chosen, masks = [whole], [torch.ones(len(whole), dtype=torch.bool, device=whole.device)]
    explained = torch.minimum(windows, whole[:, None]).sum(dim=-1)  # (N, 24)
    peaks = windows.amax(dim=-1)
    for _ in range(MAX_THINGS - 1):
        novelty, at = (peaks * (1.0 - explained)).max(dim=1)
        found = novelty > _WINDOW_NOVELTY
        thing = windows[rows, at]
        explained = torch.maximum(explained, torch.minimum(windows, thing[:, None]).sum(dim=-1))
        chosen.append(thing * found[:, None])
        masks.append(found)
    posteriors, mask = torch.stack(chosen, dim=1), torch.stack(masks, dim=1)
    return Things(posteriors, _salience(posteriors, strange, calibration) * mask, mask)


def strangeness(whole_logits: Tensor, scene: Tensor, calibration: PictureCalibration) -> Tensor:
    """Cosine distance (N,) of the scores from the scene's; 1 while there is no scene yet."""
    now = whole_logits - calibration.mean_logits
    product = (now * scene).sum(dim=-1)
    length = now.square().sum(dim=-1).sqrt() * scene.square().sum(dim=-1).sqrt()
    return 1.0 - product / length.clamp(min=1e-6)


def _salience(posteriors: Tensor, strange: Tensor, calibration: PictureCalibration) -> Tensor:
    peak = posteriors.amax(dim=-1).clamp(min=1e-6).log()  # (N, K)
    weights = calibration.salience
    return torch.sigmoid(weights[0] + weights[1] * peak + weights[2] * strange[:, None])
