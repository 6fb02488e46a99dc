"""Stream chunks over a WebSocket: credits, acknowledgements, reconnect and resend.

Knows the protocol and a REST client for tickets; where the media comes from is the source's work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ttm_client.rest import Client
from ttm_client.ring import ChunkRing
from ttm_client.source import MediaChunk
from ttm_server.errors import OUTCOMES, Overloaded, TTMError, outcome_of
from ttm_server.protocol import (
    SUBPROTOCOL,
    Ack,
    End,
    Error,
    Event,
    Flow,
    GoAway,
    Ready,
    Start,
    decode_server_text,
    encode_chunk,
    encode_text,
)

NORMAL_CLOSE = 1000
MAX_TEXT_BYTES = 64 * 1024
OPEN_TIMEOUT_S = 10.0
FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 2.0  # between attempts to connect
QUEUED_CHUNKS = 4  # decoded ahead of what may be sent


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """How far a stream is: chunk numbers, media seconds sent, reconnects so far."""

    sent: int
    durable: int
    applied: int
    media_s: float
    reconnects: int


Report = Callable[[StreamProgress], None]
Notice = Callable[[Event], None]


class _Lost(Exception):
    """The connection went away; the session goes on with the next one."""


async def stream(
    client: Client,
    session_id: str,
    source: Iterator[MediaChunk],
    *,
    speed: float | None = 1.0,
    on_progress: Report | None = None,
    on_event: Notice | None = None,
    give_up_after_s: float = 30.0,
) -> StreamProgress:
    """Send everything from `source` and wait until all of it is in committed memory.

    `speed` 1.0 sends in real time, None as fast as credits allow. A lost connection is resumed from
    where the server says; raises the server's error where it is final, or Overloaded when no
    connection succeeded for `give_up_after_s`.
    """
    return await _Streamer(
        client, session_id, source, speed, on_progress, on_event, give_up_after_s
    ).run()


class _Streamer:
    def __init__(
        self,
        client: Client,
        session_id: str,
        source: Iterator[MediaChunk],
        speed: float | None,
        on_progress: Report | None,
        on_event: Notice | None,
        give_up_after_s: float,
    ) -> None:
        self._client = client
        self._session_id = session_id
        self._source = source
        self._speed = speed
        self._on_progress = on_progress
        self._on_event = on_event
        self._give_up_after_s = give_up_after_s
        self._ring = ChunkRing()
        self._queue: asyncio.Queue[MediaChunk | None] = asyncio.Queue(QUEUED_CHUNKS)
        self._exhausted = False
        self._moved = asyncio.Event()
        self._media_s = 0.0
        self._reconnects = -1
        self._connected_at_s = 0.0
        self._started_s: float | None = None
        self._first_t = 0.0

    async def run(self) -> StreamProgress:
        reading = asyncio.create_task(self._read_source())
        try:
            await self._until_done(reading)
        finally:
            reading.cancel()
        return self._progress()

    async def _until_done(self, reading: asyncio.Task[None]) -> None:
        lost_since_s: float | None = None
        attempts = 0
        while True:
            try:
                await self._one_connection(reading)
                return
            except TTMError as error:
                if not outcome_of(error).retryable:
                    raise
                why: Exception = error
            except (_Lost, ConnectionClosed, InvalidHandshake, OSError, TimeoutError) as error:
                why = error
            now_s = time.monotonic()
            if lost_since_s is None or self._connected_at_s > lost_since_s:
                lost_since_s = now_s
            if now_s - lost_since_s > self._give_up_after_s:
                raise Overloaded(f"no connection for {self._give_up_after_s} s: {why}") from why
            await asyncio.sleep(min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**attempts))
            attempts = 0 if self._connected_at_s > lost_since_s else min(attempts + 1, 10)

    async def _one_connection(self, reading: asyncio.Task[None]) -> None:
        ticket = await self._client.ticket(self._session_id)
        url = (
            f"ws{self._client.base_url.removeprefix('http')}/v1/sessions/{self._session_id}/stream"
        )
        async with connect(
            url,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            max_size=MAX_TEXT_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            proxy=None,
        ) as socket:
            await socket.send(encode_text(Start(ticket=ticket, media="chunks")))
            await self._receive_one(socket)  # ready
            self._connected_at_s = time.monotonic()
            self._reconnects += 1
            await self._exchange(socket, reading)

    async def _exchange(self, socket: ClientConnection, reading: asyncio.Task[None]) -> None:
        sending = asyncio.create_task(self._send(socket))
        receiving = asyncio.create_task(self._receive(socket))
        try:
            await asyncio.wait(
                {sending, receiving, reading} if not reading.done() else {sending, receiving},
                return_when=asyncio.FIRST_EXCEPTION,
            )
            if reading.done() and not reading.cancelled():
                reading.result()  # a source that failed ends the stream with its error
            if sending.done():
                sending.result()
            await receiving
        finally:
            for task in (sending, receiving):
                task.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            while (chunk := self._ring.take()) is not None:
                await socket.send(encode_chunk(chunk))
                self._media_s = max(self._media_s, chunk.end_s)
                self._report()
            if self._ring.waiting:
                await self._moved.wait()
                self._moved.clear()
            elif self._exhausted:
                await socket.send(encode_text(End()))
                return
            else:
                await self._next_chunk()

    async def _next_chunk(self) -> None:
        media = await self._queue.get()
        if media is None:
            self._exhausted = True
            return
        await self._pace(media)
        self._ring.add(media.numbered(self._ring.next_seq))

    async def _pace(self, media: MediaChunk) -> None:
        """Wait until the chunk would have been over at the wanted speed."""
        if self._speed is None:
            return
        if self._started_s is None:
            self._started_s, self._first_t = time.monotonic(), media.t
        due_s = self._started_s + (media.t + media.d - self._first_t) / self._speed
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    async def _receive(self, socket: ClientConnection) -> None:
        while True:
            try:
                await self._receive_one(socket)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == NORMAL_CLOSE and self._exhausted:
                    return
                raise _Lost(str(closed)) from closed

    async def _receive_one(self, socket: ClientConnection) -> None:
        message = decode_server_text(await socket.recv())
        if isinstance(message, Ready):
            self._ring.start_at(message.next_seq)
            self._ring.credits = message.credits
        elif isinstance(message, Ack):
            self._ring.acknowledge(message.durable, message.applied)
        elif isinstance(message, Flow):
            self._ring.credits = message.credits
        elif isinstance(message, Event):
            if self._on_event is not None:
                self._on_event(message)
        elif isinstance(message, GoAway):
            raise _Lost("the server is going away")
        elif isinstance(message, Error):
            raise _final_or_lost(message)
        self._moved.set()
        self._report()

    async def _read_source(self) -> None:
        """Move chunks from the blocking source into the queue."""
        while True:
            media = await asyncio.to_thread(next, self._source, None)
            await self._queue.put(media)
            if media is None:
                return

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._progress())

    def _progress(self) -> StreamProgress:
        return StreamProgress(
            self._ring.next_seq - 1,
            self._ring.durable,
            self._ring.applied,
            self._media_s,
            max(0, self._reconnects),
        )


def _final_or_lost(message: Error) -> Exception:
    """What the server's error means to a stream: try again, or the error itself."""
    if message.retryable:
        return _Lost(f"{message.code}: {message.message}")
    for kind in OUTCOMES:
        if outcome_of(kind).code == message.code:
            return kind(message.message)
    return TTMError(message.message)
