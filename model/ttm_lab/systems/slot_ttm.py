"""The slot-write Token Turing Machine as a measured system: read from the state only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from ttm_lab.systems.base import EntrySystem
from ttm_lab.systems.calibration import PresenceCalibration
from ttm_lab.systems.entries import Entries
from ttm_lab.task.interface import Episode
from ttm_model.nibbles import unpack
from ttm_model.serial import to_bytes
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit, UnitConfig


@dataclass(frozen=True)
class SlotMemory:
    """A state, and its entries once something has been asked."""

    state: MemoryState
    layout: Layout

    @cached_property
    def entries(self) -> Entries:
        """The working events, and the archived ones."""
        return slot_entries(self.state, self.layout)


# As many working slots as a memory without an archive had: merging and eviction alone.
WITHOUT_ARCHIVE = Layout(events=64, archive=0, reserved_events=16)


class SlotSystem(EntrySystem):
    """`SlotUnit` over the episode."""

    def __init__(
        self,
        name: str = "slot-ttm",
        calibration: PresenceCalibration | None = None,
        *,
        layout: Layout | None = None,
    ) -> None:
        super().__init__(name, calibration)
        self.unit = SlotUnit(UnitConfig(layout=layout or Layout())).eval()

    def fold(self, episode: Episode) -> SlotMemory:
        """The state after the episode's steps."""
        return self.fold_together([episode])[0]

    def fold_together(self, episodes: Sequence[Episode]) -> list[SlotMemory]:
        """Episodes of one length in one batch: each row is bit for bit what it is alone."""
        state = self.unit.initial(len(episodes))
        with torch.inference_mode():
            for steps in zip(*(episode.steps for episode in episodes), strict=True):
                inputs = InputTokens.stack([tokens for tokens, _ in steps])
                state, _ = self.unit.step(state, inputs, torch.cat([mask for _, mask in steps]))
        layout = self.unit.config.layout
        return [SlotMemory(state.row(at), layout) for at in range(len(episodes))]

    def state_bytes(self, memory: SlotMemory) -> int:
        """Bytes of the state as it is stored."""
        return len(to_bytes(memory.state.tensors(), "eval"))

    def entries(self, memory: SlotMemory) -> Entries:
        """The event tier's entries."""
        return memory.entries


class ZeroedSystem(SlotSystem):
    """The same memory with all its keys set to zero: it must abstain."""

    def fold_together(self, episodes: Sequence[Episode]) -> list[SlotMemory]:
        """The episodes' states without what they hold."""
        return [zeroed(memory) for memory in super().fold_together(episodes)]


def zeroed(memory: SlotMemory) -> SlotMemory:
    """A memory with the same times and counts, and nothing in its keys."""
    state = memory.state
    archive = state.archive.updated(scale=torch.zeros_like(state.archive.scale))
    tokens = torch.zeros_like(state.tokens)
    return SlotMemory(state.updated(tokens=tokens, archive=archive), memory.layout)


def slot_entries(state: MemoryState, layout: Layout) -> Entries:
    """The events that one session's state (B = 1) holds, working and archived."""
    tier, archive = layout.event_slots, state.archive
    working, kept = state.modality[0, tier] >= 0, archive.modality[0] >= 0
    modality = torch.cat([state.modality[0, tier][working], archive.modality[0, kept]])
    held = int((modality == int(Modality.VIDEO)).sum())
    gone = int(state.evictions[0, int(Modality.VIDEO)].sum())
    return Entries(
        torch.cat(
            [
                state.tokens[0, tier][working],
                unpack(archive.key[0, kept], archive.scale[0, kept]),
            ]
        ),
        modality,
        torch.cat([state.t_first[0, tier][working], archive.start_s[0, kept]]),
        torch.cat([state.t_last[0, tier][working], archive.end_s[0, kept]]),
        gone / max(gone + held, 1),
    )
