"""Ends a process whose event loop stands still. Knows no work.

A thread in Python cannot do it where a C function keeps the interpreter's lock for ever, which
stops the event loop as well: so it is the thread in C of `faulthandler` that waits here.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
from collections.abc import AsyncIterator

BEAT_EVERY_S = 1.0
BEATS_WITHIN_LIMIT = 4  # at least, where the limit is short


@contextlib.asynccontextmanager
async def beating(limit_s: float) -> AsyncIterator[None]:
    """While inside, a loop that stands still for `limit_s` ends the process; 0: never.

    Every thread's stack goes to stderr then, and the exit status is 1: `faulthandler` has no other.
    """
    if not limit_s:
        yield
        return
    beat = asyncio.create_task(_beat(limit_s))
    try:
        yield
    finally:
        beat.cancel()
        faulthandler.cancel_dump_traceback_later()


async def _beat(limit_s: float) -> None:
    while True:
        faulthandler.dump_traceback_later(limit_s, exit=True)
        await asyncio.sleep(min(BEAT_EVERY_S, limit_s / BEATS_WITHIN_LIMIT))
