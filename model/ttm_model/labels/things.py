"""One picture's cells to a few things, each with its key, place and salience.

Knows no phrase and no memory. A pure function of the cells and of the scene: the scene is a value,
the running mean of what this camera shows anyway, which the caller keeps and hands back with the
next picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ttm_model.encoders.picture import Classifier
from ttm_model.errors import WeightsError
from ttm_model.labels.grid import EVERYWHERE, WINDOWS, box_of, windows_mean
from ttm_model.labels.picture_keys import PictureKeys
from ttm_model.labels.plain import DATA
from ttm_model.slow import Box

MAX_THINGS = 4
_SCENE_SHARE = 0.8
_PRIOR_SHARE = 0.8
# A classifier trained on whole pictures is too sure of a window.
_WINDOW_TEMPERATURE = 2.0
_WINDOW_NOVELTY = 0.15


@dataclass(frozen=True)
class PictureCalibration:
    """What the network says of any picture, and what its scores are worth; measured once.

    `log_prior` (C,): the log of the mean posterior, centred. `salience` (3,): intercept, weight of
    log(peak), weight of the distance from the scene.
    """

    log_prior: Tensor
    salience: Tensor


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing in a picture: its key (256,), where it is, and how likely it is one at all.

    `salience`, 0 to 1: the probability that this is an object that the scene does not always show.
    """

    key: Tensor
    box: Box
    salience: float


def load_calibration(folder: Path = DATA) -> PictureCalibration:
    """Load the shipped calibration. Raises `WeightsError` naming the file."""
    path = folder / "imagenet_calibration.safetensors"
    try:
        return PictureCalibration(**load_file(path))
    except (OSError, TypeError) as error:
        raise WeightsError(f"{path}: {error!r}") from error


@dataclass(frozen=True)
class Looking:
    """All that turns a picture's cells into things; holds no state."""

    classifier: Classifier
    keys: PictureKeys
    calibration: PictureCalibration

    def things(self, cells: Tensor, tall: bool, scene: Tensor) -> list[Sight]:
        """What a picture shows beyond its scene: up to four things, the whole picture's first.

        `cells` (63, 1280), `scene` (1280,) *before* this picture. Windows of 4x4 cells follow the
        whole, each the one with the highest peak that is not explained by those before it, while
        there is one. Which they are, class scores say, without the scene's and the network's usual
        answers; keys are made of features.
        """
        whole, windows = self.posteriors(cells, scene)
        explained = torch.minimum(windows, whole).sum(dim=-1)  # (24,)
        peaks, chosen = windows.amax(dim=-1), list[int]()
        while len(chosen) < MAX_THINGS - 1:
            novelty, at = (peaks * (1.0 - explained)).max(dim=0)
            if float(novelty) <= _WINDOW_NOVELTY:
                break
            chosen.append(int(at))
            explained = torch.maximum(explained, torch.minimum(windows, windows[at]).sum(dim=-1))
        peaks = torch.cat([whole.amax(dim=-1), peaks[chosen]])
        salience = self._salience(peaks, self.strangeness(cells, scene))
        places = [EVERYWHERE, *(WINDOWS[at] for at in chosen)]
        beyond = self.keys.beyond(cells, scene)
        shown, boxes = [], []
        best = torch.cat([whole, windows[chosen]]).argmax(dim=-1)
        scores = self.classifier.weight[best] @ cells.T  # (K, 63)
        for within, score in zip(places, scores, strict=True):
            feature, where = self.keys.shown(beyond, within, score)
            shown.append(feature)
            boxes.append(box_of(where, tall))
        keys = self.keys.named(torch.stack(shown), self.classifier)
        return [
            Sight(key, box, own)
            for key, box, own in zip(keys, boxes, salience.tolist(), strict=True)
        ]

    def posteriors(self, cells: Tensor, scene: Tensor) -> tuple[Tensor, Tensor]:
        """Of a picture's cells (63, 1280): the whole's posterior (1, C), its windows' (24, C)."""
        features = torch.cat([cells.mean(dim=0, keepdim=True), windows_mean(cells)])
        usual = scene @ self.classifier.weight.T * _SCENE_SHARE
        scores = self.classifier.scores(features) - usual
        scores = scores - self.calibration.log_prior * _PRIOR_SHARE
        windows = torch.softmax(scores[1:] / _WINDOW_TEMPERATURE, dim=-1)
        return torch.softmax(scores[:1], dim=-1), windows

    def strangeness(self, cells: Tensor, scene: Tensor) -> Tensor:
        """Cosine distance () of the scores from the scene's; 1 while there is no scene yet."""
        features = torch.stack([cells.mean(dim=0) - self.keys.usual, scene])
        here, there = features @ self.classifier.weight.T
        length = here.square().sum().sqrt() * there.square().sum().sqrt()
        away: Tensor = 1.0 - (here * there).sum() / length.clamp(min=1e-6)
        return away

    def _salience(self, peaks: Tensor, strange: Tensor) -> Tensor:
        intercept, of_peak, of_strange = self.calibration.salience
        peak = peaks.clamp(min=1e-6).log()
        salience: Tensor = torch.sigmoid(intercept + of_peak * peak + of_strange * strange)
        return salience
