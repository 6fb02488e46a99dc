"""What goes over the wire between a client and its servers: heard, and lost on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, NamedTuple, Self

from redis import Redis

from store.clusters import ask
from ttm_server.store import EmbeddedServer

READ_BYTES = 65536
_END = "the-recorder-has-heard-enough"


class Sent(NamedTuple):
    """One command as a server ran it, and from which connection of which server it came."""

    port: int
    connection: str
    words: str


class Recorder:
    """What each of some servers is sent from now on; a context manager."""

    def __init__(self, *servers: EmbeddedServer) -> None:
        self._clients = [Redis(port=server.port) for server in servers]
        self._monitors = [client.monitor() for client in self._clients]

    def __enter__(self) -> Self:
        for monitor in self._monitors:
            monitor.__enter__()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        for monitor, client in zip(self._monitors, self._clients, strict=True):
            monitor.__exit__(*exc_info)
            client.close()

    def heard(self) -> list[Sent]:
        """All since the last call, server by server; what scripts did is left out."""
        found = []
        for monitor, client in zip(self._monitors, self._clients, strict=True):
            port = client.connection_pool.connection_kwargs["port"]
            ask(port, "ECHO", _END)
            while not (entry := monitor.next_command())["command"].endswith(_END):
                if entry["client_type"] != "lua":
                    found.append(Sent(port, entry["client_port"], entry["command"]))
        return found


class LosesReplies:
    """A proxy that lets everything pass, but ends the connection instead of answering a `word`.

    The server has run such a command, and the client cannot know. A context manager, in a thread
    of its own: some clients stop the loop of who uses them while they connect.
    """

    def __init__(self, word: bytes, server_port: int) -> None:
        self.port = 0
        self._word = word
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening = self._do(asyncio.start_server(self._accepted, "127.0.0.1", 0))
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _end(self) -> None:
        self._listening.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        answer = asyncio.create_task(_pump(from_server, writer))
        try:
            while data := await reader.read(READ_BYTES):
                if self._word in data:
                    answer.cancel()
                    to_server.write(data)
                    await from_server.read(1)  # it has run
                    break
                to_server.write(data)
        finally:
            answer.cancel()
            writer.transport.abort()
            to_server.transport.abort()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await answer


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(READ_BYTES):
        writer.write(data)
    writer.transport.abort()
