"""The slot-write Token Turing Machine as a measured system: read from the state only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import torch

from ttm_lab.systems.base import EntrySystem
from ttm_lab.systems.calibration import PresenceCalibration
from ttm_lab.systems.entries import Entries
from ttm_lab.task.interface import Episode
from ttm_model.serial import to_bytes
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.packed import unpack
from ttm_model.ttm.slot_write import S0Rule
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
        """The event tier, a packed slot giving one entry for each of its places."""
        return slot_entries(self.state, self.layout)


class SlotSystem(EntrySystem):
    """`SlotUnit` over the episode; `pack` False keeps merging and eviction, without packing."""

    def __init__(
        self,
        name: str = "slot-ttm",
        calibration: PresenceCalibration | None = None,
        *,
        pack: bool = True,
        layout: Layout | None = None,
    ) -> None:
        super().__init__(name, calibration)
        rule = S0Rule()
        rule = replace(rule, room=replace(rule.room, pack=pack))
        self.unit = SlotUnit(UnitConfig(layout=layout or Layout(), rule=rule)).eval()

    def fold(self, episode: Episode) -> SlotMemory:
        """The state after the episode's steps."""
        return self.fold_together([episode])[0]

    def fold_together(self, episodes: Sequence[Episode]) -> list[SlotMemory]:
        """Episodes of one length in one batch: each row is bit for bit what it is alone."""
        state = self.unit.initial(len(episodes))
        with torch.inference_mode():
            for steps in zip(*(episode.steps for episode in episodes), strict=True):
                inputs = _stacked([tokens for tokens, _ in steps])
                state, _ = self.unit.step(state, inputs, torch.cat([mask for _, mask in steps]))
        layout = self.unit.config.layout
        return [SlotMemory(state.row(at), layout) for at in range(len(episodes))]

    def state_bytes(self, memory: SlotMemory) -> int:
        """Bytes of the state as it is stored."""
        return len(to_bytes(memory.state.tensors(), "eval"))

    def entries(self, memory: SlotMemory) -> Entries:
        """The event tier's entries."""
        return memory.entries


def _stacked(tokens: list[InputTokens]) -> InputTokens:
    names = [field.name for field in fields(InputTokens)]
    return InputTokens(*(torch.cat([getattr(one, name) for one in tokens]) for name in names))


class ZeroedSystem(SlotSystem):
    """The same memory with all its tokens set to zero: it must abstain."""

    def fold_together(self, episodes: Sequence[Episode]) -> list[SlotMemory]:
        """The episodes' states without what they hold."""
        return [zeroed(memory) for memory in super().fold_together(episodes)]


def zeroed(memory: SlotMemory) -> SlotMemory:
    """A memory with the same times and counts, and nothing in its tokens."""
    tokens = torch.zeros_like(memory.state.tokens)
    return SlotMemory(memory.state.updated(tokens=tokens), memory.layout)


def slot_entries(state: MemoryState, layout: Layout) -> Entries:
    """What the event tier of one session's state (B = 1) holds."""
    keys, rows = [], []
    for index in range(layout.event_slots.start, layout.event_slots.stop):
        modality = int(state.modality[0, index])
        if modality < 0:
            continue
        places = int(state.packed[0, index])
        if places:
            keys.append(unpack(state.tokens[0, index], state.item_scale[0, index, :places]))
            starts, ends = state.item_start[0, index], state.item_end[0, index]
            times = [(float(starts[at]), float(ends[at])) for at in range(places)]
        else:
            keys.append(state.tokens[0, index][None])
            times = [(float(state.t_first[0, index]), float(state.t_last[0, index]))]
        rows += [(modality, *span) for span in times]
    video = int(Modality.VIDEO)
    held = sum(row[0] == video for row in rows)
    gone = int(state.evictions[0, video].sum())
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
    return Entries(
        torch.cat(keys) if keys else torch.zeros(0, layout.dim),
        table[:, 0].to(torch.int8),
        table[:, 1],
        table[:, 2],
        gone / max(gone + held, 1),
    )
