"""How much an evaluation runs: loads, episodes, seeds. Knows no system."""

from __future__ import annotations

from dataclasses import dataclass, field

DIM = 256
CONCEPTS = 3000  # of each modality
HELD_OUT_SHARE = 0.2
CANDIDATES = 500
SIGMA = 0.5  # the stated middle value of the modality gap
SWEEP = (0.2, 0.35, 0.5, 0.65, 0.8)
BANK_SEED = 20260701  # of the concepts; episodes are drawn by the run's own seed
CALIBRATION_SEED = 77_000_000  # episodes of training concepts, far from any run's seeds


@dataclass(frozen=True, slots=True)
class Load:
    """Episodes of one kind; `pairs` of them, because a swapped memory comes from a partner."""

    name: str
    events: int
    seconds: float
    pairs: int
    only: tuple[str, ...] = ()  # systems that are measured at it; empty: all

    def measures(self, system: str) -> bool:
        """Whether a system is measured at this load."""
        return not self.only or system in self.only


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    name: str
    loads: tuple[Load, ...]
    cost_steps: int
    rewordings: int  # questions, each asked in five wordings
    seed: int = 0
    workers: int = 2
    sweep: tuple[float, ...] = field(default=SWEEP)

    @property
    def episodes(self) -> int:
        """Episodes in all."""
        return sum(2 * load.pairs for load in self.loads)


FITS, EVENTS_64, OVERLOAD, FORGETTING, LONG = "42", "64", "192", "384", "64-long"
# Where a memory with an archive has to forget; what grows with the stream would take minutes there.
BOUNDED = ("slot-ttm", "fifo", "fifo-packed", "recency", "unlimited")
SHORT = Plan(
    "short",
    (
        Load(FITS, 42, 160.0, 2),
        Load(EVENTS_64, 64, 240.0, 4),
        Load(OVERLOAD, 192, 720.0, 2),
        Load(FORGETTING, 384, 1440.0, 1, BOUNDED),
        Load(LONG, 64, 2000.0, 1),
    ),
    cost_steps=2000,
    rewordings=60,
)
FULL = Plan(
    "full",
    (
        Load(FITS, 42, 160.0, 10),
        Load(EVENTS_64, 64, 240.0, 16),
        Load(OVERLOAD, 192, 720.0, 10),
        Load(FORGETTING, 384, 1440.0, 4, BOUNDED),
        Load(LONG, 64, 2400.0, 4),
    ),
    cost_steps=20_000,
    rewordings=400,
)
TINY = Plan("tiny", (Load("24", 24, 70.0, 1),), cost_steps=0, rewordings=0, workers=1)
