"""A TCP proxy in front of the gateways that breaks connections. Knows bytes, no protocol.

One for each session. Every new connection goes to the next gateway in turn, so that a client that
comes back after a drop comes back elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence

READ_BYTES = 65536
CONNECT_TIMEOUT_S = 5.0


class Proxy:
    """Listens on a port of its own, `async with`; `cut` and `stall` break what is open now."""

    def __init__(self, ports: Sequence[int], rng: random.Random) -> None:
        self.host, self.port = "127.0.0.1", 0
        self._ports = ports
        self._rng = rng
        self._turn = rng.randrange(len(ports))
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def cut(self) -> int:
        """End every open connection in the middle of its next message; -> how many."""
        for pair in self._pairs:
            pair.cut_after = self._rng.randint(1, 90)
            pair.cut_upstream = self._rng.random() < 0.7
            pair.reset = self._rng.random() < 0.5
        return len(self._pairs)

    def stall(self, for_s: float) -> int:
        """Let every open connection hang, as a radio link does, and drop it after `for_s`."""
        for pair in tuple(self._pairs):
            pair.stalled = True
            self._spawn(_end_later(pair, for_s))
        return len(self._pairs)

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accepted, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._server.close()
        for pair in tuple(self._pairs):
            pair.abort()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _spawn(self, work: object) -> None:
        task = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            upstream = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(writer.transport, upstream[1].transport)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                _pump(pair, reader, upstream[1], upward=True),
                _pump(pair, upstream[0], writer, upward=False),
            )
        finally:
            pair.abort()
            self._pairs.discard(pair)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        error: OSError | None = None
        for _ in self._ports:
            self._turn += 1
            port = self._ports[self._turn % len(self._ports)]
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    return await asyncio.open_connection("127.0.0.1", port)
            except (OSError, TimeoutError) as failed:
                error = OSError(str(failed))
        raise error or OSError("no gateway")


class _Pair:
    """Both ends of one proxied connection, and how it shall break."""

    def __init__(self, down: asyncio.BaseTransport, up: asyncio.BaseTransport) -> None:
        self._ends = (down, up)
        self.cut_after: int | None = None
        self.cut_upstream = True
        self.reset = True
        self.stalled = False

    def abort(self) -> None:
        for end in self._ends:
            end.abort()  # type: ignore[attr-defined]

    def close(self) -> None:
        for end in self._ends:
            end.close()


async def _pump(
    pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upward: bool
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_BYTES):
            if pair.stalled:
                continue
            if pair.cut_after is not None and pair.cut_upstream == upward:
                writer.write(data[: min(pair.cut_after, len(data) - 1)])
                break
            writer.write(data)
            await writer.drain()
    if pair.reset and pair.cut_after is not None:
        pair.abort()
    else:
        pair.close()


async def _end_later(pair: _Pair, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    pair.abort()
