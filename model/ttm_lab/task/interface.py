"""What an episode is, and what a memory system must do to be measured. Knows no system.

Everything lives in key space: a concept has a sensor key (what an encoder would give) and a text
key (what a question's noun phrase gives), unit vectors of `dim` values with a gap between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from torch import Tensor

from ttm_model.ttm.tokens import InputTokens

Verdict = Literal["present", "not_seen", "may_have_forgotten"]


@dataclass(frozen=True, slots=True)
class Concepts:
    """A bank of things that can be seen (or heard): C concepts of one modality.

    `sibling[c]` is the most alike other concept (the hard negative); `held_out` marks those that
    never occur in training.
    """

    sensor: Tensor  # (C, d) float32, unit length
    text: Tensor  # (C, d) float32, unit length
    sibling: Tensor  # (C,) int64
    held_out: Tensor  # (C,) bool


@dataclass(frozen=True, slots=True)
class EpisodeEvent:
    """One thing that happened: a sight, and perhaps a sound with it."""

    sight: int
    sound: int | None
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Episode:
    """One stream of T steps of half a second, and what is true of it."""

    steps: tuple[tuple[InputTokens, Tensor], ...]  # T of (tokens with B = 1, mask (1, n))
    events: tuple[EpisodeEvent, ...]
    sights: Concepts
    sounds: Concepts
    length_s: float


class MemorySystem(Protocol):
    """A memory with its reader. `fold` must see the steps in order and nothing else."""

    name: str

    def fold(self, episode: Episode) -> Any:
        """The memory after the episode's steps."""
        ...

    def state_bytes(self, memory: Any) -> int:
        """How many bytes the memory takes."""
        ...

    def at_time(self, memory: Any, time_s: float, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidate sights (text keys (K, d)) for what was seen at a time."""
        ...

    def beside(self, memory: Any, sound: Tensor, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidate sights for what was seen while a sound (text key) was heard."""
        ...

    def when(self, memory: Any, sight: Tensor) -> float | None:
        """The second at which a sight (text key) began, or None where it is not known."""
        ...

    def presence(self, memory: Any, sight: Tensor) -> tuple[float, Verdict]:
        """Calibrated probability that a sight was there, and what would be answered."""
        ...
