"""How long a run is and what it does when: budget, curriculum, learning rate. Knows no network.

All of it depends on `progress`, 0 to 1. A run of so many steps is the same every time, bit for bit;
a run of so many minutes is not, because its progress is the clock's.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = 16  # steps of a stream between two rounds of questions; what "step" counts
# From which progress on streams of how many steps.
CURRICULUM = ((0.0, 16), (0.1, 32), (0.25, 64), (0.45, 128), (0.7, 256), (0.85, 512))
WARM_UP_STEPS = 20
COOL_DOWN_FROM = 0.7
COOLEST = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings of one run. Exactly one of `steps` and `minutes` is given.

    `minutes` are processor minutes on a CPU, so that a busy machine does not train less.
    """

    system: str
    seed: int = 0
    steps: int | None = None
    minutes: float | None = None
    batch: int = 8
    learning_rate: float = 1e-3
    horizon: int = 256  # the curriculum goes no further
    shortest: int = WINDOW  # and begins with streams of this length
    back: int = 1  # windows that gradients go back through, in a recurrent memory

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("steps, minutes: give one of them")
        if (self.steps or self.minutes or 0) <= 0:
            raise ValueError("steps, minutes: must be more than zero")
        if self.batch < 1:
            raise ValueError(f"batch: {self.batch} must be at least 1")
        if self.back < 1:
            raise ValueError(f"back: {self.back} must be at least 1")
        for name, steps in (("horizon", self.horizon), ("shortest", self.shortest)):
            if steps < WINDOW or steps % WINDOW:
                raise ValueError(f"{name}: {steps} is not a multiple of {WINDOW} steps")
        if self.shortest > self.horizon:
            raise ValueError(f"shortest: {self.shortest} is more than horizon, {self.horizon}")

    def progress(self, step: int, spent_s: float) -> float:
        """How much of the run is done, 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        assert self.minutes is not None
        return min(1.0, spent_s / (60 * self.minutes))

    def horizon_at(self, progress: float) -> int:
        """Steps of a stream in a batch."""
        steps = max(h for start, h in CURRICULUM if progress >= start)
        return min(self.horizon, max(self.shortest, steps))

    def rate_at(self, step: int, progress: float) -> float:
        """Learning rate: up at the start, down at the end."""
        up = min(1.0, (step + 1) / WARM_UP_STEPS)
        left = (1.0 - progress) / (1.0 - COOL_DOWN_FROM)
        return self.learning_rate * up * max(COOLEST, min(1.0, left))
