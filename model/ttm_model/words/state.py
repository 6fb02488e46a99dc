"""The words tier of a session's state: what was said and written, bounded. Knows no search.

A value of constant size, folded over findings. Each kind has a floor: words that ended after it are
all there; of what ended before, some may have been given up for later ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from ttm_model.serial import Spec
from ttm_model.slow import Line, Utterance
from ttm_model.words import spoken, written
from ttm_model.words.entry import Entry, Kind
from ttm_model.words.table import Table

_SPOKEN, _WRITTEN = "spoken.", "written."
SPEC: Spec = {
    **{_SPOKEN + name: shape for name, shape in Table.spec(spoken.COLUMNS).items()},
    **{_WRITTEN + name: shape for name, shape in Table.spec(written.COLUMNS).items()},
}


@dataclass(frozen=True, slots=True)
class WordsState:
    """The utterances and the lines that are kept."""

    spoken: Table
    written: Table

    @classmethod
    def initial(cls) -> Self:
        """Nothing was said or read yet."""
        return cls(Table.initial(spoken.COLUMNS), Table.initial(written.COLUMNS))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """Tensors as in SPEC; raises StateIncompatible naming the one whose values cannot be."""
        return cls(
            spoken.checked(_part(_SPOKEN, tensors), "words.spoken"),
            written.checked(_part(_WRITTEN, tensors), "words.written"),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name in SPEC."""
        return {
            **{_SPOKEN + name: tensor for name, tensor in self.spoken.tensors().items()},
            **{_WRITTEN + name: tensor for name, tensor in self.written.tensors().items()},
        }


def said(state: WordsState, utterance: Utterance, key: Tensor) -> WordsState:
    """With an utterance; `key` (384,) is its text's embedding. Blank texts leave nothing."""
    table = state.spoken
    for row in spoken.rows_of(utterance, key):
        table = table.with_room().put(row)
    return replace(state, spoken=table)


def read(
    state: WordsState, at_s: float, until_s: float, lines: tuple[Line, ...], keys: Tensor
) -> WordsState:
    """With the lines of a picture of `at_s` that stood until `until_s`; `keys` (n, 384)."""
    return replace(state, written=written.after_reading(state.written, at_s, until_s, lines, keys))


def entries(state: WordsState) -> tuple[Entry, ...]:
    """Everything that is kept, by start; what was said before what was written."""
    every = (*spoken.entries(state.spoken), *written.entries(state.written))
    return tuple(sorted(every, key=lambda entry: entry.start_s))


def floors(state: WordsState) -> dict[Kind, float]:
    """Of each kind the media second after which nothing was forgotten."""
    return {"speech": state.spoken.floor_s, "text": state.written.floor_s}


def _part(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
