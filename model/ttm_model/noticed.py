"""Something that a step noticed just now: a plain value, free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ModalityName = Literal["video", "audio"]


@dataclass(frozen=True, slots=True)
class Noticed:
    """A label of one modality over an interval of media-clock seconds, with a score 0 to 1."""

    label: str
    modality: ModalityName
    start_s: float
    end_s: float
    score: float
