"""The threads beside the event loop: one that touches the model, some that decode. Knows no work.

Each piece of work is watched while it runs, not while it waits for its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

R = TypeVar("R")
Watching = Callable[[str], AbstractContextManager[object]]

DECODE_THREADS = 2


class Threads:
    """For one event loop; `watching` is entered around each piece of work, in its thread."""

    def __init__(self, watching: Watching = nullcontext) -> None:
        self._watching = watching
        self._model = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._decoders = ThreadPoolExecutor(DECODE_THREADS, thread_name_prefix="decode")

    async def in_model(self, work: Callable[[], R]) -> R:
        """Run in the one thread that touches the model."""
        return await self._run(self._model, "the model's thread", work)

    async def in_decoder(self, work: Callable[[], R]) -> R:
        """Run in one of the decode threads."""
        return await self._run(self._decoders, "a decode thread", work)

    def shutdown(self) -> None:
        """Wait for the work that runs; what waits for its turn is dropped."""
        for pool in (self._decoders, self._model):
            pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, pool: Executor, name: str, work: Callable[[], R]) -> R:
        def watched() -> R:
            with self._watching(name):
                return work()

        return await asyncio.get_running_loop().run_in_executor(pool, watched)
