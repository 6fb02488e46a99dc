"""What a worker needs of a model: a fold over decoded chunks, and answers from its state.

The worker takes an engine as an argument, so that its tests can use one whose state is a hash
chain. Every method is called from the worker's one model thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ttm_model.asking import Asking
from ttm_model.chunk import ChunkMedia
from ttm_model.step_result import StepResult
from ttm_protocol.answers import Answer, Summary, Timeline, Vocabulary

S = TypeVar("S")


class Engine(Protocol[S]):
    """A fold `state x chunk -> state` with answers; states are values."""

    @property
    def model_info(self) -> dict[str, Any]:
        """`preset`, `checkpoint` and `schema`."""
        ...

    @property
    def memory_info(self) -> dict[str, Any]:
        """`tokens`, `dim` and `bytes` of one session's memory."""
        ...

    def fit(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Bring a picture to the encoder's size; called from the decode threads."""
        ...

    def initial(self) -> S:
        """The state before the first chunk."""
        ...

    def load(self, data: bytes) -> S:
        """A stored state; raises StateIncompatible."""
        ...

    def dump(self, state: S) -> bytes:
        """The bytes from which `load` continues exactly."""
        ...

    def step(self, states: Sequence[S], media: Sequence[ChunkMedia]) -> list[StepResult[S]]:
        """One step of several sessions; a row's result does not depend on the others."""
        ...

    def answer(self, state: S, asking: Asking) -> Answer:
        """Answer a question from the state alone; `as_of_seq` and `gaps` are the worker's."""
        ...

    def timeline(self, state: S) -> Timeline:
        """What the memory holds, decoded."""
        ...

    def summary(
        self, state: S, since_s: float | None = None, until_s: float | None = None
    ) -> Summary:
        """What happened, between two media times where given."""
        ...

    def vocabulary(self) -> Vocabulary:
        """What the senses can recognise."""
        ...
