"""Threads beside the event loop, whose work is watched. Knows no work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

R = TypeVar("R")
Watching = Callable[[str], AbstractContextManager[object]]


class WatchedThreads:
    """So many threads of one kind, for one event loop.

    `watching` is entered with `name` around each piece of work, in its thread: while it runs, not
    while it waits for its turn.
    """

    def __init__(self, name: str, most: int, watching: Watching = nullcontext) -> None:
        self._name = name
        self._watching = watching
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def run(self, work: Callable[[], R]) -> R:
        """Run `work` in one of the threads."""

        def watched() -> R:
            with self._watching(self._name):
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._pool, watched)

    def shutdown(self) -> None:
        """Wait for the work that runs; what waits for its turn is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
