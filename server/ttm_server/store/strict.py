"""Strict durability: what a server must be like, and whether a write is on disk. Knows no session.

`WAITAOF` is about the writes of its own connection, so it goes out together with the script, on the
same one. It is trusted with `appendfsync always` only: from Redis 7.2.4 on, and in every Valkey up
to 9.1, it may answer before the file is synced when that is `everysec` (redis/redis#13793).
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from ttm_protocol.errors import StoreUnavailable
from ttm_server.store.clients import Follow, Words

WAIT_S = 4.0  # below the socket timeout, so that a slow disk never looks like a dead server
REPLICA_WAITS_MS = (2, 4, 8, 16, 32, 64, 128, 256)
_WANTED = {
    b"appendonly": b"yes",
    b"appendfsync": b"always",
    b"no-appendfsync-on-rewrite": b"no",
}


class NotStrict(RedisConnectionError):
    """A server whose settings cannot keep what strict durability promises."""


@dataclass(frozen=True, slots=True)
class Strict:
    """Writes count once they are on the master's disk and on that of so many replicas."""

    replicas: int = 0

    def follow(self) -> Follow:
        """What to send after a script, on its connection, until the write is safe or time is up."""
        until_s = time.monotonic() + WAIT_S
        # Blocking asks the replicas where they are, once; each tells where it was before it synced
        # the write in question, and else only once a second. So the question is asked again soon.
        waits_ms = itertools.chain(REPLICA_WAITS_MS, itertools.repeat(REPLICA_WAITS_MS[-1]))

        def ask(replies: list[Any]) -> Words | None:
            last = replies[-1]
            if isinstance(last, Exception) or (len(replies) > 1 and self._is_safe(last)):
                return None
            left_ms = round((until_s - time.monotonic()) * 1000)
            if left_ms <= 0 and len(replies) > 1:
                return None
            wait_ms = min(left_ms, next(waits_ms)) if self.replicas else left_ms
            return ("WAITAOF", 1, self.replicas, max(1, wait_ms))

        return ask

    def _is_safe(self, reply: list[int]) -> bool:
        return reply[0] >= 1 and reply[1] >= self.replicas

    def check(self, reply: Any) -> None:
        """Raise StoreUnavailable where a write is not known to be on all those disks."""
        if isinstance(reply, Exception):
            raise reply
        if not self._is_safe(reply):
            local, replicas = reply
            raise StoreUnavailable(
                f"not on disk within {WAIT_S:g} s: strict durability wants this server and "
                f"{self.replicas} replicas, got {local} and {replicas}"
            )


async def greet_strictly(connection: Any) -> None:
    """Refuse a connection to a server that cannot keep the promise; raises NotStrict."""
    await connection.on_connect()
    try:
        await connection.send_command("WAITAOF", 0, 0, 1)
        await connection.read_response()
        await connection.send_command("CONFIG", "GET", *_WANTED)
        flat = await connection.read_response()
    except ResponseError as error:
        raise NotStrict(
            "durability: strict needs WAITAOF (Redis or Valkey 7.2) and CONFIG GET on the server, "
            f"which answers: {error}"
        ) from None
    found = dict(zip(flat[::2], flat[1::2], strict=True))
    for name, wanted in _WANTED.items():
        if found.get(name) != wanted:
            raise NotStrict(
                f"durability: strict needs {name.decode()} {wanted.decode()} on the server, "
                f"which has {found.get(name, b'nothing').decode()!r}"
            )
