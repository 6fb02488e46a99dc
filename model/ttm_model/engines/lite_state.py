"""One session's whole state of the `lite` preset: memory and what the encoders carry along.

A value; its bytes continue the session bit for bit and are always the same number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ttm_model.encoders.sound import SoundContext, initial_context
from ttm_model.serial import Spec, from_bytes, to_bytes
from ttm_model.ttm.layout import Layout
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.state import spec as memory_spec

MEMORY, SOUND, SCENE = "memory.", "sound.", "scene"


@dataclass(frozen=True, slots=True)
class LiteState:
    """Memory of one session (B = 1), running mean of its scene (C,), and sound context."""

    memory: MemoryState
    scene: Tensor
    sound: SoundContext

    @classmethod
    def initial(cls, layout: Layout, classes: int) -> Self:
        """Before the first chunk."""
        return cls(MemoryState.initial(1, layout), torch.zeros(classes), initial_context())

    def dump(self, schema: str) -> bytes:
        """Everything, bit for bit."""
        tensors = {MEMORY + name: tensor for name, tensor in self.memory.tensors().items()}
        tensors |= {
            SOUND + name: torch.from_numpy(array) for name, array in self.sound.to_arrays().items()
        }
        return to_bytes(tensors | {SCENE: self.scene}, schema)

    @classmethod
    def load(cls, data: bytes, schema: str, layout: Layout, classes: int) -> Self:
        """What `dump` wrote; raises StateIncompatible where it is another model's."""
        tensors = from_bytes(data, schema, state_spec(layout, classes))
        memory = {
            name.removeprefix(MEMORY): tensor
            for name, tensor in tensors.items()
            if name.startswith(MEMORY)
        }
        sound = {
            name.removeprefix(SOUND): tensor.numpy()
            for name, tensor in tensors.items()
            if name.startswith(SOUND)
        }
        return cls(MemoryState(**memory), tensors[SCENE], SoundContext.from_arrays(sound))


def state_spec(layout: Layout, classes: int) -> Spec:
    """Name, shape and dtype of every tensor of a stored state."""
    spec = {
        MEMORY + name: ((1, *shape), dtype) for name, (shape, dtype) in memory_spec(layout).items()
    }
    for name, array in initial_context().to_arrays().items():
        tensor = torch.from_numpy(array)
        spec[SOUND + name] = (tuple(tensor.shape), tensor.dtype)
    spec[SCENE] = ((classes,), torch.float32)
    return spec
