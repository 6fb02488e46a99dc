"""One session's whole state of the `lite` preset: memory, what came, what encoders carry along.

A value; its bytes continue the session bit for bit and are always the same number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

import torch
from torch import Tensor

from ttm_model.encoders.sound import SoundContext, initial_context
from ttm_model.engines.received import SPEC as RECEIVED_SPEC
from ttm_model.engines.received import Received, Stretch
from ttm_model.labels.things import first_scene
from ttm_model.serial import Spec, from_bytes, to_bytes
from ttm_model.step_result import ModalityName
from ttm_model.ttm.layout import Layout
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.state import spec as memory_spec

MEMORY, SOUND, RECEIVED, SCENE = "memory.", "sound.", "received.", "scene"

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class LiteState:
    """Memory of one session (B = 1), running mean of its scene (C,), sound context, what came."""

    memory: MemoryState
    scene: Tensor
    sound: SoundContext
    received: Received

    @classmethod
    def initial(cls, layout: Layout, classes: int) -> Self:
        """Before the first chunk."""
        memory = MemoryState.initial(1, layout)
        return cls(memory, first_scene(classes), initial_context(), Received.initial())

    def dump(self, schema: str) -> bytes:
        """Everything, bit for bit."""
        sound = {name: torch.from_numpy(array) for name, array in self.sound.to_arrays().items()}
        tensors = (
            _prefixed(MEMORY, self.memory.tensors())
            | _prefixed(SOUND, sound)
            | _prefixed(RECEIVED, self.received.tensors())
            | {SCENE: self.scene}
        )
        return to_bytes(tensors, schema)

    @classmethod
    def load(cls, data: bytes, schema: str, layout: Layout, classes: int) -> Self:
        """What `dump` wrote; raises StateIncompatible where it is another model's."""
        tensors = from_bytes(data, schema, state_spec(layout, classes))
        sound = {name: tensor.numpy() for name, tensor in _part(SOUND, tensors).items()}
        return cls(
            MemoryState(**_part(MEMORY, tensors)),
            tensors[SCENE],
            SoundContext.from_arrays(sound),
            Received.from_tensors(_part(RECEIVED, tensors)),
        )


def received(state: LiteState) -> dict[ModalityName, tuple[Stretch, ...]]:
    """The stretches of media-clock seconds in which each sense got something, by start."""
    return state.received.by_sense()


def state_spec(layout: Layout, classes: int) -> Spec:
    """Name, shape and dtype of every tensor of a stored state."""
    memory = {name: ((1, *shape), dtype) for name, (shape, dtype) in memory_spec(layout).items()}
    sound = {
        name: (array.shape, torch.from_numpy(array).dtype)
        for name, array in initial_context().to_arrays().items()
    }
    return (
        _prefixed(MEMORY, memory)
        | _prefixed(SOUND, sound)
        | _prefixed(RECEIVED, RECEIVED_SPEC)
        | {SCENE: ((classes,), torch.float32)}
    )


def _prefixed(prefix: str, values: Mapping[str, V]) -> dict[str, V]:
    return {prefix + name: value for name, value in values.items()}


def _part(prefix: str, values: Mapping[str, V]) -> dict[str, V]:
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }
