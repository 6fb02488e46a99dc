"""A system whose memory can be laid out as entries: all but folding is shared. Knows no truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from ttm_lab.systems import entries as reading
from ttm_lab.systems.calibration import Found, PresenceCalibration
from ttm_lab.systems.entries import Entries
from ttm_lab.task.interface import Episode, EpisodeEvent, Verdict

PRESENT_P = 0.5
UNCALIBRATED = PresenceCalibration(-20.0, (30.0,))


class EntrySystem(ABC):
    """A MemorySystem that is read by key similarity alone."""

    def __init__(self, name: str, calibration: PresenceCalibration | None = None) -> None:
        self.name = name
        self.calibration = calibration or UNCALIBRATED

    @abstractmethod
    def fold(self, episode: Episode) -> Any:
        """The memory after the episode's steps, in order."""

    @abstractmethod
    def state_bytes(self, memory: Any) -> int:
        """How many bytes the memory takes."""

    @abstractmethod
    def entries(self, memory: Any) -> Entries:
        """The memory laid out for reading."""

    def at_time(self, memory: Any, time_s: float, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) at a time."""
        return reading.read_at(self.entries(memory), time_s, candidates)

    def beside(self, memory: Any, sound: Tensor, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) beside a sound (d,)."""
        return reading.read_beside(self.entries(memory), sound, candidates)

    def when(self, memory: Any, sight: Tensor) -> float | None:
        """Start of the best match, where the sight is more likely present than not."""
        if self.presence(memory, sight)[1] != "present":
            return None
        return reading.read_when(self.entries(memory), sight)

    def presence(self, memory: Any, sight: Tensor) -> tuple[float, Verdict]:
        """Calibrated probability and verdict; after any loss, absence is never claimed."""
        p = self.calibration.probability(self.found(memory, sight))
        if p > PRESENT_P:
            return p, "present"
        return p, "may_have_forgotten" if self.entries(memory).lost > 0 else "not_seen"

    def found(self, memory: Any, sight: Tensor) -> Found:
        """What the calibration is fitted on."""
        entries = self.entries(memory)
        return Found(reading.presence_features(entries, sight), entries.lost)

    def holds(self, memory: Any, event: EpisodeEvent, sensor: Tensor) -> bool:
        """Whether an event's sight is still there, judged with its own sensor key (d,)."""
        return reading.holds(self.entries(memory), event, sensor)
