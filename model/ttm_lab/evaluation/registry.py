"""Which systems are measured, by name. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ttm_lab.systems.calibrated import CALIBRATED
from ttm_lab.systems.controls import QuestionOnlySystem
from ttm_lab.systems.slot_ttm import WITHOUT_ARCHIVE, SlotSystem, ZeroedSystem
from ttm_lab.systems.stores import (
    FifoSystem,
    MeanPoolSystem,
    PackedFifoSystem,
    RecencySystem,
    UnlimitedSystem,
)
from ttm_lab.task.interface import MemorySystem
from ttm_lab.training import systems as trained
from ttm_model.ttm.layout import Layout

OURS = "slot-ttm"
SWAPPED = "swapped"
ZEROED = "zeroed"


def _slots(name: str, layout: Layout | None = None) -> MemorySystem:
    return SlotSystem(name, CALIBRATED.get(name), layout=layout)


def _swapped() -> MemorySystem:
    """Ours; the runner gives it the memory of another episode."""
    return SlotSystem(SWAPPED, CALIBRATED.get(OURS))


def _zeroed() -> MemorySystem:
    return ZeroedSystem(ZEROED, CALIBRATED.get(OURS))


SYSTEMS: dict[str, Callable[[], MemorySystem]] = {
    OURS: partial(_slots, OURS),
    "merge-only": partial(_slots, "merge-only", WITHOUT_ARCHIVE),
    "fifo": lambda: FifoSystem(calibration=CALIBRATED.get("fifo")),
    "fifo-packed": lambda: PackedFifoSystem(calibration=CALIBRATED.get("fifo-packed")),
    "recency": lambda: RecencySystem(calibration=CALIBRATED.get("recency")),
    "mean-pool": lambda: MeanPoolSystem("mean-pool", CALIBRATED.get("mean-pool")),
    "unlimited": lambda: UnlimitedSystem("unlimited", CALIBRATED.get("unlimited")),
    "question-only": QuestionOnlySystem,
    SWAPPED: _swapped,
    ZEROED: _zeroed,
    **{name: partial(trained.load, name) for name in trained.NAMES},
}


def load(name: str) -> MemorySystem:
    """The system of that name.

    Raises KeyError naming the known ones, and WeightsError for a trained one whose file is not
    there or not the pinned one.
    """
    if name not in SYSTEMS:
        raise KeyError(f"systems: {name!r} is not one of {', '.join(SYSTEMS)}")
    return SYSTEMS[name]()
