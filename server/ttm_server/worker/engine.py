"""What a worker needs of a model: a fold over decoded chunks, and answers from its state.

The worker takes an engine as an argument, so that its tests can use one whose state is a hash
chain. Every method is called from the worker's one model thread; `senses` are used from others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from ttm_model.asking import Asking, Teaching
from ttm_model.chunk import ChunkMedia
from ttm_model.slow import Finding, Job, SenseName, SlowSense
from ttm_model.step_result import StepResult
from ttm_protocol.answers import Answer, Summary, Timeline

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

    @property
    def senses(self) -> Mapping[SenseName, SlowSense]:
        """What takes longer than a step, and how its jobs are worked: off the model's thread."""
        ...

    def jobs(self, state: S) -> tuple[Job, ...]:
        """The jobs that a state waits for, in order of number; bounded.

        A job's media ends with the media of the chunk whose step added it, or before, and begins
        at `due_s - KEPT_S` at the earliest; times are exact, since a picture is found by its own.
        The job that was added by chunk n is due with a later one.
        """
        ...

    def step(
        self,
        states: Sequence[S],
        media: Sequence[ChunkMedia],
        findings: Sequence[Mapping[int, Finding]] = (),
    ) -> list[StepResult[S]]:
        """One step of several sessions; a row's result does not depend on the others.

        `findings`, a row each or none at all: by number, exactly those of the jobs that are due
        with the row's chunk (`job.due_s <= media.end_s`).
        """
        ...

    def flush(self, state: S) -> S:
        """The end of a stream, a step of the fold without a chunk: what was open is closed.

        The result notes that and where it was flushed. Its jobs wait for no further chunk.
        """
        ...

    def settle(self, state: S, findings: Mapping[int, Finding]) -> StepResult[S]:
        """A flushed state with the findings of all its jobs, by number, taken in."""
        ...

    def flushed(self, state: S) -> bool:
        """Whether nothing is open and no job is waited for, so that a flush would find nothing."""
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

    def teach(self, state: S, teaching: Teaching) -> tuple[S, dict[str, Any]]:
        """Bind what was seen or heard to a name; the next state and the reply, as plain JSON.

        Raises TTMError for what cannot be learnt.
        """
        ...

    def forget(self, state: S, name: str) -> tuple[S, dict[str, Any]]:
        """Forget what was taught under a name; as `teach`."""
        ...

    def things(self, state: S) -> dict[str, Any]:
        """What was taught, as plain JSON."""
        ...

    def words(self, state: S, since_s: float | None, until_s: float | None) -> dict[str, Any]:
        """What was said and written, as far as memory holds it, as plain JSON."""
        ...

    def vocabulary(self) -> dict[str, Any]:
        """What the senses can recognise, as plain JSON (`ttm_protocol.answers.Vocabulary`)."""
        ...


@runtime_checkable
class TimesEncoders(Protocol):
    """An engine that tells how long the encoders' part of each step took."""

    encoded: Callable[[str, float], None]
    """Called with the modality and the seconds, in the model's thread."""
