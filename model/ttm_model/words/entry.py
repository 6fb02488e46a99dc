"""What the words tier tells of one utterance or one written line. Knows no tensor layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from ttm_model.slow import Box, Word

Kind = Literal["speech", "text"]
KINDS: tuple[Kind, ...] = ("speech", "text")
GOES_ON = "…"  # ends a text that did not fit one entry; what follows is in the next one


@dataclass(frozen=True, slots=True)
class Entry:
    """An utterance (`speech`) or a line that was read (`text`), in media-clock seconds.

    `p` is how sure the sense was of the words. `count` is 1, but for a line whose separate
    appearances were joined to make room: then the interval spans them all. `words` are an
    utterance's, each until the next begins, with the utterance's `p`. `box` is a line's place.
    `language` is ISO 639, empty for lines and where unknown. `key` (384,) float32 of unit length.
    """

    kind: Kind
    text: str
    start_s: float
    end_s: float
    p: float
    count: int
    words: tuple[Word, ...]
    box: Box | None
    language: str
    key: Tensor = field(compare=False, repr=False)
