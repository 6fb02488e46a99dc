"""Waits for an event within a limit of time. Knows not what happens."""

from __future__ import annotations

import asyncio


async def happens_within(event: asyncio.Event, limit_s: float) -> bool:
    """Wait until `event` is set; False where it is not after `limit_s`."""
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
