"""A TCP proxy that cuts, freezes and moves connections: the network's faults, and a load balancer.

It forwards bytes and knows no protocol, so a cut falls into the middle of whatever is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Self

READ_BYTES = 16 * 1024
_NO_LINGER = struct.pack("ii", 1, 0)  # close() sends RST


class Proxy:
    """Listens on loopback (`port`) and forwards to `target`, a port that may be changed any time.

    `async with Proxy(port) as proxy`. `connections` counts those that came.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connections = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._up_left: int | None = None  # bytes from clients until the cut
        self._down_left: int | None = None  # bytes to clients until the cut
        self._pause_s = 0.0
        self._step = READ_BYTES
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def base(self) -> str:
        """The URL for clients."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection now, in both directions."""
        self._up_left = self._down_left = None
        for writer in tuple(self._open):
            _reset(writer)

    def cut_after(self, *, up: int | None = None, down: int | None = None) -> None:
        """Reset every connection once so many further bytes came from (`up`) or went to clients."""
        self._up_left, self._down_left = up, down

    def freeze(self) -> None:
        """Forward nothing; connections stay open on both sides and tell nobody."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, also what came meanwhile."""
        self._flowing.set()

    def slow(self, step: int, pause_s: float) -> None:
        """From now on forward `step` bytes at a time, with a pause before each."""
        self._step, self._pause_s = step, pause_s

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        self.cut()
        for pump in tuple(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self._open.discard(writer)
            _reset(writer)
            return
        self._open.add(up_writer)
        for source, sink, up in ((reader, up_writer, True), (up_reader, writer, False)):
            pump = asyncio.create_task(self._pump(source, sink, up=up))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(READ_BYTES):
                while data:
                    piece, data = data[: self._step], data[self._step :]
                    await self._pass_on(piece, sink, up=up)
        self._open.discard(sink)
        with contextlib.suppress(OSError):
            sink.close()

    async def _pass_on(self, data: bytes, sink: asyncio.StreamWriter, *, up: bool) -> None:
        if self._pause_s:
            await asyncio.sleep(self._pause_s)
        await self._flowing.wait()
        left = self._up_left if up else self._down_left
        sink.write(data if left is None else data[:left])
        await sink.drain()
        if left is None:
            return
        if len(data) >= left:
            self.cut()
        elif up:
            self._up_left = left - len(data)
        else:
            self._down_left = left - len(data)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
