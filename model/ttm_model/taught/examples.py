"""The examples of one taught thing: one more, one that is redundant less. Knows no name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Self

import torch
from torch import Tensor

from ttm_model.nibbles import are_digits, likeness, pack
from ttm_model.serial import Spec
from ttm_model.taught.example import MODALITIES, Example
from ttm_protocol.errors import StateIncompatible

PLACES = 16  # things
EXAMPLES = 8  # of each
WIDTH = 256  # of a key

SPEC: Spec = {
    "counts": ((PLACES,), torch.uint8),
    "keys": ((PLACES, EXAMPLES, WIDTH // 2), torch.uint8),
    "scales": ((PLACES, EXAMPLES), torch.float32),
    "modalities": ((PLACES, EXAMPLES), torch.uint8),
    "times": ((PLACES, EXAMPLES), torch.float64),
}


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of one thing, by time."""

    keys: Tensor  # (n, WIDTH // 2) uint8
    scales: Tensor  # (n,) float32
    modalities: tuple[int, ...]
    times_s: tuple[float, ...]

    @classmethod
    def none(cls) -> Self:
        """Of a thing that nobody taught yet."""
        return cls(torch.zeros(0, WIDTH // 2, dtype=torch.uint8), torch.zeros(0), (), ())

    @classmethod
    def of(cls, held: Mapping[str, Tensor], row: int) -> Self:
        """Those of the thing in this row of a state's tensors."""
        count = int(held["counts"][row])
        return cls(
            held["keys"][row, :count],
            held["scales"][row, :count],
            tuple(held["modalities"][row, :count].tolist()),
            tuple(held["times"][row, :count].tolist()),
        )

    def grown(self, example: Example) -> Self:
        """With one more, or the same value where it is known."""
        keys, scales = pack(example.key[None])
        sense = MODALITIES.index(example.modality)
        for place, (modality, at_s) in enumerate(zip(self.modalities, self.times_s, strict=True)):
            if (modality, at_s) == (sense, example.at_s) and bool(
                (self.keys[place] == keys[0]).all()
            ):
                return self
        place = sum(at_s <= example.at_s for at_s in self.times_s)
        more = type(self)(
            torch.cat((self.keys[:place], keys, self.keys[place:])),
            torch.cat((self.scales[:place], scales, self.scales[place:])),
            (*self.modalities[:place], sense, *self.modalities[place:]),
            (*self.times_s[:place], example.at_s, *self.times_s[place:]),
        )
        return more if len(more.times_s) <= EXAMPLES else more._without(more._redundant())

    def _redundant(self) -> int:
        """The older of the two of one sense that are most alike."""
        alike = likeness(self.keys, self.keys).tolist()
        pairs = [
            (alike[a][b], -a)
            for a in range(len(self.times_s))
            for b in range(a + 1, len(self.times_s))
            if self.modalities[a] == self.modalities[b]
        ]
        return -max(pairs)[1]

    def _without(self, place: int) -> Self:
        kept = [at for at in range(len(self.times_s)) if at != place]
        return type(self)(
            self.keys[kept],
            self.scales[kept],
            tuple(self.modalities[at] for at in kept),
            tuple(self.times_s[at] for at in kept),
        )

    def write(self, held: Mapping[str, Tensor], row: int) -> None:
        """Put them into a row of tensors that are still being made."""
        count = len(self.times_s)
        for name in ("keys", "scales", "modalities", "times"):
            held[name][row] = 0
        held["counts"][row] = count
        held["keys"][row, :count] = self.keys
        held["scales"][row, :count] = self.scales
        held["modalities"][row, :count] = torch.tensor(self.modalities, dtype=torch.uint8)
        held["times"][row, :count] = torch.tensor(self.times_s, dtype=torch.float64)


def check_row(held: Mapping[str, Tensor], row: int) -> None:
    """Raise StateIncompatible where a thing's examples are none that `Examples` writes."""
    count = int(held["counts"][row])
    if not 1 <= count <= EXAMPLES:
        raise StateIncompatible(f"things.counts: thing {row} has {count}, must be 1 to {EXAMPLES}")
    for name in ("keys", "scales", "modalities", "times"):
        if bool(held[name][row, count:].to(torch.float64).ne(0).any()):
            raise StateIncompatible(f"things.{name}: thing {row} has more than {count}")
    if not are_digits(held["keys"][row, :count]):
        raise StateIncompatible(f"things.keys: thing {row} has a half byte that is no digit")
    for name in ("scales", "times"):
        values = held[name][row, :count].tolist()
        if not all(isfinite(value) and value >= 0 for value in values):
            raise StateIncompatible(f"things.{name}: thing {row} has {values}")
    times_s = held["times"][row, :count].tolist()
    if times_s != sorted(times_s):
        raise StateIncompatible(f"things.times: thing {row}'s are not in order")
    if int(held["modalities"][row].max()) >= len(MODALITIES):
        raise StateIncompatible(f"things.modalities: thing {row} has an unknown sense")
