"""A table of a fixed number of rows, by start: put in, take out, make room. Knows no text's sense.

Every column holds one tensor (capacity, ...); rows beyond `count` are zeros. Nothing is changed in
place. A table is exact: what it gives up raises its floor, and all that ended later is still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Self

import torch
from torch import Tensor

from ttm_model.nibbles import are_digits, likeness
from ttm_model.serial import Spec
from ttm_model.words.texts import check_row
from ttm_protocol.errors import StateIncompatible

KEY_BYTES = 192  # 384 digits
OLDEST_SHARE = 4  # who goes is chosen among the oldest quarter

COUNT, FLOOR = "count", "floor_s"
_OWN: Spec = {COUNT: ((1,), torch.int32), FLOOR: ((1,), torch.float64)}


def columns_spec(capacity: int, text_bytes: int, more: Spec) -> Spec:
    """Columns that both kinds have, and `more` of one kind (shapes of a row)."""
    rows = {name: ((capacity, *shape), dtype) for name, (shape, dtype) in more.items()}
    return {
        "text": ((capacity, text_bytes), torch.uint8),
        "times": ((capacity, 2), torch.float64),
        "p": ((capacity,), torch.uint8),
        "keys": ((capacity, KEY_BYTES), torch.uint8),
        **rows,
    }


@dataclass(frozen=True, slots=True)
class Table:
    """`count` rows in use, by start; whatever ended after `floor_s` media seconds is among them."""

    columns: Mapping[str, Tensor]
    count: int
    floor_s: float

    @classmethod
    def initial(cls, columns: Spec) -> Self:
        """Nothing is in it, and nothing is missing."""
        empty = {name: torch.zeros(shape, dtype=dtype) for name, (shape, dtype) in columns.items()}
        return cls(empty, 0, 0.0)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name; `Table.spec` has their shapes."""
        return {
            **self.columns,
            COUNT: torch.tensor([self.count], dtype=torch.int32),
            FLOOR: torch.tensor([self.floor_s], dtype=torch.float64),
        }

    @staticmethod
    def spec(columns: Spec) -> Spec:
        """The spec of a table of these columns."""
        return {**columns, **_OWN}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], name: str) -> Self:
        """Tensors of the right shapes; raises StateIncompatible for values that cannot be."""
        columns = {column: tensor for column, tensor in tensors.items() if column not in _OWN}
        count, floor_s = int(tensors[COUNT][0]), float(tensors[FLOOR][0])
        capacity = len(columns["p"])
        if not 0 <= count <= capacity:
            raise StateIncompatible(f"{name}.{COUNT}: {count}, must be 0 to {capacity}")
        if not isfinite(floor_s) or floor_s < 0:
            raise StateIncompatible(f"{name}.{FLOOR}: {floor_s}, must be finite and not below 0")
        table = cls(columns, count, floor_s)
        table._check(name)
        return table

    def _check(self, name: str) -> None:
        for column, tensor in self.columns.items():
            if bool(tensor[self.count :].to(torch.float64).ne(0).any()):
                raise StateIncompatible(f"{name}.{column}: not zero beyond row {self.count}")
        spans = self.spans()
        for row, (start_s, end_s) in enumerate(spans):
            if not (isfinite(start_s) and isfinite(end_s) and start_s <= end_s):
                raise StateIncompatible(f"{name}.times: row {row} is {start_s} to {end_s}")
            try:
                check_row(self.columns["text"][row])
            except ValueError as error:
                raise StateIncompatible(f"{name}.text: row {row}: {error}") from None
        if spans != sorted(spans, key=lambda span: span[0]):
            raise StateIncompatible(f"{name}.times: rows are not in order of their start")
        if not are_digits(self.columns["keys"][: self.count]):
            raise StateIncompatible(f"{name}.keys: a half byte that is no digit")

    def spans(self) -> list[tuple[float, float]]:
        """Start and end of every row in use, in media seconds."""
        return [(start, end) for start, end in self.columns["times"][: self.count].tolist()]

    def put(self, values: Mapping[str, Tensor]) -> Self:
        """With one more row, after those that start no later; there must be room."""
        starts = self.columns["times"][: self.count, 0]
        row = int((starts <= values["times"][0]).sum())
        after = {}
        for name, column in self.columns.items():
            after[name] = torch.cat((column[:row], values[name][None], column[row:-1]))
        return type(self)(after, self.count + 1, self.floor_s)

    def changed(self, row: int, values: Mapping[str, Tensor]) -> Self:
        """With some values of one row replaced; its start must stay."""
        after = dict(self.columns)
        for name, value in values.items():
            after[name] = after[name].clone()
            after[name][row] = value
        return type(self)(after, self.count, self.floor_s)

    def without(self, row: int, floor_s: float) -> Self:
        """Without one row; `floor_s` where it is still covered elsewhere stays what it was."""
        after = {
            name: torch.cat((column[:row], column[row + 1 :], torch.zeros_like(column[:1])))
            for name, column in self.columns.items()
        }
        return type(self)(after, self.count - 1, floor_s)

    def oldest(self) -> list[int]:
        """The quarter of the rows that ended first, the oldest first."""
        ends = [end_s for _, end_s in self.spans()]
        by_end = sorted(range(self.count), key=lambda row: ends[row])
        return by_end[: max(1, self.count // OLDEST_SHARE)]

    def with_room(self) -> Self:
        """With a row free: of the oldest quarter the one goes that is most like another row.

        What was said again, or nearly so, is missed least. The floor rises to that row's end.
        """
        if self.count < len(self.columns["p"]):
            return self
        old = self.oldest()
        keys = self.columns["keys"]
        alike = likeness(keys[old], keys)  # (old, capacity)
        alike[torch.arange(len(old)), torch.tensor(old)] = -2.0  # not with itself
        nearest = alike.amax(dim=1).tolist()
        row = old[nearest.index(max(nearest))]
        return self.without(row, max(self.floor_s, self.spans()[row][1]))
