"""Stored chunks to media for a step, in threads beside the event loop. Knows no session."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from ttm_model.chunk import ChunkMedia
from ttm_protocol.errors import BadRequest, MediaError
from ttm_protocol.messages import Picture, read_chunk
from ttm_server.media import DecodedChunk, Fit, Pixels, decode_chunk, decode_picture
from ttm_server.worker.threads import WatchedThreads, Watching

DECODE_THREADS = 2


class ChunkDecoders:
    """`fit` brings a picture to the size that the engine's encoder takes."""

    def __init__(self, fit: Fit, watching: Watching = nullcontext) -> None:
        self._fit = fit
        self._threads = WatchedThreads("a decode thread", DECODE_THREADS, watching)

    async def decode(self, payload: bytes) -> DecodedChunk:
        """The media of a stored chunk."""

        def decoded() -> DecodedChunk:
            return replace(decode_chunk(read_chunk(payload), self._fit), payload=payload)

        return await self._threads.run(decoded)

    async def places(self, payloads: Sequence[bytes]) -> list[DecodedChunk]:
        """Stored chunks with their place on the media clock, and nothing decoded."""
        return await self._threads.run(lambda: [_place(payload) for payload in payloads])

    async def picture(self, encoded: str) -> Pixels:
        """A question's picture, from base64; raises BadRequest where it is none."""
        return await self._threads.run(lambda: _question_picture(encoded))

    def shutdown(self) -> None:
        """Wait for what is being decoded; what waits for its turn is dropped."""
        self._threads.shutdown()


def _place(payload: bytes) -> DecodedChunk:
    chunk = read_chunk(payload)
    return DecodedChunk(chunk.seq, ChunkMedia(chunk.t, chunk.d), (), payload=payload)


def _question_picture(encoded: str) -> Pixels:
    try:
        data = base64.b64decode(encoded, validate=True)
        return decode_picture(Picture(0.0, data), large=True)
    except (binascii.Error, ValueError):
        raise BadRequest("picture: not base64", field="picture") from None
    except MediaError as error:
        raise BadRequest(error.message, field="picture") from None
