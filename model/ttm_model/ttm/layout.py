"""How the m slots of a memory are divided into tiers. Knows no tensors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ttm_model.ttm.packed import MOST_PLACES


class Modality(IntEnum):
    """What a slot or an input token came from; EMPTY marks a slot that holds nothing."""

    EMPTY = -1
    VIDEO = 0
    AUDIO = 1


MODALITIES = (Modality.VIDEO, Modality.AUDIO)
AGE_BUCKETS_S = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)  # upper edges; one more above


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of a slot-write memory: tiers in this order, m slots of `dim` values in all."""

    recent: int = 16  # ring: half for each modality, one slot per `recent_bin_s`
    events: int = 64
    consolidated: int = 8
    gist: int = 8
    dim: int = 256
    reserved_events: int = 16  # event slots that one modality cannot take from the other
    recent_bin_s: float = 2.0
    pack_places: int = MOST_PLACES  # events that one packed slot can hold

    def __post_init__(self) -> None:
        if self.recent % len(MODALITIES) or self.consolidated % len(MODALITIES):
            raise ValueError(
                f"recent: {self.recent} and consolidated: {self.consolidated} must divide evenly "
                f"between {len(MODALITIES)} modalities"
            )
        if not 2 <= self.pack_places <= MOST_PLACES:
            raise ValueError(f"pack_places: {self.pack_places} must be 2 to {MOST_PLACES}")
        if self.reserved_events * len(MODALITIES) > self.events:
            raise ValueError(
                f"reserved_events: {self.reserved_events} for each modality is more than "
                f"the {self.events} event slots hold"
            )

    @property
    def tokens(self) -> int:
        """m, the number of slots."""
        return self.recent + self.events + self.consolidated + self.gist

    @property
    def event_slots(self) -> slice:
        """Slots that hold one event each."""
        return slice(self.recent, self.recent + self.events)

    @property
    def consolidated_slots(self) -> slice:
        """Slots that superpose what was evicted."""
        return slice(self.recent + self.events, self.tokens - self.gist)

    @property
    def gist_slots(self) -> slice:
        """Slots written as the published `tl` unit does."""
        return slice(self.tokens - self.gist, self.tokens)

    @property
    def recent_per_modality(self) -> int:
        """Ring slots of one modality."""
        return self.recent // len(MODALITIES)

    @property
    def consolidated_per_modality(self) -> int:
        """Consolidated slots of one modality."""
        return self.consolidated // len(MODALITIES)
