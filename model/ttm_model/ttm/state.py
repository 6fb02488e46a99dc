"""The memory of a slot-write Token Turing Machine as a value: tensors, each declared once.

Knows no module: a step takes a state and returns another. What is stored is exactly what the next
step starts from, bit for bit, and has the same length however long the stream was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

import torch
from torch import Tensor

from ttm_model.declared import Declared, Kept
from ttm_model.looks.looks import BYTES as LOOKS
from ttm_model.nibbles import are_digits
from ttm_model.ttm.layout import MODALITIES, Layout, Modality
from ttm_protocol.errors import StateIncompatible

EMPTY = int(Modality.EMPTY)


@dataclass(frozen=True, slots=True)
class Archive(Declared):
    """Old events, each in a place of its own that no other event's coming or going changes.

    An empty place has modality -1 and zeros elsewhere. An event stands for `count` occurrences.
    """

    key: Annotated[Tensor, Kept(torch.uint8, ("places", "half dim"))]  # digits, see nibbles
    scale: Annotated[Tensor, Kept(torch.float32, ("places",))]  # of the key's digits
    start_s: Annotated[Tensor, Kept(torch.float64, ("places",))]
    end_s: Annotated[Tensor, Kept(torch.float64, ("places",))]
    strength: Annotated[Tensor, Kept(torch.float32, ("places",))]  # strongest salience
    count: Annotated[Tensor, Kept(torch.int32, ("places",))]  # one more than were merged into it
    modality: Annotated[Tensor, Kept(torch.int8, ("places",), EMPTY)]
    looks: Annotated[Tensor, Kept(torch.uint8, ("places", LOOKS))]  # see looks


@dataclass(frozen=True, slots=True)
class MemoryState(Declared):
    """Memories of B sessions with m working slots each; times are media-clock seconds.

    The first axis of every tensor is B. An empty slot has modality -1 and zeros elsewhere.
    """

    tokens: Annotated[Tensor, Kept(torch.float32, ("slots", "dim"))]
    t_first: Annotated[Tensor, Kept(torch.float64, ("slots",))]  # start of its first thing
    t_last: Annotated[Tensor, Kept(torch.float64, ("slots",))]  # end of its last thing
    t_peak: Annotated[Tensor, Kept(torch.float64, ("slots",))]  # when it was strongest
    count: Annotated[Tensor, Kept(torch.int32, ("slots",))]  # separate occurrences
    strength: Annotated[Tensor, Kept(torch.float32, ("slots",))]  # strongest salience
    support: Annotated[Tensor, Kept(torch.float32, ("slots",))]  # summed salience, weight of means
    novelty: Annotated[Tensor, Kept(torch.float32, ("slots",))]  # 1 - likeness to what was held
    modality: Annotated[Tensor, Kept(torch.int8, ("slots",), EMPTY)]
    merges: Annotated[Tensor, Kept(torch.int32, ("slots",))]  # slots merged into this one
    looks: Annotated[Tensor, Kept(torch.uint8, ("slots", LOOKS))]  # see looks
    archive: Archive
    evictions: Annotated[Tensor, Kept(torch.int32, ("modalities", "ages"))]  # by age when evicted
    floor_s: Annotated[Tensor, Kept(torch.float64, ("modalities",))]  # end of latest event evicted
    clock_s: Annotated[Tensor, Kept(torch.float64)]  # end of the media so far
    steps: Annotated[Tensor, Kept(torch.int64)]

    @classmethod
    def initial(cls, batch: int, layout: Layout, device: torch.device | str = "cpu") -> Self:
        """Empty memories of `batch` sessions."""
        return cls.blank(layout.sizes, batch, device=device)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A stored memory of the right shapes; raises StateIncompatible where it cannot be one."""
        state = cls.of(tensors)
        for name, tensor in tensors.items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise StateIncompatible(f"memory: {name} holds numbers that are not finite")
            if not tensor.is_floating_point() and bool((tensor.long() < EMPTY).any()):
                raise StateIncompatible(f"memory: {name} holds numbers below {EMPTY}")
        held, archive = state.modality >= 0, state.archive
        kept = archive.modality >= 0
        wrong = {
            "modality": state.modality >= len(MODALITIES),
            "t_first": held & (state.t_first > state.t_last),
            "count": held & (state.count < 1),
            "archive.modality": archive.modality >= len(MODALITIES),
            "archive.start_s": kept & (archive.start_s > archive.end_s),
            "archive.count": kept & (archive.count < 1),
            "archive.scale": archive.scale < 0,
        }
        for name, where in wrong.items():
            if bool(where.any()):
                raise StateIncompatible(f"memory: {name} holds what no event has")
        if not are_digits(archive.key[kept]):
            raise StateIncompatible("memory: archive.key holds what no event has")
        return state

    @property
    def batch(self) -> int:
        """B, the number of sessions."""
        return self.tokens.shape[0]
