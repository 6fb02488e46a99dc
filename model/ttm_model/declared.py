"""Values made of tensors, each declared once: its axes, dtype and what an empty one holds.

A frozen dataclass that derives from `Declared` says of each field `Annotated[Tensor, Kept(...)]`,
or names another such class; its shapes, an empty one, copies and batches follow from that. Knows
nothing of what the tensors mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self, get_type_hints

import torch
from torch import Tensor

Shapes = dict[str, tuple[tuple[int, ...], torch.dtype]]


@dataclass(frozen=True, slots=True)
class Kept:
    """How one tensor is kept. An axis is a number, or the name of a size; `empty` fills it."""

    dtype: torch.dtype
    axes: tuple[str | int, ...] = ()
    empty: int = 0

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The axes as numbers."""
        return tuple(sizes[axis] if isinstance(axis, str) else axis for axis in self.axes)


class Declared:
    """What every such value can do; a nested one's tensors are called `field.tensor`.

    `lead` are axes in front of the declared ones, as that of a batch.
    """

    __slots__ = ()

    @classmethod
    def spec(cls, sizes: Mapping[str, int], *lead: int) -> Shapes:
        """Shape and dtype of every tensor by its name."""
        found: Shapes = {}
        for name, kept in _fields(cls).items():
            if isinstance(kept, Kept):
                found[name] = ((*lead, *kept.shape(sizes)), kept.dtype)
            else:
                inner = kept.spec(sizes, *lead)
                found |= {f"{name}.{at}": shape for at, shape in inner.items()}
        return found

    @classmethod
    def blank(
        cls, sizes: Mapping[str, int], *lead: int, device: torch.device | str = "cpu"
    ) -> Self:
        """One that holds nothing."""
        return cls._made(
            {
                name: torch.full(
                    (*lead, *kept.shape(sizes)), kept.empty, dtype=kept.dtype, device=device
                )
                if isinstance(kept, Kept)
                else kept.blank(sizes, *lead, device=device)
                for name, kept in _fields(cls).items()
            }
        )

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Self:
        """One of the tensors that `tensors` gave, which must have the right names and shapes."""
        return cls._made(
            {
                name: tensors[name]
                if isinstance(kept, Kept)
                else kept.of(
                    {
                        key.removeprefix(f"{name}."): tensor
                        for key, tensor in tensors.items()
                        if key.startswith(f"{name}.")
                    }
                )
                for name, kept in _fields(cls).items()
            }
        )

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name."""
        found: dict[str, Tensor] = {}
        for name, kept in _fields(type(self)).items():
            value = getattr(self, name)
            if isinstance(kept, Kept):
                found[name] = value
            else:
                found |= {f"{name}.{at}": tensor for at, tensor in value.tensors().items()}
        return found

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Self:
        """One of every tensor changed."""
        fields = _fields(type(self))
        values = {name: getattr(self, name) for name in fields}
        return self._made(
            {
                name: change(value) if isinstance(fields[name], Kept) else value.mapped(change)
                for name, value in values.items()
            }
        )

    def copy(self) -> Self:
        """The same in tensors of its own, which may be written to."""
        return self.mapped(Tensor.clone)

    def row(self, index: int) -> Self:
        """One of the first axis, which stays, as a batch of one."""
        return self.mapped(lambda tensor: tensor[index : index + 1].clone())

    def to(self, device: torch.device | str) -> Self:
        """The same on another device."""
        return self.mapped(lambda tensor: tensor.to(device))

    def updated(self, **values: Any) -> Self:
        """A copy with some fields exchanged."""
        return replace(self, **values)  # type: ignore[type-var]  # every subclass is a dataclass

    @classmethod
    def stack(cls, values: Iterable[Self]) -> Self:
        """One of all of them in order, along the first axis."""
        parts = [value.tensors() for value in values]
        return cls.of({n: torch.cat([part[n] for part in parts]) for n in parts[0]})

    @classmethod
    def _made(cls, values: dict[str, Any]) -> Self:
        make: Callable[..., Self] = cls
        return make(**values)


def _fields(cls: Any) -> dict[str, Kept | type[Declared]]:
    """What each field is declared as, in order; raises TypeError where one is not declared."""
    return _looked_up(cls)


@cache
def _looked_up(cls: type[Declared]) -> dict[str, Kept | type[Declared]]:
    found: dict[str, Kept | type[Declared]] = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        said = [kept for kept in getattr(hint, "__metadata__", ()) if isinstance(kept, Kept)]
        if said:
            found[name] = said[0]
        elif isinstance(hint, type) and issubclass(hint, Declared):
            found[name] = hint
        else:
            raise TypeError(f"{cls.__name__}.{name}: {hint} is not declared as kept")
    return found
