"""A state put together from named parts, each of which knows its own tensors. Knows none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor

from ttm_model.serial import Spec

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Part(Generic[V]):
    """How one part of a state begins, is stored, and is read again.

    `spec`: name, shape and dtype of its tensors. `read` gets tensors of just these; it raises
    StateIncompatible, naming the field, where no such value can be.
    """

    spec: Spec
    initial: Callable[[], V]
    tensors: Callable[[V], Mapping[str, Tensor]]
    read: Callable[[Mapping[str, Tensor]], V]


Parts = Mapping[str, Part[Any]]  # by name; a tensor is stored as `part.tensor`


def spec_of(parts: Parts) -> Spec:
    """Name, shape and dtype of every tensor that is stored."""
    return {
        f"{name}.{at}": shape for name, part in parts.items() for at, shape in part.spec.items()
    }


def tensors_of(parts: Parts, values: Mapping[str, Any]) -> dict[str, Tensor]:
    """Every tensor of the parts' values by the name under which it is stored."""
    return {
        f"{name}.{at}": tensor
        for name, part in parts.items()
        for at, tensor in part.tensors(values[name]).items()
    }


def read(parts: Parts, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The parts' values again; raises StateIncompatible where one cannot be."""
    return {
        name: part.read({at: tensors[f"{name}.{at}"] for at in part.spec})
        for name, part in parts.items()
    }
