"""Makes redis-py calls end when their task is cancelled. Knows nothing of Redis itself.

redis-py writes each command through `asyncio.wait_for`, which up to Python 3.11 drops a
cancellation that arrives in the moment the write is done; a worker would then never end.
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
