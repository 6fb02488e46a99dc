"""Lets one piece of work run alone: others pass while it is open, and wait while it is closed.

Knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Many may be inside together, or one alone; for one event loop."""

    def __init__(self) -> None:
        self._inside = 0
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Be inside together with others."""
        while not self._open.is_set():
            await self._open.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep others out, wait until those inside have left, be alone; one caller at a time."""
        assert self._open.is_set(), "two works alone at the same time"
        self._open.clear()
        try:
            await self._empty.wait()
            yield
        finally:
            self._open.set()
