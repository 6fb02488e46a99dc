"""Chunks from the decoder's thread to the event loop, bounded. Knows neither media nor a store."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from ttm_protocol.messages import Chunk


class AbortedError(Exception):
    """The connection is over; the thread has nothing left to do."""


class Handoff:
    """At most `most` chunks wait; the thread waits for room, the loop for chunks."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._some = asyncio.Event()
        self._lock = threading.Condition()
        self._chunks: deque[Chunk] = deque()
        self._error: Exception | None = None
        self._is_over = False
        self._is_aborted = False
        self.waits = False  # the thread waits here

    def put(self, chunk: Chunk) -> None:
        """Add a chunk, in the thread; blocks while it is full. Raises AbortedError."""
        with self._lock:
            self.waits = True
            while len(self._chunks) >= self._most and not self._is_aborted:
                self._lock.wait()
            self.waits = False
            if self._is_aborted:
                raise AbortedError
            self._chunks.append(chunk)
        self._tell()

    def finish(self, error: Exception | None = None) -> None:
        """Nothing follows, or this error, once what is there was taken."""
        with self._lock:
            self._error = error
            self._is_over = True
        self._tell()

    async def take(self) -> Chunk | None:
        """The next chunk, or None at the end; raises the thread's error."""
        while True:
            self._some.clear()
            with self._lock:
                if self._chunks:
                    self._lock.notify_all()
                    return self._chunks.popleft()
                if self._is_over:
                    if self._error is not None:
                        raise self._error
                    return None
            await self._some.wait()

    def abort(self) -> int:
        """Nobody takes any more; returns how many were left."""
        with self._lock:
            self._is_aborted = True
            left = len(self._chunks)
            self._chunks.clear()
            self._lock.notify_all()
            return left

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._some.set)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return
