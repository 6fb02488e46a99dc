"""One session's whole state of the `lite` preset: memory, what came, what encoders carry along.

A value; its bytes continue the session bit for bit and are always the same number. A new part is a
field of `LiteState` and a line of `parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from typing import Self

import torch
from torch import Tensor

from ttm_model.encoders.efficientnet_lite import FEATURES
from ttm_model.encoders.sound import SoundContext, initial_context
from ttm_model.engines.parts import Part, Parts, read, spec_of, tensors_of
from ttm_model.engines.received import Received, Stretch
from ttm_model.labels.picture_keys import first_scene
from ttm_model.pending import Pending
from ttm_model.reading.gate import SPEC as READING
from ttm_model.reading.gate import GateState
from ttm_model.serial import Spec, from_bytes, to_bytes
from ttm_model.speech.state import SPEC as SPEECH
from ttm_model.speech.state import SegmenterState
from ttm_model.step_result import ModalityName
from ttm_model.taught.state import SPEC as THINGS
from ttm_model.taught.state import TaughtState
from ttm_model.ttm.layout import Layout
from ttm_model.ttm.state import MemoryState
from ttm_model.words.state import SPEC as WORDS
from ttm_model.words.state import WordsState
from ttm_protocol.errors import StateIncompatible

NEVER_S = -1.0


@dataclass(frozen=True, slots=True)
class LiteState:
    """Everything that one session's next step starts from."""

    memory: MemoryState  # B = 1
    scene: Tensor  # (1280,) float32, running mean feature of what a camera shows anyway
    sound: SoundContext
    received: Received
    jobs: Pending
    speech: SegmenterState
    reading: GateState
    words: WordsState
    things: TaughtState
    flushed_s: Tensor  # () float64, media clock when the stream's end was taken in last; -1: never

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
        "speech": Part(
            SPEECH, SegmenterState.initial, SegmenterState.tensors, SegmenterState.from_tensors
        ),
        "reading": Part(READING, GateState.initial, GateState.tensors, GateState.from_tensors),
        "words": Part(WORDS, WordsState.initial, WordsState.tensors, WordsState.from_tensors),
        "things": Part(THINGS, TaughtState.initial, TaughtState.tensors, TaughtState.from_tensors),
        "flushed_s": Part(
            {"at": ((), torch.float64)},
            lambda: torch.tensor(NEVER_S, dtype=torch.float64),
            lambda at_s: {"at": at_s},
            _flushed,
        ),
    }


def state_spec(layout: Layout) -> Spec:
    """Name, shape and dtype of every tensor of a stored state."""
    return spec_of(parts(layout))


def received(state: LiteState) -> dict[ModalityName, tuple[Stretch, ...]]:
    """The stretches of media-clock seconds in which each sense got something, by start."""
    return state.received.by_sense()


def _flushed(tensors: Mapping[str, Tensor]) -> Tensor:
    at_s = float(tensors["at"])
    if not (at_s == NEVER_S or 0.0 <= at_s < inf):
        raise StateIncompatible(f"flushed_s: at is {at_s}, must be 0 or more, or {NEVER_S}")
    return tensors["at"]


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
