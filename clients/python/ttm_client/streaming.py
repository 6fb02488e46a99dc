"""Stream chunks over a WebSocket: credits, acknowledgements, reconnect and resend.

Knows the protocol and the REST call for tickets; where the media comes from is the source's work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ttm_client.failures import (
    STEADY_S,
    Lost,
    Patience,
    error_of_close,
    error_of_handshake,
    error_of_message,
)
from ttm_client.rest import Rest
from ttm_client.ring import ChunkRing
from ttm_client.source import MediaChunk
from ttm_protocol.errors import TTMError, outcome_of
from ttm_protocol.messages import (
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
CLOSE_TIMEOUT_S = 1.0
PING_EVERY_S, PONG_WITHIN_S = 5.0, 10.0  # a server that is gone is noticed before chunks are lost
QUEUED_CHUNKS = 4  # decoded ahead of what may be sent


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """How far a stream is: chunk numbers, media seconds sent, reconnects so far.

    What a live source had to leave out: `thinned` chunks without pictures, `dropped` chunks.
    `lost_s`: seconds of media that the server lost and that were not kept here any more. Each of
    these was reported to the server as a gap.
    """

    sent: int
    durable: int
    applied: int
    media_s: float
    reconnects: int
    thinned: int = 0
    dropped: int = 0
    lost_s: float = 0.0


Report = Callable[[StreamProgress], None]
Notice = Callable[[Event], None]


async def stream(
    client: Rest,
    session_id: str,
    source: Iterable[MediaChunk],
    *,
    speed: float | None = 1.0,
    live: bool = False,
    on_progress: Report | None = None,
    on_event: Notice | None = None,
    give_up_after_s: float = 30.0,
) -> StreamProgress:
    """Send everything from `source` and wait until all of it is in committed memory.

    `speed` 1.0 sends in real time, None as fast as the source and the credits allow. A source
    waits for the server, unless it is `live`: then chunks that had to wait for more than ten
    seconds lose their pictures, and after twenty they are dropped, both reported as gaps. A lost
    connection is resumed from where the server says.

    Raises the server's error where it is final (Superseded: another client has taken the session),
    or Overloaded when nothing went on for `give_up_after_s`.
    """
    ring = ChunkRing(live=live)
    return await _Streamer(
        client, session_id, source, ring, speed, live, on_progress, on_event
    ).run(Patience(give_up_after_s))


class _Streamer:
    def __init__(
        self,
        client: Rest,
        session_id: str,
        source: Iterable[MediaChunk],
        ring: ChunkRing,
        speed: float | None,
        live: bool,
        on_progress: Report | None,
        on_event: Notice | None,
    ) -> None:
        self._client = client
        self._session_id = session_id
        self._source = iter(source)
        self._ring = ring
        self._speed = speed
        self._live = live
        self._on_progress = on_progress
        self._on_event = on_event
        self._moved = asyncio.Event()  # something may be sent
        self._room = asyncio.Event()  # the source may go on
        self._exhausted = False
        self._ended = False  # `end` was sent on this connection
        self._media_s = 0.0
        self._connections = 0
        self._connected_at_s: float | None = None
        self._advanced = False  # this connection has brought the stream on
        self._started_s: float | None = None
        self._first_t = 0.0

    async def run(self, patience: Patience) -> StreamProgress:
        reading = asyncio.create_task(self._read_source())
        try:
            while not await self._tried(reading, patience):
                pass
        finally:
            reading.cancel()
        return self._progress()

    async def _tried(self, reading: asyncio.Task[None], patience: Patience) -> bool:
        """One connection; whether everything is done after it."""
        self._connected_at_s, self._advanced, self._ended = None, False, False
        try:
            await self._one_connection(reading)
            return True
        except TTMError as error:
            if not outcome_of(error).retryable:
                raise
            why: Exception = error
        except InvalidHandshake as refused:
            why = error_of_handshake(refused)
            if isinstance(why, TTMError):
                raise why from refused
        except (Lost, ConnectionClosed, OSError, TimeoutError, EOFError) as error:
            why = error
        now_s = time.monotonic()
        since_s = self._connected_at_s
        steady = since_s is not None and now_s - since_s > STEADY_S
        await asyncio.sleep(patience.pause_s(now_s, steady or self._advanced, why))
        return False

    async def _one_connection(self, reading: asyncio.Task[None]) -> None:
        ticket = await self._client.ticket(self._session_id)
        url = (
            f"ws{self._client.base_url.removeprefix('http')}/v1/sessions/{self._session_id}/stream"
        )
        async with connect(
            url,
            ssl=self._client.tls,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            max_size=MAX_TEXT_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_EVERY_S,
            ping_timeout=PONG_WITHIN_S,
            proxy=None,
        ) as socket:
            await socket.send(encode_text(Start(ticket=ticket, media="chunks")))
            await self._receive_one(socket)  # ready
            self._connected_at_s = time.monotonic()
            self._connections += 1
            await self._exchange(socket, reading)

    async def _exchange(self, socket: ClientConnection, reading: asyncio.Task[None]) -> None:
        """Send and receive until the server has closed or one of the tasks has failed."""
        sending = asyncio.create_task(self._send(socket))
        receiving = asyncio.create_task(self._receive(socket))
        try:
            running = {sending, receiving, reading}
            while not receiving.done():
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                if sending in done and isinstance(sending.exception(), ConnectionClosed):
                    done.remove(sending)  # what the server said before it closed tells more
                for task in done:
                    task.result()  # also a source that failed ends the stream with its error
        finally:
            for task in (sending, receiving):
                task.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            self._moved.clear()
            while (chunk := self._ring.take()) is not None:
                self._room.set()
                await socket.send(encode_chunk(chunk))
                self._media_s = max(self._media_s, chunk.end_s)
                self._report()
            if self._exhausted and not self._ring.waiting:
                self._ended = True
                await socket.send(encode_text(End()))
                return
            await self._moved.wait()

    async def _receive(self, socket: ClientConnection) -> None:
        while True:
            try:
                await self._receive_one(socket)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == NORMAL_CLOSE and self._ended:
                    return
                raise error_of_close(closed) from closed

    async def _receive_one(self, socket: ClientConnection) -> None:
        message = decode_server_text(await socket.recv())
        if isinstance(message, Ready):
            self._ring.start_at(message.next_seq)
            self._ring.credits = message.credits
        elif isinstance(message, Ack):
            before = (self._ring.durable, self._ring.applied)
            self._ring.acknowledge(message.durable, message.applied)
            self._advanced |= before != (self._ring.durable, self._ring.applied)
        elif isinstance(message, Flow):
            self._ring.credits = message.credits
        elif isinstance(message, Event):
            if self._on_event is not None:
                self._on_event(message)
        elif isinstance(message, GoAway):
            if not self._ended:  # else it is only waited for what is applied anyway
                raise Lost("the server is going away")
        elif isinstance(message, Error):
            raise error_of_message(message)
        self._moved.set()
        self._report()

    # --- the source -------------------------------------------------------------------------------

    async def _read_source(self) -> None:
        """Move chunks from the blocking source into the ring; only a live one never waits."""
        while (media := await asyncio.to_thread(next, self._source, None)) is not None:
            await self._pace(media)
            while not self._live and self._ring.waiting >= QUEUED_CHUNKS:
                self._room.clear()
                await self._room.wait()
            self._ring.add(media)
            self._moved.set()
        self._exhausted = True
        self._moved.set()

    async def _pace(self, media: MediaChunk) -> None:
        """Wait until the chunk would have been over at the wanted speed."""
        if self._speed is None:
            return
        if self._started_s is None:
            self._started_s, self._first_t = time.monotonic(), media.t
        due_s = self._started_s + (media.t + media.d - self._first_t) / self._speed
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._progress())

    def _progress(self) -> StreamProgress:
        ring = self._ring
        return StreamProgress(
            sent=ring.next_seq - 1,
            durable=ring.durable,
            applied=ring.applied,
            media_s=self._media_s,
            reconnects=max(0, self._connections - 1),
            thinned=ring.thinned,
            dropped=ring.dropped,
            lost_s=ring.lost_s,
        )
