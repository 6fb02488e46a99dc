"""The figures that the sizing starts from, each with its unit and where it comes from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

FULL = 0.9  # of a worker's cores: with all of them, it never catches up
Kind = Literal["measured", "assumed", "design"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as the file has it."""

    value: float
    unit: str
    kind: Kind
    how: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of them by name; the file says what each is."""

    media_bytes_per_s: float
    chunk_s: float
    fold_core_s: float
    worker_cores: float
    gpu_sessions: float
    packed_bytes: float
    kept_s: float
    record_bytes: float
    index_bytes: float
    store_cpu_s: float
    store_in_bytes: float
    store_out_bytes: float
    commit_s: float
    commit_store_s: float
    look_s: float
    gateway_cpu_s: float
    gateway_mb: float
    gateway_stream_mb: float
    recovery_leases: float
    hand_over_s: float
    worker_start_s: float
    failover_s: float
    tier_move_s: float
    visits_per_day: float
    visit_median_s: float
    visit_spread: float
    questions_per_day: float
    without_end: float
    night_share: float
    tier_after_s: float
    lease_s: float
    target_load: float
    shard_load: float
    shard_gb: float
    shard_gbit: float
    hot_key_calls: float

    @property
    def kept_bytes(self) -> float:
        """Input that is kept behind a stream that has not ended."""
        return self.kept_s * self.media_bytes_per_s

    @property
    def worker_sessions(self) -> int:
        """Live sessions that one worker can fold as they come, and catch up with."""
        return max(1, int(FULL * self.worker_cores / self.fold_core_s))


def read(path: Path) -> tuple[Figures, dict[str, Figure]]:
    """The figures of a TOML file; raises ValueError that names what is missing or unknown."""
    told: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    wanted = {field.name for field in fields(Figures)}
    if wrong := sorted(wanted.symmetric_difference(told)):
        raise ValueError(f"{path.name}: missing or unknown: {', '.join(wrong)}")
    found = {name: Figure(**entry) for name, entry in told.items()}
    for name, figure in found.items():
        if figure.kind not in ("measured", "assumed", "design") or not figure.value > 0:
            raise ValueError(f"{path.name}: {name}: a positive value and a known kind are needed")
    return Figures(**{name: float(figure.value) for name, figure in found.items()}), found
