"""Clips with known contents as a memory kept them: slots and what was shown. Knows no encoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ttm_model.reader.view import Slot

_KEPT = 32  # classes of a slot


@dataclass(frozen=True, slots=True)
class Shown:
    """A thing that a clip showed: which picture of it, the phrase that names it, and when."""

    source: str
    phrase: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SeenClip:
    """A clip: what was behind, what was shown, and N slots' times and kept classes."""

    scene: str
    shown: tuple[Shown, ...]
    start_s: Tensor  # (N,)
    end_s: Tensor  # (N,)
    classes: Tensor  # (N, kept) int16
    shares: Tensor  # (N, kept) float16

    @classmethod
    def of(cls, scene: str, shown: Sequence[Shown], slots: Sequence[Slot]) -> SeenClip:
        """Keep the largest shares of each slot's posterior."""
        posteriors = torch.stack([slot.posterior for slot in slots]) if slots else torch.zeros(0, 1)
        shares, classes = posteriors.topk(min(_KEPT, posteriors.shape[1]), dim=-1)
        return cls(
            scene,
            tuple(shown),
            torch.tensor([slot.start_s for slot in slots]),
            torch.tensor([slot.end_s for slot in slots]),
            classes.short(),
            shares.half(),
        )

    def posteriors(self, classes: int) -> Tensor:
        """The slots' posteriors (N, classes), what was not kept being 0."""
        empty = torch.zeros(len(self.classes), classes)
        return empty.scatter(1, self.classes.long(), self.shares.float())


def save_clips(clips: Sequence[SeenClip], path: Path) -> None:
    """Write clips to one safetensors file; what was shown goes into its metadata."""
    rows = [
        {
            "scene": clip.scene,
            "slots": len(clip.start_s),
            "shown": [asdict(thing) for thing in clip.shown],
        }
        for clip in clips
    ]
    tensors = {
        name: torch.cat([getattr(clip, name) for clip in clips if len(clip.start_s)]).contiguous()
        for name in ("start_s", "end_s", "classes", "shares")
    }
    save_file(tensors, path, metadata={"clips": json.dumps(rows)})


def load_clips(path: Path) -> list[SeenClip]:
    """Read what `save_clips` wrote."""
    with safe_open(path, framework="pt") as file:
        rows = json.loads(file.metadata()["clips"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    clips, first = [], 0
    for row in rows:
        last = first + row["slots"]
        clips.append(
            SeenClip(
                row["scene"],
                tuple(Shown(**thing) for thing in row["shown"]),
                **{name: tensor[first:last] for name, tensor in tensors.items()},
            )
        )
        first = last
    return clips
