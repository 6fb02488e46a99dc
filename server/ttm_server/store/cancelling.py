"""Makes redis-py calls end when their task is cancelled. Knows nothing of Redis itself.

redis-py (seen in 8.1) swallows a cancellation that arrives while it opens a connection and goes on
as if nothing had happened; a task that is cancelled once would then live for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def not_swallowed(call: Awaitable[T]) -> T:
    """Await `call`; raises CancelledError also where the call hid the task's cancellation."""
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        result = await call
    except Exception:
        if task.cancelling() > before:
            raise asyncio.CancelledError from None
        raise
    if task.cancelling() > before:
        raise asyncio.CancelledError
    return result
