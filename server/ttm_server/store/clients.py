"""Connections to wherever `redis_url` points: bounded pools that never repeat a command.

A :class:`Link` runs commands on one connection that is good for a key. Knows no key's meaning, no
script and no error of ours but ConfigError; :mod:`.edge` decides what is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Protocol

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from ttm_protocol.errors import ConfigError
from ttm_server.store.addresses import SENTINEL, read_sentinel_url

Argument = str | bytes | int | float
Words = Sequence[Argument]
Greeting = Callable[[Any], Awaitable[None]]
Follow = Callable[[list[Any]], Words | None]

CONNECT_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 5.0
SENTINEL_TIMEOUT_S = 1.0  # there are others to ask


class Link(Protocol):
    """A bounded set of connections for one purpose."""

    async def run(
        self, key: Argument | None, *commands: Words, follow: Follow | None = None
    ) -> list[Any]:
        """Run commands in one go on one connection of the server that has `key` (None: any).

        The reply of each; what a server refuses is an exception in its place. `follow` is shown the
        replies and may name one more command for the same connection, again and again. Raises
        redis-py's ConnectionError and TimeoutError, after which it is unknown what has happened.
        """

    async def each(self, words: Words) -> list[Any]:
        """The replies of every master to a command without a key."""

    def pubsub(self) -> Any:
        """A new subscriber, each time at another server where there are several."""

    async def close(self) -> None:
        """Close every connection."""


def connection_options(greeting: Greeting | None) -> dict[str, Any]:
    """What every connection has in common.

    redis-py would by default repeat any command after a lost connection, also one that must not
    run twice. `greeting` is awaited with each new connection before its first command.
    """
    return {
        "socket_timeout": COMMAND_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "protocol": 2,
        "retry": no_retry(),
        **({} if greeting is None else {"redis_connect_func": greeting}),
    }


def no_retry() -> Retry:
    """A policy that tries once."""
    return Retry(NoBackoff(), 0)


async def exchange(pool: Any, commands: Sequence[Words], follow: Follow | None = None) -> list[Any]:
    """Send commands in one write and read their replies, as Redis sends them.

    Raw replies, whatever shapes this version of redis-py would make of them.
    """
    connection = await pool.get_connection()
    try:
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            replies = [await _reply(connection) for _ in commands]
            while follow is not None and (words := follow(replies)) is not None:
                await connection.send_command(*words)
                replies.append(await _reply(connection))
            return replies
        except BaseException:
            # A reply that still comes must not be read by the next who gets this connection.
            await connection.disconnect(nowait=True)
            raise
    finally:
        # Shielded: a cancelled release would take the connection out of the pool for ever.
        await asyncio.shield(pool.release(connection))


async def _reply(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


class MasterLink:
    """Connections to one server, or to the master that Sentinels name."""

    def __init__(self, pool: ConnectionPool, sentinel: Sentinel | None = None) -> None:
        self._pool = pool
        self._sentinel = sentinel
        self._client: Any = Redis.from_pool(pool)

    async def run(
        self, key: Argument | None, *commands: Words, follow: Follow | None = None
    ) -> list[Any]:
        """See :class:`Link`."""
        return await exchange(self._pool, commands, follow)

    async def each(self, words: Words) -> list[Any]:
        """See :class:`Link`."""
        return await self.run(None, words)

    def pubsub(self) -> Any:
        """See :class:`Link`."""
        return self._client.pubsub()

    async def close(self) -> None:
        """See :class:`Link`."""
        with contextlib.suppress(RedisError, OSError):  # they are going away anyway
            await self._client.aclose()
            await self._pool.disconnect()
        if isinstance(self._pool, _MasterPool):
            await self._pool.asked()
        if self._sentinel is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._sentinel.aclose()


class _MasterPool(SentinelConnectionPool, BlockingConnectionPool):
    """A pool of connections to the current master whose callers queue for one.

    Sentinels are asked by a task of its own, for all callers at once: one that gives up in the
    midst of a question would lose the connection to that Sentinel, open and with half an answer.
    """

    _asking: asyncio.Task[Any] | None = None

    async def get_master_address(self) -> Any:
        """Host and port, as `SentinelConnectionPool` has it."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(
                super().get_master_address(),  # type: ignore[no-untyped-call]
                name="store-sentinel",
                context=Context(),
            )
            self._asking.add_done_callback(_seen)
        return await asyncio.shield(self._asking)

    async def asked(self) -> None:
        """Wait until no Sentinel is being asked."""
        if self._asking is not None:
            await asyncio.wait([self._asking])


def _seen(task: asyncio.Task[Any]) -> None:
    """Perhaps nobody waits for it any more: a failure is no news then."""
    if not task.cancelled():
        task.exception()


def single_link(url: str, max_connections: int, greeting: Greeting | None) -> MasterLink:
    """A link to one server; raises ConfigError for a URL that cannot be read."""
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=COMMAND_TIMEOUT_S,
            **connection_options(greeting),
        )
    except ValueError as error:
        raise ConfigError(f"redis_url: {error}", field="redis_url") from None
    return MasterLink(pool)


def sentinel_link(url: str, max_connections: int, greeting: Greeting | None) -> MasterLink:
    """A link to the master that Sentinels name, whoever that is; raises ConfigError."""
    assert url.startswith(SENTINEL)
    where = read_sentinel_url(url)
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        where.sentinels,
        sentinel_kwargs={
            "socket_timeout": SENTINEL_TIMEOUT_S,
            "socket_connect_timeout": SENTINEL_TIMEOUT_S,
            "protocol": 2,
            "retry": no_retry(),
            "ssl": where.tls.ssl,
            **where.sentinel_account.options(),
            **where.tls.options(),
        },
    )
    pool = _MasterPool(  # type: ignore[no-untyped-call]
        where.service,
        sentinel,
        max_connections=max_connections,
        timeout=COMMAND_TIMEOUT_S,
        db=where.db,
        ssl=where.tls.ssl,
        **connection_options(_master_only(greeting)),
        **where.account.options(),
        **where.tls.options(),
    )
    return MasterLink(pool, sentinel)


def _master_only(greeting: Greeting | None) -> Greeting:
    """Refuse a server that is no master (yet, or any more): reads there would be out of date."""

    async def greet(connection: Any) -> None:
        await (connection.on_connect() if greeting is None else greeting(connection))
        await connection.send_command("ROLE")
        role = (await connection.read_response())[0]
        if role != b"master":
            raise RedisConnectionError(f"the Sentinels named a {role.decode()} as the master")

    return greet
