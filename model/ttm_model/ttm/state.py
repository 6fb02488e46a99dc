"""The memory of a slot-write Token Turing Machine as a value: tensors only, and their bytes.

Knows no module: a step takes a state and returns another. What `to_bytes` writes is exactly what
the next step starts from, bit for bit, and has the same length however long the stream was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from ttm_model.ttm.layout import AGE_BUCKETS_S, MODALITIES, Layout, Modality


@dataclass(frozen=True, slots=True)
class MemoryState:
    """Memories of B sessions with m slots each; times are media-clock seconds.

    An empty slot has modality -1 and zeros elsewhere.
    """

    tokens: Tensor  # (B, m, d) float32
    t_first: Tensor  # (B, m) float64, start of the first thing in the slot
    t_last: Tensor  # (B, m) float64, end of the last thing in the slot
    t_peak: Tensor  # (B, m) float64, when it was strongest
    count: Tensor  # (B, m) int32, separate occurrences
    strength: Tensor  # (B, m) float32, strongest salience
    support: Tensor  # (B, m) float32, summed salience: the weight of the token's mean
    novelty: Tensor  # (B, m) float32, 1 - similarity to everything held when it was written
    modality: Tensor  # (B, m) int8
    merges: Tensor  # (B, m) int32, slots merged into this one
    packed: Tensor  # (B, m) int32, events that a packed slot holds; 0: a plain slot
    item_start: Tensor  # (B, m, places) float64, start of each event of a packed slot
    item_end: Tensor  # (B, m, places) float64
    item_strength: Tensor  # (B, m, places) float32
    item_count: Tensor  # (B, m, places) int32
    item_scale: Tensor  # (B, m, places) float32, of each event's key (see packed)
    evictions: Tensor  # (B, modalities, age buckets) int32, by age when evicted
    floor_s: Tensor  # (B, modalities) float64, end of the latest event that was evicted
    clock_s: Tensor  # (B,) float64, end of the media so far
    steps: Tensor  # (B,) int64

    @classmethod
    def initial(cls, batch: int, layout: Layout, device: torch.device | str = "cpu") -> Self:
        """Empty memories of `batch` sessions."""
        values = {
            name: torch.zeros((batch, *shape), dtype=dtype, device=device)
            for name, (shape, dtype) in spec(layout).items()
        }
        values["modality"].fill_(int(Modality.EMPTY))
        return cls(**values)

    @property
    def batch(self) -> int:
        """B, the number of sessions."""
        return self.tokens.shape[0]

    def row(self, index: int) -> Self:
        """The state of one session, as a batch of one."""
        return self._map(lambda tensor: tensor[index : index + 1].clone())

    def to(self, device: torch.device | str) -> Self:
        """The same state on another device."""
        return self._map(lambda tensor: tensor.to(device))

    def updated(self, **tensors: Tensor) -> Self:
        """A copy with some tensors exchanged."""
        return replace(self, **tensors)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its field name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _map(self, change: Callable[[Tensor], Tensor]) -> Self:
        return type(self)(**{name: change(tensor) for name, tensor in self.tensors().items()})

    @classmethod
    def stack(cls, states: list[Self]) -> Self:
        """One state of all the sessions in `states`, in their order."""
        return cls(
            **{
                field.name: torch.cat([getattr(state, field.name) for state in states])
                for field in fields(cls)
            }
        )


def spec(layout: Layout) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
    """Shape of one session's row, without the batch axis, and dtype of every tensor of a state."""
    m = (layout.tokens,)
    return {
        "tokens": ((layout.tokens, layout.dim), torch.float32),
        "t_first": (m, torch.float64),
        "t_last": (m, torch.float64),
        "t_peak": (m, torch.float64),
        "count": (m, torch.int32),
        "strength": (m, torch.float32),
        "support": (m, torch.float32),
        "novelty": (m, torch.float32),
        "modality": (m, torch.int8),
        "merges": (m, torch.int32),
        "packed": (m, torch.int32),
        "item_start": ((*m, layout.pack_places), torch.float64),
        "item_end": ((*m, layout.pack_places), torch.float64),
        "item_strength": ((*m, layout.pack_places), torch.float32),
        "item_count": ((*m, layout.pack_places), torch.int32),
        "item_scale": ((*m, layout.pack_places), torch.float32),
        "evictions": ((len(MODALITIES), len(AGE_BUCKETS_S) + 1), torch.int32),
        "floor_s": ((len(MODALITIES),), torch.float64),
        "clock_s": ((), torch.float64),
        "steps": ((), torch.int64),
    }
