"""uvicorn's two protocols with their buffers and waits bounded. Knows bytes and timers only.

What one connection can make this process hold, whatever its client does: one read of the socket
(256 KiB), one message that is not whole yet (WS_MAX_BYTES, or 16 KiB of a request's headers), and
up to 64 KiB and one message that the client has not read. Chunks that wait for the store come on
top; their number is bounded by the stream (session_stream).

The WebSocket implementation is uvicorn's `websockets-sansio` (the other `websockets` one is
deprecated). It pauses a socket while one message is unread, so pongs wait behind media; that does
no harm here because a stream's receive task does nothing but read.

Both classes override methods and read attributes that uvicorn does not promise to keep, since it
has no settings for these bounds: hence the upper bound on its version in `pyproject.toml`, which
rises once tests/gateway passes with the next one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from ttm_protocol.messages import DEFAULT_LIMITS

ABORT_AFTER_S = 3.0  # a closed socket whose client still does not read
HEADERS_WITHIN_S = 10.0  # from a connection's first moment, or byte, to the end of its headers
STUCK_S = 60.0  # a response of which nothing goes out; sockets take in megabytes at a time
# A little room above the protocol's limit: a message just above it still gets a clear `error`.
WS_MAX_BYTES = DEFAULT_LIMITS.max_message_bytes + 64 * 1024


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, without frames in the log and without sockets that never end.

    At debug level the protocol would log every header and message, tickets and keys included.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = logging.getLogger("ttm_server.gateway.websocket")
        self.logger.setLevel(logging.WARNING)
        self.conn.logger = self.logger
        self.conn.debug = False
        self.lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it for whoever waits for the end of this connection."""
        super().connection_lost(exc)
        self.lost.set()

    def pause_writing(self) -> None:
        """Read nothing from a client that reads nothing: every ping asks for a pong to be kept."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on, unless a message still waits to be taken."""
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> Any:
        """The next message; the socket stays paused while the client does not read."""
        message = await super().receive()
        if not self.writable.is_set():
            self.transport.pause_reading()
        return message

    def handle_cont(self, event: Frame) -> None:
        """Join fragments as they come: a list of them would weigh many times what they hold."""
        whole: bytes | bytearray = self.frames[0] if self.frames else b""
        if not isinstance(whole, bytearray):
            whole = bytearray(whole)
        whole += event.data
        self.frames = [bytes(whole) if event.fin else whole]  # type: ignore[list-item]
        if event.fin:
            self.send_receive_event_to_app()

    async def run_asgi(self) -> None:
        """Run the application; drop the socket where closing it takes too long."""
        await super().run_asgi()
        self._abort_later()

    def keepalive_timeout(self) -> None:
        """A client that answers no ping may not read either.

        While a message waits to be taken nothing is read, so its answer may wait behind it: a
        decoder or a store that has no room must not cost the client its connection.
        """
        if self.read_paused and not self.close_sent and not self.transport.is_closing():
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
            return
        super().keepalive_timeout()
        self._abort_later()

    def _abort_later(self) -> None:
        # close() waits until everything is written; a client that does not read never lets it.
        self.loop.call_later(ABORT_AFTER_S, self.transport.abort)


class RequestProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which waits neither for headers nor for readers for ever."""

    _headers_due: asyncio.TimerHandle | None = None
    _stuck_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request's headers."""
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Stop that time when the headers are whole; start it where the next ones begin."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._headers_due is None and self.transport.get_protocol() is self:
            self._await_headers()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From here on the stream's own limits hold."""
        self._forget()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._forget()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Look whether the client reads anything at all of a large response."""
        super().pause_writing()
        self._look_later(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It has read enough."""
        self._stop_looking()
        super().resume_writing()

    def _await_headers(self) -> None:
        self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, self.transport.abort)

    def _look_later(self, left_bytes: int) -> None:
        self._stuck_look = self.loop.call_later(STUCK_S, self._look, left_bytes)

    def _look(self, before_bytes: int) -> None:
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes >= before_bytes:
            self.transport.abort()
        else:
            self._look_later(left_bytes)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _stop_looking(self) -> None:
        if self._stuck_look is not None:
            self._stuck_look.cancel()
            self._stuck_look = None

    def _forget(self) -> None:
        self._stop_waiting()
        self._stop_looking()
