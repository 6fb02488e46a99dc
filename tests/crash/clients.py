"""Clients that never give up: they keep every chunk and go on where the server says.

`ResendingClient` is written for the laboratory, so that it can restart, open a second connection
beside the first and tell what it was promised; `SdkClient` runs the product's own client.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from crash.ledger import Ledger
from crash.proxy import Proxy
from ttm_client import Client, stream
from ttm_client.source import MediaChunk
from ttm_client.streaming import StreamProgress
from ttm_protocol.errors import TTMError, outcome_of
from ttm_protocol.messages import (
    SUBPROTOCOL,
    Ack,
    End,
    Error,
    Flow,
    GoAway,
    Ready,
    Start,
    decode_server_text,
    encode_chunk,
    encode_text,
)

API_KEY = "laboratory"
OPEN_TIMEOUT_S = 10.0
ALONE_S = 0.02  # between looks for the next chunk that is due
FIRST_PAUSE_S, MAX_PAUSE_S = 0.05, 1.0
_LOST = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError, EOFError)


class ResendingClient:
    """Streams one ledger's chunks until all of them are applied."""

    def __init__(self, ledger: Ledger, proxy: Proxy, rng: random.Random) -> None:
        self.ledger = ledger
        self._proxy = proxy
        self._rng = rng
        self._open: set[asyncio.Task[None]] = set()
        self._another = asyncio.Event()
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Connect, and again after every drop, until the server has closed with 1000."""
        pause_s = FIRST_PAUSE_S
        try:
            while not self.ledger.finished:
                before = self.ledger.connections
                self._spawn()
                while self._open and not self.ledger.finished:
                    await self._one_ends()
                pause_s = FIRST_PAUSE_S if self.ledger.connections > before else pause_s * 2
                pause_s = min(pause_s, MAX_PAUSE_S)
                await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.0))
        finally:
            self.restart()
            if self._open:
                await asyncio.wait(self._open)

    def restart(self) -> None:
        """Lose everything but the chunks, as a client that crashed and came back."""
        for task in self._open:
            task.cancel()

    def duplicate(self) -> None:
        """Open a second connection beside the one there is; the server ends the older one."""
        self._another.set()

    def end(self) -> None:
        """Say that the stream ends with what was sent, and take it up again afterwards."""
        self._ending.set()

    def _spawn(self) -> None:
        self._another.clear()
        connection = _Connection(self.ledger, self._ending)
        task = asyncio.create_task(connection.serve(self._proxy.host, self._proxy.port))
        self._open.add(task)

    async def _one_ends(self) -> None:
        another = asyncio.create_task(self._another.wait())
        try:
            done, _ = await asyncio.wait(
                {*self._open, another}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            another.cancel()
        if self._another.is_set():
            self._spawn()
        for task in done & self._open:
            self._open.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error


class _Connection:
    """One connection from `start` to its end, whichever it is."""

    def __init__(self, ledger: Ledger, ending: asyncio.Event) -> None:
        self._ledger = ledger
        self._ending = ending
        self._next = 0
        self._durable = 0
        self._credits = 0
        self._moved = asyncio.Event()

    async def serve(self, host: str, port: int) -> None:
        url = f"ws://{host}:{port}/v1/sessions/{self._ledger.sid}/stream"
        with contextlib.suppress(*_LOST):
            async with connect(
                url,
                subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
                additional_headers={"Authorization": f"Bearer {API_KEY}"},
                compression=None,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=1.0,
                proxy=None,
            ) as socket:
                await self._exchange(socket)

    async def _exchange(self, socket: ClientConnection) -> None:
        await socket.send(encode_text(Start(media="chunks")))
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            if not self._take(decode_server_text(await socket.recv())):
                return
        self._ledger.connections += 1
        sending = asyncio.create_task(self._send(socket))
        try:
            await self._receive(socket)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            if not sending.cancelled():
                error = sending.exception()
                if error is not None and not isinstance(error, _LOST):
                    raise error

    async def _receive(self, socket: ClientConnection) -> None:
        try:
            while self._take(decode_server_text(await socket.recv())):
                self._moved.set()
        except ConnectionClosed as closed:
            done = self._ledger.produced
            if closed.rcvd is not None and closed.rcvd.code == 1000 and self._durable == done:
                self._ledger.finished = True

    def _take(self, message: object) -> bool:
        """Take a message over; False where this connection is of no more use."""
        if isinstance(message, Ready):
            self._ledger.note_ready(message.next_seq)
            self._next, self._credits = message.next_seq, message.credits
            self._durable = message.next_seq - 1
        elif isinstance(message, Ack):
            self._durable = max(self._durable, message.durable)
            self._ledger.note_ack(message.durable, message.applied)
        elif isinstance(message, Flow):
            self._credits = message.credits
        elif isinstance(message, Error):
            if message.code == "superseded":
                self._ledger.superseded += 1
            else:
                self._ledger.note_refusal(message.code)
            return False
        return not isinstance(message, GoAway)

    async def _send(self, socket: ClientConnection) -> None:
        ledger = self._ledger
        while True:
            is_done = ledger.produced is not None and self._next > ledger.produced
            if is_done or self._ending.is_set():
                self._ending.clear()
                ledger.ends.add(self._next - 1)
                await socket.send(encode_text(End()))
                return
            if self._next - self._durable > self._credits:
                await self._moved.wait()
                self._moved.clear()
            elif self._next > ledger.available():
                await asyncio.sleep(ALONE_S)
            else:
                await socket.send(encode_chunk(ledger.take(self._next)))
                self._next += 1


class SdkClient:
    """Streams one ledger's chunks with `ttm_client`."""

    def __init__(self, ledger: Ledger, proxy: Proxy) -> None:
        self.ledger = ledger
        self._proxy = proxy

    async def run(self) -> None:
        """One call of `stream`, which must get everything through by itself."""
        async with Client(f"http://{self._proxy.host}:{self._proxy.port}", API_KEY) as client:
            try:
                await stream(
                    client,
                    self.ledger.sid,
                    _until_stopped(self.ledger),
                    speed=None,
                    on_progress=self._note,
                    give_up_after_s=120.0,
                )
            except TTMError as error:
                self.ledger.note_refusal(outcome_of(error).code)
                return
        self.ledger.finished = True

    def restart(self) -> None:
        """Not for this one: it would have to be told where to go on."""

    def end(self) -> None:
        """Not for this one: its end is the end."""

    def duplicate(self) -> None:
        """Not for this one: the product's client takes 4409 for the end, as it should."""

    def _note(self, progress: StreamProgress) -> None:
        if progress.reconnects + 1 > self.ledger.connections > 0:
            self.ledger.note_ready(progress.durable + 1)
        self.ledger.connections = progress.reconnects + 1
        self.ledger.note_ack(progress.durable, progress.applied)


def _until_stopped(ledger: Ledger) -> Iterator[MediaChunk]:
    """Blocking, for a thread: chunks when they are due, until production stops."""
    seq = 1
    while ledger.produced is None or seq <= ledger.produced:
        if seq > ledger.available():
            time.sleep(ALONE_S)
            continue
        chunk = ledger.take(seq)
        yield MediaChunk(chunk.t, chunk.d, tuple(chunk.video), chunk.audio, chunk.gap)
        seq += 1
    ledger.ends.add(seq - 1)
