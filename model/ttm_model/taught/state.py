"""The tier of taught things in a session's state: names with a few examples each, bounded.

A value of constant size; it knows keys as vectors and nothing of what they look or sound like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Self

import torch
from torch import Tensor

from ttm_model.nibbles import unpack
from ttm_model.serial import Spec
from ttm_model.taught import examples
from ttm_model.taught.example import MODALITIES, SOURCES, Example, Source, Thing
from ttm_model.taught.examples import PLACES, Examples
from ttm_model.taught.names import MAX_NAME_BYTES, proper_name, same_name
from ttm_protocol.errors import BadRequest, CannotTeach, StateIncompatible

SPEC: Spec = {
    "names": ((PLACES, MAX_NAME_BYTES), torch.uint8),
    "taught_at": ((PLACES,), torch.float64),
    "sources": ((PLACES,), torch.uint8),
    **examples.SPEC,
}


@dataclass(frozen=True, slots=True)
class TaughtState:
    """Things in the order in which they were first taught; an unused row is zeros in all."""

    tensors_by_name: Mapping[str, Tensor]

    @classmethod
    def initial(cls) -> Self:
        """Nothing was taught yet."""
        return cls({name: torch.zeros(shape, dtype=dtype) for name, (shape, dtype) in SPEC.items()})

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Tensors as in SPEC; raises StateIncompatible naming the one whose values cannot be."""
        state = cls(dict(tensors))
        state._check()
        return state

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name in SPEC."""
        return dict(self.tensors_by_name)

    @property
    def count(self) -> int:
        """How many things there are."""
        return int(self.tensors_by_name["counts"].ne(0).sum())

    def names(self) -> list[str]:
        """The name of every thing."""
        return [_text(row) for row in self.tensors_by_name["names"][: self.count]]

    def row_of(self, name: str) -> int | None:
        """Where a thing of this proper name is."""
        for row, taken in enumerate(self.names()):
            if same_name(taken, name):
                return row
        return None

    def _check(self) -> None:
        """Raise StateIncompatible where a value is none that `taught` writes."""
        held, used = self.tensors_by_name, self.count
        for name, tensor in held.items():
            if bool(tensor[used:].to(torch.float64).ne(0).any()):
                raise StateIncompatible(f"things.{name}: not zero beyond {used} things")
        seen: list[str] = []
        for row in range(used):
            seen.append(_checked_name(held["names"][row], seen))
            examples.check_row(held, row)
            taught_at_s = float(held["taught_at"][row])
            if not isfinite(taught_at_s) or taught_at_s < 0:
                raise StateIncompatible(f"things.taught_at: thing {row} at {taught_at_s}")
            if int(held["sources"][row]) >= len(SOURCES):
                raise StateIncompatible(f"things.sources: thing {row} has an unknown source")


def taught(
    state: TaughtState,
    name: str,
    shown: Sequence[Example],
    at_s: float,
    source: Source = "asked",
) -> TaughtState:
    """With examples of a thing, at media second `at_s`; a name that is known gets more of them.

    An example that is there already (same sense, same time, same key) changes nothing. Beyond
    EXAMPLES the older of the two most alike goes. Raises BadRequest for a name that is none and for
    no examples, CannotTeach for a new name when PLACES things are taught.
    """
    proper = proper_name(name)
    if not shown:
        raise BadRequest(f"name: there was nothing to learn {proper!r} from", field="name")
    row = state.row_of(proper)
    if row is None and state.count == PLACES:
        raise CannotTeach(
            f"name: {PLACES} things are taught, which is the most; forget one of them first",
            field="name",
        )
    held = {column: tensor.clone() for column, tensor in state.tensors_by_name.items()}
    known = Examples.none()
    if row is None:
        row = state.count
        held["names"][row] = _name_row(proper)
        held["sources"][row] = SOURCES.index(source)
    else:
        known = Examples.of(held, row)
    grown = known
    for example in shown:
        grown = grown.grown(example)
    if grown is known:
        return state
    grown.write(held, row)
    held["taught_at"][row] = max(at_s, float(held["taught_at"][row]))
    return TaughtState(held)


def has_room(state: TaughtState, name: str) -> bool:
    """Whether `taught` would take this name: it is known, or a place is free."""
    return state.count < PLACES or state.row_of(proper_name(name)) is not None


def forgotten(state: TaughtState, name: str) -> TaughtState:
    """Without the thing of that name; the same state where there is none."""
    row = state.row_of(proper_name(name))
    if row is None:
        return state
    return TaughtState(
        {
            column: torch.cat((tensor[:row], tensor[row + 1 :], torch.zeros_like(tensor[:1])))
            for column, tensor in state.tensors_by_name.items()
        }
    )


def things(state: TaughtState) -> tuple[Thing, ...]:
    """Every thing, in the order in which they were first taught, one a sense."""
    held = state.tensors_by_name
    found = []
    for row, name in enumerate(state.names()):
        own = Examples.of(held, row)
        keys = unpack(own.keys, own.scales)
        for at, modality in enumerate(MODALITIES):
            places = [place for place, sense in enumerate(own.modalities) if sense == at]
            if places:
                found.append(
                    Thing(
                        name=name,
                        modality=modality,
                        examples=keys[places],
                        times_s=tuple(own.times_s[place] for place in places),
                        taught_at_s=float(held["taught_at"][row]),
                        source=SOURCES[int(held["sources"][row])],
                    )
                )
    return tuple(found)


def _name_row(name: str) -> Tensor:
    data = name.encode()
    return torch.tensor([*data, *bytes(MAX_NAME_BYTES - len(data))], dtype=torch.uint8)


def _text(row: Tensor) -> str:
    return row.numpy().tobytes().rstrip(b"\0").decode()


def _checked_name(row: Tensor, others: Sequence[str]) -> str:
    try:
        name = _text(row)
        proper = proper_name(name)
    except (UnicodeDecodeError, BadRequest) as error:
        raise StateIncompatible(f"things.names: {error}") from None
    if proper != name or any(same_name(name, other) for other in others):
        raise StateIncompatible(f"things.names: {name!r} is written otherwise or twice")
    return name
