"""Stored chunks to media for a step, in threads beside the event loop. Knows no session."""

from __future__ import annotations

from contextlib import nullcontext

from ttm_protocol.messages import read_chunk
from ttm_server.media import DecodedChunk, Fit, decode_chunk
from ttm_server.worker.threads import WatchedThreads, Watching

DECODE_THREADS = 2


class ChunkDecoders:
    """`fit` brings a picture to the size that the engine's encoder takes."""

    def __init__(self, fit: Fit, watching: Watching = nullcontext) -> None:
        self._fit = fit
        self._threads = WatchedThreads("a decode thread", DECODE_THREADS, watching)

    async def decode(self, payload: bytes) -> DecodedChunk:
        """The media of a stored chunk."""
        return await self._threads.run(lambda: decode_chunk(read_chunk(payload), self._fit))

    def shutdown(self) -> None:
        """Wait for what is being decoded; what waits for its turn is dropped."""
        self._threads.shutdown()
