"""One session's whole state of the `lite` preset: memory, what came, what encoders carry along.

A value; its bytes continue the session bit for bit and are always the same number. A new part is a
field of `LiteState` and a line of `parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from ttm_model.encoders.sound import SoundContext, initial_context
from ttm_model.engines.parts import Part, Parts, read, spec_of, tensors_of
from ttm_model.engines.received import Received, Stretch
from ttm_model.labels.picture_keys import FEATURES, first_scene
from ttm_model.pending import Pending
from ttm_model.serial import Spec, from_bytes, to_bytes
from ttm_model.step_result import ModalityName
from ttm_model.ttm.layout import Layout
from ttm_model.ttm.state import MemoryState
from ttm_protocol.errors import StateIncompatible


@dataclass(frozen=True, slots=True)
class LiteState:
    """Everything that one session's next step starts from."""

    memory: MemoryState  # B = 1
    scene: Tensor  # (1280,) float32, running mean feature of what a camera shows anyway
    sound: SoundContext
    received: Received
    jobs: Pending

    @classmethod
    def initial(cls, layout: Layout) -> Self:
        """Before the first chunk."""
        return cls(**{name: part.initial() for name, part in parts(layout).items()})

    def dump(self, schema: str, layout: Layout) -> bytes:
        """Everything, bit for bit."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return to_bytes(tensors_of(parts(layout), values), schema)

    @classmethod
    def load(cls, data: bytes, schema: str, layout: Layout) -> Self:
        """What `dump` wrote; raises StateIncompatible where it is another model's."""
        known = parts(layout)
        return cls(**read(known, from_bytes(data, schema, spec_of(known))))


def parts(layout: Layout) -> Parts:
    """How each field of a state begins and is stored, by its name."""
    return {
        "memory": Part(
            MemoryState.spec(layout.sizes, 1),
            lambda: MemoryState.initial(1, layout),
            MemoryState.tensors,
            MemoryState.from_tensors,
        ),
        "scene": Part(
            {"mean": ((FEATURES,), torch.float32)},
            first_scene,
            lambda scene: {"mean": scene},
            _scene,
        ),
        "sound": Part(_sound_spec(), initial_context, _sound_tensors, _sound),
        "received": Part(
            Received.spec({}), Received.initial, Received.tensors, Received.from_tensors
        ),
        "jobs": Part(Pending.spec({}), Pending.initial, Pending.tensors, Pending.from_tensors),
    }


def state_spec(layout: Layout) -> Spec:
    """Name, shape and dtype of every tensor of a stored state."""
    return spec_of(parts(layout))


def received(state: LiteState) -> dict[ModalityName, tuple[Stretch, ...]]:
    """The stretches of media-clock seconds in which each sense got something, by start."""
    return state.received.by_sense()


def _scene(tensors: Mapping[str, Tensor]) -> Tensor:
    scene = tensors["mean"]
    if not bool(torch.isfinite(scene).all()):
        raise StateIncompatible("scene: mean holds numbers that are not finite")
    return scene


def _sound_tensors(sound: SoundContext) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in sound.to_arrays().items()}


def _sound(tensors: Mapping[str, Tensor]) -> SoundContext:
    return SoundContext.from_arrays({name: tensor.numpy() for name, tensor in tensors.items()})


def _sound_spec() -> Spec:
    tensors = _sound_tensors(initial_context())
    return {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
