"""The slot memory with a learned reader, as a MemorySystem. Knows no training."""

from __future__ import annotations

import torch
from torch import Tensor

from ttm_lab.systems.base import PRESENT_P
from ttm_lab.systems.calibrated import CALIBRATED
from ttm_lab.systems.entries import read_when
from ttm_lab.systems.slot_ttm import SlotMemory, SlotSystem
from ttm_lab.task.interface import Verdict
from ttm_lab.training.slot_reader import SlotReader


class LearnedSlotSystem(SlotSystem):
    """`SlotSystem` read through a `SlotReader`; which second is read as ever."""

    def __init__(self, reader: SlotReader, name: str = "slot-reader") -> None:
        super().__init__(name, CALIBRATED.get("slot-ttm"))
        self.reader = reader.eval()

    @torch.inference_mode()
    def at_time(self, memory: SlotMemory, time_s: float, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) at a time."""
        return self.reader.at_time(memory.entries, _clock(memory), time_s, candidates)

    @torch.inference_mode()
    def beside(self, memory: SlotMemory, sound: Tensor, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) beside a sound (d,)."""
        return self.reader.beside(memory.entries, _clock(memory), sound, candidates)

    def when(self, memory: SlotMemory, sight: Tensor) -> float | None:
        """Start of the best match, where the sight is more likely present than not."""
        if self.presence(memory, sight)[1] != "present":
            return None
        return read_when(memory.entries, sight)

    @torch.inference_mode()
    def presence(self, memory: SlotMemory, sight: Tensor) -> tuple[float, Verdict]:
        """The learned probability; after any loss, absence is never claimed."""
        entries = memory.entries
        p = float(self.reader.presence(entries, _clock(memory), sight, self.calibration))
        if p > PRESENT_P:
            return p, "present"
        return p, "may_have_forgotten" if entries.lost > 0 else "not_seen"


def _clock(memory: SlotMemory) -> float:
    return float(memory.state.clock_s[0])
