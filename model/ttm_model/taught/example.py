"""What teaching takes and gives: an example, a thing with a name. Knows no tensor layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from ttm_model.step_result import ModalityName

Source = Literal["asked", "voice"]
SOURCES: tuple[Source, ...] = ("asked", "voice")
MODALITIES: tuple[ModalityName, ...] = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Example:
    """One key (256,) float32 of a thing, of what was seen or heard at a media second."""

    key: Tensor = field(compare=False, repr=False)
    modality: ModalityName
    at_s: float


@dataclass(frozen=True, slots=True)
class Thing:
    """A name and its examples of one sense; a name taught by sight and sound is two of these.

    `examples` (n, 256) float32 and `times_s` by time; `taught_at_s` is when one came last;
    `source` says how it was named first.
    """

    name: str
    modality: ModalityName
    examples: Tensor = field(compare=False, repr=False)
    times_s: tuple[float, ...]
    taught_at_s: float
    source: Source

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.times_s)
