"""What an engine's step gives back for one session: plain values, free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

S = TypeVar("S")
ModalityName = Literal["video", "audio"]
NoticedModality = Literal["video", "audio", "speech", "text"]


@dataclass(frozen=True, slots=True)
class Noticed:
    """A label of one modality over an interval of media-clock seconds, with a score 0 to 1.

    Of speech and text the label is the words.
    """

    label: str
    modality: NoticedModality
    start_s: float
    end_s: float
    score: float


@dataclass(frozen=True, slots=True)
class StepResult(Generic[S]):
    """One session's part of a batch: its next state and what was noticed.

    `fault` tells why the chunk could not be folded; the state is then the one before it.
    """

    state: S
    noticed: tuple[Noticed, ...] = ()
    fault: str | None = None
