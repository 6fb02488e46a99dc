"""Memory keys of pictures: the network's own feature, projected. Knows no names and no memory.

A key is the mean feature of the cells that show a thing, less what the network gives of any picture
and what this camera shows anyway, in the 256 leading right singular directions of the classifier's
weights: the part of a feature that can make a difference to any class. It is linear, so merged keys
are mean features. *Naming* decodes a key with the classifier; *likeness* compares keys as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ttm_model.errors import WeightsError
from ttm_model.labels.grid import foreground, within_box
from ttm_model.labels.likeness import Likeness
from ttm_model.labels.plain import DATA
from ttm_model.slow import Box

FEATURES, KEY_WIDTH = 1280, 256
SCENE_RATE = 0.05
# The strength at which a foreground's feature decodes best (see model/LOG.md), and a power of two
# that brings keys near unit length.
STRENGTH = 0.4 / 8.0
NAME = "picture_keys.safetensors"
# Even where 3 % of things that were never shown are found among six minutes' events.
ALIKE = Likeness(even=0.46, slope=12.0)


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

    def key(self, features: Tensor, scene: Tensor) -> Tensor:
        """A thing's mean feature (..., 1280) and the scene behind it (1280,) -> keys (..., 256)."""
        key: Tensor = ((features - self.usual - scene) @ self.directions) * STRENGTH
        return key

    def shown(
        self, cells: Tensor, within: Tensor, scene: Tensor, scores: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The key (256,) of what the cells (63, 1280) `within` show, and which of them show it.

        `scores` (63,): how much each cell shows what is meant, where that is known.
        """
        shown = foreground(cells - self.usual - scene, within, scores)
        return self.key(cells[shown].mean(dim=0), scene), shown

    def key_of(self, cells: Tensor, tall: bool, box: Box, scene: Tensor | None = None) -> Tensor:
        """The key (256,) of what a box of a picture shows: a person, an example, a question's.

        `cells` (63, 1280) of a picture that is `tall` or not; without a `scene` none is known.
        """
        behind = torch.zeros(FEATURES) if scene is None else scene
        return self.shown(cells, within_box(box, tall), behind)[0]

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
        digest = hashlib.sha256(repr((STRENGTH, SCENE_RATE)).encode())
        for tensor in (self.usual, self.directions):
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
