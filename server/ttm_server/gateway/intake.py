"""Chunks between a socket and the store: a bounded queue that counts. Knows neither of the two."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from ttm_protocol.errors import Overloaded
from ttm_protocol.messages import Chunk, End
from ttm_server.gateway.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Received:
    """A chunk on its way to the store: as it came, and when (monotonic seconds).

    `chunk` is without its media: what waits is held once.
    """

    chunk: Chunk
    payload: bytes
    at_s: float


class Intake:
    """At most `most` chunks, and then perhaps `end`, in the order in which they came."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._metrics = metrics
        self._queue: asyncio.Queue[Received | End] = asyncio.Queue()
        self._taken = False  # one more is out of the queue and not stored yet

    def put(self, chunk: Chunk, payload: bytes) -> None:
        """Add a chunk; raises Overloaded where the client sent more than it had credits for."""
        if self._queue.qsize() >= self._most:
            self._metrics.chunks_dropped.labels("overflow").inc()
            raise Overloaded(
                f"{self._most} chunks wait already: send no more than the credits of `ready` and "
                "`flow`"
            )
        self._metrics.chunks_received.inc()
        if chunk.gap is not None:
            self._metrics.client_gap(chunk.gap.reason)
        light = Chunk(seq=chunk.seq, t=chunk.t, d=chunk.d)
        self._queue.put_nowait(Received(light, payload, time.monotonic()))

    def end(self, message: End) -> None:
        """Nothing follows."""
        self._queue.put_nowait(message)

    async def take(self) -> Received | End:
        """The next one; :meth:`stored` is to be called once the store has it."""
        item = await self._queue.get()
        self._taken = isinstance(item, Received)
        return item

    def stored(self) -> None:
        """The store has what was taken last."""
        self._taken = False

    def close(self) -> None:
        """Count what came and was not stored; the client sends it again."""
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        unstored = sum(isinstance(item, Received) for item in waiting) + self._taken
        self._metrics.chunks_dropped.labels("unstored").inc(unstored)
