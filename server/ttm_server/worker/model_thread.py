"""The one owner of the engine and of the thread that it runs in. Knows no session and no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, Generic, TypeVar

from ttm_model.asking import Asking, Teaching
from ttm_model.chunk import ChunkMedia
from ttm_model.questions.question import Understood
from ttm_model.questions.understand import Context, understand
from ttm_model.slow import Finding, Job, SenseName, SlowSense
from ttm_model.step_result import StepResult
from ttm_protocol.answers import Answer, Summary, Timeline
from ttm_server.worker.engine import Engine
from ttm_server.worker.slow_jobs import Outcome
from ttm_server.worker.stepping import Stepped, run_step
from ttm_server.worker.threads import WatchedThreads, Watching

S = TypeVar("S")


class ModelThread(Generic[S]):
    """An engine whose calls are awaited and run one at a time; :class:`.Engine` tells of each."""

    def __init__(self, engine: Engine[S], watching: Watching = nullcontext) -> None:
        self._engine = engine
        self._thread = WatchedThreads("the model's thread", 1, watching)

    @property
    def model_info(self) -> dict[str, Any]:
        """`preset`, `checkpoint` and `schema`."""
        return self._engine.model_info

    @property
    def memory_info(self) -> dict[str, Any]:
        """`tokens`, `dim` and `bytes` of one session's memory."""
        return self._engine.memory_info

    @property
    def senses(self) -> Mapping[SenseName, SlowSense]:
        """How slow jobs are worked; not in this thread."""
        return self._engine.senses

    async def initial(self) -> S:
        """The state before the first chunk."""
        return await self._thread.run(self._engine.initial)

    async def load(self, data: bytes) -> S:
        """A stored state; raises ttm_model.errors.StateIncompatible."""
        return await self._thread.run(partial(self._engine.load, data))

    async def dump(self, state: S) -> bytes:
        """The bytes from which `load` continues exactly."""
        return await self._thread.run(partial(self._engine.dump, state))

    async def jobs(self, state: S) -> tuple[Job, ...]:
        """The jobs that a state waits for."""
        return await self._thread.run(partial(self._engine.jobs, state))

    async def step(
        self,
        states: Sequence[S],
        media: Sequence[ChunkMedia],
        due: Sequence[Sequence[Outcome]],
    ) -> list[Stepped[S]]:
        """One step of several sessions; what breaks the model costs its own session a gap."""
        return await self._thread.run(partial(run_step, self._engine, states, media, due))

    async def flushed(self, state: S) -> bool:
        """Whether a flush would find nothing."""
        return await self._thread.run(partial(self._engine.flushed, state))

    async def flush(self, state: S) -> tuple[S, tuple[Job, ...]]:
        """The end of a stream, and the jobs that its state waits for."""

        def flushed() -> tuple[S, tuple[Job, ...]]:
            after = self._engine.flush(state)
            return after, self._engine.jobs(after)

        return await self._thread.run(flushed)

    async def settle(self, state: S, findings: Mapping[int, Finding]) -> StepResult[S]:
        """A flushed state with what its jobs came to."""
        return await self._thread.run(partial(self._engine.settle, state, findings))

    async def teach(self, state: S, teaching: Teaching) -> tuple[S, dict[str, Any]]:
        """Bind what was seen or heard to a name."""
        return await self._thread.run(partial(self._engine.teach, state, teaching))

    async def forget(self, state: S, name: str) -> tuple[S, dict[str, Any]]:
        """Forget what was taught under a name."""
        return await self._thread.run(partial(self._engine.forget, state, name))

    async def things(self, state: S) -> dict[str, Any]:
        """What was taught."""
        return await self._thread.run(partial(self._engine.things, state))

    async def words(self, state: S, since_s: float | None, until_s: float | None) -> dict[str, Any]:
        """What was said and written."""
        return await self._thread.run(partial(self._engine.words, state, since_s, until_s))

    async def understand(
        self, text: str, before: Context | None, names: Sequence[str], pictured: bool
    ) -> Understood:
        """Understand a question, which may lean on the one before in its conversation.

        `names` are those of taught things; `pictured`: a picture came with it.
        """
        return await self._thread.run(partial(understand, text, before, names, pictured))

    async def answer(self, state: S, asking: Asking) -> Answer:
        """Answer a question from the state alone."""
        return await self._thread.run(partial(self._engine.answer, state, asking))

    async def timeline(self, state: S) -> Timeline:
        """What the memory holds, decoded."""
        return await self._thread.run(partial(self._engine.timeline, state))

    async def summary(self, state: S, since_s: float | None, until_s: float | None) -> Summary:
        """What happened, between two media times where given."""
        return await self._thread.run(partial(self._engine.summary, state, since_s, until_s))

    def shutdown(self) -> None:
        """Wait for the call that runs; those that wait for their turn are dropped."""
        self._thread.shutdown()
