"""The numbers of rule S0, the untrained write policy. Knows no memory."""

from __future__ import annotations

from dataclasses import dataclass

from ttm_model.slow import LAG_S

ByModality = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class S0Rule:
    """When an input is the same thing, going on; when it begins an event; when two events merge."""

    match_cos: float = 0.6  # same thing, still going on
    min_salience: float = 0.2
    gap_s: ByModality = (2.0, 1.5, 3.0)  # how long each modality may be away and be the same
    late_s: ByModality = (0.0, 0.0, LAG_S)  # how long after it was there it is found
    merge_cos: float = 0.85  # alike enough to share a slot

    @property
    def open_s(self) -> ByModality:
        """How long after its end an event of each modality may still be said to go on."""
        sight, sound, person = map(sum, zip(self.gap_s, self.late_s, strict=True))
        return sight, sound, person
