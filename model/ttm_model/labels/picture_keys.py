"""Memory keys of pictures: the network's own feature, projected. Knows no names and no memory.

A key is the mean feature of the cells that show a thing, less what the network gives of any picture
and what this camera shows anyway, in the 256 leading right singular directions of the classifier's
weights: the part of a feature that makes most difference to any class. Merged keys are mean
features. *Naming* decodes a key with the classifier; *likeness* compares keys as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ttm_model.encoders.efficientnet_lite import FEATURES
from ttm_model.encoders.picture import Classifier
from ttm_model.errors import WeightsError
from ttm_model.labels.grid import foreground, within_box
from ttm_model.labels.likeness import Likeness
from ttm_model.labels.plain import DATA
from ttm_model.slow import Box

KEY_WIDTH = 256
SCENE_RATE = 0.05
UNIT = 1 / 8  # brings keys near unit length
SHARPNESS = 1.65  # what a feature's scores are multiplied with to decode best; see model/LOG.md
# What fills a picture has a weaker feature than a small thing, and yet is named more surely: the
# mean over its cells counts by this power of their share of all cells.
_GROWTH = 2 / 3
_STEPS, _STEP, _TIE, _NEAR = 15, 0.002, 20.0, 100
NAME = "picture_keys.safetensors"
# Even where 3 % of things that were never shown are found among six minutes' events.
ALIKE = Likeness(even=0.47, slope=12.0)


@dataclass(frozen=True, slots=True)
class PictureKeys:
    """The maps from features to keys and from keys to posteriors; float32 on the CPU.

    `usual` (1280,): the mean feature of any picture. `directions` (1280, 256), orthonormal.
    `decoder` (C, 256) and `offset` (C,): a key's logits against "nothing of these", whose logit is
    zero. `evening` (256, 256): keys times it vary about alike in all directions; likeness is
    compared there. Fitted by `model/tools/fit_picture_keys.py`.
    """

    usual: Tensor
    directions: Tensor
    decoder: Tensor
    offset: Tensor
    evening: Tensor

    def beyond(self, cells: Tensor, scene: Tensor) -> Tensor:
        """Cells (63, 1280) without the usual and without the scene (1280,) behind."""
        return cells - (self.usual + scene)

    def shown(
        self, beyond: Tensor, within: Tensor, scores: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """What the cells `within` show: its feature (1280,) and which cells (63,) show it.

        `beyond` (63, 1280), see there; `scores` (63,) say how much each cell shows of what is
        meant, where that is known.
        """
        shown = foreground(beyond, within, scores)
        return beyond[shown].mean(dim=0) * (float(shown.sum()) / len(shown)) ** _GROWTH, shown

    def key(self, features: Tensor) -> Tensor:
        """Features as `shown` gives them (..., 1280) -> keys (..., 256)."""
        key: Tensor = features @ self.directions * UNIT
        return key

    def named(self, features: Tensor, classifier: Classifier) -> Tensor:
        """Keys (K, 256) of features (K, 1280), nudged until they are called what these are.

        What lies outside the directions can decide between classes that are near each other. Some
        steps down the cross entropy of the two posteriors, tied to where they began, turn a key by
        a few degrees at most: enough for its name, and nothing to its likeness.
        """
        first = keys = self.key(features)
        scores = classifier.scores(features) - classifier.bias
        scores = (scores - scores.mean(dim=-1, keepdim=True)) * SHARPNESS + self.offset
        likely = torch.maximum(scores, keys @ self.decoder.T + self.offset).amax(dim=0)
        near = likely.topk(_NEAR).indices  # the others have no share that could matter
        decoder, offset, wanted = self.decoder[near], self.offset[near], _shares(scores[:, near])
        for _ in range(_STEPS):
            off = _shares(keys @ decoder.T + offset) - wanted  # (K, near)
            keys = keys - _STEP * (off @ decoder + _TIE * (keys - first))
        return keys

    def key_of(self, cells: Tensor, tall: bool, box: Box, scene: Tensor | None = None) -> Tensor:
        """The key (256,) of what a box of a picture shows: a person, an example, a question's.

        `cells` (63, 1280) of a picture that is `tall` or not; without a `scene` none is known.
        """
        behind = torch.zeros(FEATURES) if scene is None else scene
        return self.key(self.shown(self.beyond(cells, behind), within_box(box, tall))[0])

    def decode(self, keys: Tensor) -> Tensor:
        """Keys (N, 256) -> posteriors (N, C); what they lack to 1 is none of the classes.

        What a key of zeros would have is taken off twice, so that it has nothing at all.
        """
        found = _shares(keys @ self.decoder.T + self.offset)
        return (found - 2.0 * _shares(self.offset)).clamp(min=0.0)

    def likeness(self, keys: Tensor, examples: Tensor) -> Tensor:
        """Keys (N, 256), examples (M, 256) of one thing -> P(it is that thing) (N,)."""
        return ALIKE(keys @ self.evening, examples @ self.evening)

    def digest(self) -> str:
        """Names what gives stored keys their meaning."""
        digest = hashlib.sha256(
            repr((UNIT, SHARPNESS, SCENE_RATE, _GROWTH, _STEPS, _STEP, _TIE, _NEAR)).encode()
        )
        for tensor in (self.usual, self.directions, self.decoder, self.offset):
            digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()


def _shares(logits: Tensor) -> Tensor:
    """Logits (..., C) -> shares of the classes, "nothing of these" being one more of logit zero."""
    nothing = torch.zeros_like(logits[..., :1])
    return torch.softmax(torch.cat([logits, nothing], dim=-1), dim=-1)[..., :-1]


def first_scene() -> Tensor:
    """The scene (1280,) of a session that has shown nothing yet: an average one."""
    return torch.zeros(FEATURES)


def next_scene(scene: Tensor, cells: Tensor, keys: PictureKeys) -> Tensor:
    """Move the scene (1280,) towards a picture's cells (63, 1280) at `SCENE_RATE`; a new value."""
    return scene + SCENE_RATE * ((cells.mean(dim=0) - keys.usual) - scene)


def load_picture_keys(folder: Path = DATA) -> PictureKeys:
    """The shipped keys. Raises `WeightsError` naming the file."""
    path = folder / NAME
    try:
        return PictureKeys(**{name: t.float() for name, t in load_file(path).items()})
    except (OSError, TypeError) as error:
        raise WeightsError(f"{path}: {error!r}") from error
