"""Which systems are measured, by name. Trained ones are loaded where a checkpoint is there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ttm_lab.evaluation.interface import MemorySystem
from ttm_lab.evaluation.systems.calibrated import CALIBRATED
from ttm_lab.evaluation.systems.controls import QuestionOnlySystem
from ttm_lab.evaluation.systems.slot_ttm import SlotSystem, ZeroedSystem
from ttm_lab.evaluation.systems.stores import (
    FifoSystem,
    MeanPoolSystem,
    PackedFifoSystem,
    RecencySystem,
    UnlimitedSystem,
)
from ttm_lab.training.systems import load as load_trained

OURS = "slot-ttm"
SWAPPED = "swapped"
ZEROED = "zeroed"
TRAINED = ("published-ttm", "lstm", "transformer")
CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"


class NoCheckpoint(LookupError):
    """A trained system whose checkpoint file is not there."""


def _trained(name: str) -> MemorySystem:
    path = CHECKPOINTS / f"{name.replace('-', '_')}.safetensors"
    if not path.exists():
        raise NoCheckpoint(f"no checkpoint of {name}: {path.name} is not there")
    return load_trained(name)


def _slots(name: str, *, pack: bool = True) -> MemorySystem:
    return SlotSystem(name, CALIBRATED.get(name), pack=pack)


def _swapped() -> MemorySystem:
    """Ours; the runner gives it the memory of another episode."""
    return SlotSystem(SWAPPED, CALIBRATED.get(OURS))


def _zeroed() -> MemorySystem:
    return ZeroedSystem(ZEROED, CALIBRATED.get(OURS))


SYSTEMS: dict[str, Callable[[], MemorySystem]] = {
    OURS: partial(_slots, OURS),
    "merge-only": partial(_slots, "merge-only", pack=False),
    "fifo": lambda: FifoSystem(calibration=CALIBRATED.get("fifo")),
    "fifo-packed": lambda: PackedFifoSystem(calibration=CALIBRATED.get("fifo-packed")),
    "recency": lambda: RecencySystem(calibration=CALIBRATED.get("recency")),
    "mean-pool": lambda: MeanPoolSystem("mean-pool", CALIBRATED.get("mean-pool")),
    "unlimited": lambda: UnlimitedSystem("unlimited", CALIBRATED.get("unlimited")),
    "question-only": QuestionOnlySystem,
    SWAPPED: _swapped,
    ZEROED: _zeroed,
    **{name: partial(_trained, name) for name in TRAINED},
}


def load(name: str) -> MemorySystem:
    """The system of that name.

    Raises KeyError naming the known ones, or NoCheckpoint for a trained one without its file.
    """
    if name not in SYSTEMS:
        raise KeyError(f"systems: {name!r} is not one of {', '.join(SYSTEMS)}")
    return SYSTEMS[name]()
