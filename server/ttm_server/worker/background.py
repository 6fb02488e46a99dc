"""Background tasks of one owner: kept until they end, logged when they fail. Knows no work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Background:
    """A set of running tasks."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def ended(self, within_s: float | None = None) -> bool:
        """Wait until every task that runs now has ended, however it ends; False: not in time."""
        if not self._tasks:
            return True
        _, left = await asyncio.wait(self._tasks, timeout=within_s)
        return not left

    def cancel(self) -> None:
        """Cancel all of them."""
        for task in list(self._tasks):
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a worker task failed", exc_info=task.exception())
