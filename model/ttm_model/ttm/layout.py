"""How the places of a memory are divided: tiers of m working slots, and an archive. No tensors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Modality(IntEnum):
    """What a slot or an input token came from; EMPTY marks a place that holds nothing."""

    EMPTY = -1
    VIDEO = 0
    AUDIO = 1
    PERSON = 2


MODALITIES = (Modality.VIDEO, Modality.AUDIO, Modality.PERSON)
STREAMED = (Modality.VIDEO, Modality.AUDIO)  # found within a step; only these have a recent ring
AGE_BUCKETS_S = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)  # upper edges; one more above


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of a slot-write memory: tiers in this order, m slots of `dim` values, and the archive.

    An event is in a working slot while it goes on and until others need the slot, then in the
    archive, rounded. Of both together each modality has `reserved_events` that no other can take.
    """

    recent: int = 16  # ring: half for each streamed modality, one slot per `recent_bin_s`
    events: int = 24
    consolidated: int = 12
    gist: int = 8
    archive: int = 312  # events in few bits; 0: none
    dim: int = 256
    reserved_events: int = 64
    recent_bin_s: float = 2.0

    def __post_init__(self) -> None:
        if self.recent % len(STREAMED):
            raise ValueError(f"recent: {self.recent} must divide evenly by {len(STREAMED)}")
        if self.consolidated % len(MODALITIES):
            raise ValueError(
                f"consolidated: {self.consolidated} must divide evenly by {len(MODALITIES)}"
            )
        if self.dim % 2:
            raise ValueError(f"dim: {self.dim} must be even, for two values share a byte")
        if self.reserved_events * len(MODALITIES) > self.events + self.archive:
            raise ValueError(
                f"reserved_events: {self.reserved_events} for each modality is more than "
                f"the {self.events + self.archive} events that are held"
            )

    @property
    def tokens(self) -> int:
        """m, the number of working slots."""
        return self.recent + self.events + self.consolidated + self.gist

    @property
    def sizes(self) -> dict[str, int]:
        """The axes of a state's tensors by name."""
        return {
            "slots": self.tokens,
            "places": self.archive,
            "dim": self.dim,
            "half dim": self.dim // 2,
            "modalities": len(MODALITIES),
            "ages": len(AGE_BUCKETS_S) + 1,
        }

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
        """Ring slots of one streamed modality."""
        return self.recent // len(STREAMED)

    @property
    def consolidated_per_modality(self) -> int:
        """Consolidated slots of one modality."""
        return self.consolidated // len(MODALITIES)
