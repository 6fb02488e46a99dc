"""coredis as a link of the store: its commands, its redirects, its `ensure_persistence`.

Nothing is retried by coredis (NoRetryPolicy) but what a node says it has not run. Its pool must be
left by the task that entered it, so a task of the link's own holds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any

import coredis
from coredis import exceptions as theirs
from coredis.commands.request import CommandRequest
from coredis.connection import ClusterConnection, TCPConnection, TCPLocation
from coredis.pool import ClusterConnectionPool, ConnectionPool
from coredis.retry import NoRetryPolicy
from coredis.typing import Key
from redis import exceptions as ours

from ttm_server.store import addresses, strict
from ttm_server.store.clients import (
    COMMAND_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    SENTINEL_TIMEOUT_S,
    Argument,
    Follow,
    Greeting,
    Words,
)


class Link:
    """See :class:`ttm_server.store.clients.Link`."""

    def __init__(self, url: str, max_connections: int, greeting: Greeting | None) -> None:
        self._url = url
        self._max_connections = max_connections
        self._greeting = greeting
        self._client: Any = None
        self._closing = asyncio.Event()
        self._opening = asyncio.Lock()
        self._holder: asyncio.Task[None] | None = None

    async def run(
        self, key: Argument | None, *commands: Words, follow: Follow | None = None
    ) -> list[Any]:
        """See :class:`ttm_server.store.clients.Link`."""
        client = await self._opened()
        replies = []
        for words in commands:
            request = _request(client, key, words)
            try:
                if follow is None:
                    replies.append(_as_resp2(words, await request))
                    continue
                # `follow` asks for the WAITAOF that coredis sends by itself.
                asked = follow([b""])
                assert asked is not None
                _, local, replicas, wait_ms = asked
                wait_ms = round(strict.WAIT_S * 1000) if replicas else wait_ms
                with client.ensure_persistence(local, replicas, wait_ms):
                    replies.append(await request)
                replies.append([local, replicas])
            except theirs.PersistenceError:
                replies += [None, [0, 0]]
            except (theirs.RedisError, OSError, TimeoutError, RuntimeError) as error:
                refusal = _translated(error)
                if not isinstance(refusal, ours.ResponseError):
                    raise refusal from error
                replies.append(refusal)
        return replies

    async def each(self, words: Words) -> list[Any]:
        """See :class:`ttm_server.store.clients.Link`."""
        client = await self._opened()
        if not isinstance(client, coredis.RedisCluster):
            return await self.run(None, words)
        pool = client.connection_pool
        replies = []
        for node in pool.cluster_layout.primaries:
            try:
                async with pool.acquire(node=node) as connection:
                    replies.append(await connection.create_request(str(words[0]).encode()))
            except (theirs.RedisError, OSError, TimeoutError) as error:
                raise _translated(error) from error
        return replies

    async def close(self) -> None:
        """See :class:`ttm_server.store.clients.Link`."""
        self._closing.set()
        if self._holder is not None:
            await asyncio.gather(self._holder, return_exceptions=True)

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                self._holder = asyncio.create_task(self._hold(opened))
                try:
                    self._client = await asyncio.shield(opened)
                except (theirs.RedisError, OSError, TimeoutError) as error:
                    raise _translated(error) from error
            return self._client

    async def _hold(self, opened: asyncio.Future[Any]) -> None:
        try:
            async with contextlib.AsyncExitStack() as stack:
                opened.set_result(await self._make(stack))
                await self._closing.wait()
        except Exception as error:
            if not opened.done():
                opened.set_exception(error)
        finally:
            self._client = None

    async def _make(self, stack: contextlib.AsyncExitStack) -> Any:
        common: dict[str, Any] = {
            "stream_timeout": COMMAND_TIMEOUT_S,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "max_connections": self._max_connections,
            "timeout": COMMAND_TIMEOUT_S,
        }
        kind: Any
        if self._url.startswith(addresses.SENTINEL):
            found = addresses.read_sentinel_url(self._url)
            sentinel = coredis.Sentinel(
                [TCPLocation(*each) for each in found.sentinels],
                sentinel_kwargs={
                    "stream_timeout": SENTINEL_TIMEOUT_S,
                    "connect_timeout": SENTINEL_TIMEOUT_S,
                    **found.sentinel_account.options(),
                },
                **common | {"db": found.db} | found.account.options(),
            )
            await stack.enter_async_context(sentinel)
            return await stack.enter_async_context(sentinel.primary_for(found.service))
        if self._url.startswith(addresses.CLUSTER):
            where = addresses.read_cluster_url(self._url)
            kind = self._greeted(ClusterConnection)
            pool: Any = ClusterConnectionPool(
                [TCPLocation(*seed) for seed in where.seeds],
                connection_class=kind,
                max_connections_per_node=True,
                **common | where.account.options(),
            )
            client: Any = coredis.RedisCluster(connection_pool=pool, retry_policy=NoRetryPolicy())
            return await stack.enter_async_context(client)
        pool = ConnectionPool.from_url(self._url, **common)
        pool.connection_class = self._greeted(TCPConnection)
        client = coredis.Redis(connection_pool=pool, retry_policy=NoRetryPolicy())
        return await stack.enter_async_context(client)

    def _greeted(self, base: Any) -> Any:
        if self._greeting is None:
            return base
        greeting: Greeting = self._greeting

        class Greeted(base):  # type: ignore[misc]
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self.register_connect_callback(lambda at: greeting(_Greeted(at)))

        return Greeted


class _Greeted:
    """What a greeting uses of a connection of redis-py."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._request: Any = None

    async def on_connect(self) -> None:
        """It is connected."""

    async def send_command(self, *words: Argument) -> None:
        """Send; the reply is read next."""
        self._request = self._connection.create_request(str(words[0]).encode(), *words[1:])

    async def read_response(self) -> Any:
        """The reply to what was sent last."""
        try:
            return _as_resp2((), await self._request)
        except theirs.ResponseError as error:
            raise ours.ResponseError(str(error)) from error


def _request(client: Any, key: Argument | None, words: Words) -> CommandRequest[Any]:
    at = list(words[1:]).index(key) if key is not None else -1
    args: list[Any] = [Key(str(arg)) if n == at else arg for n, arg in enumerate(words[1:])]
    return CommandRequest(
        str(words[0]).encode(),
        *args,
        execution_parameters={},
        resolver=client.execute_command,
    )


def _as_resp2(words: Words, reply: Any) -> Any:
    """As the store expects it: maps are flat, numbers with a point are text."""
    if isinstance(reply, dict):
        return [_as_resp2((), part) for pair in reply.items() for part in pair]
    if isinstance(reply, float):
        return f"{reply:.17g}".encode()
    if isinstance(reply, (list, tuple)):
        if "WITHSCORES" in words:
            reply = [part for pair in reply for part in pair]
        return [_as_resp2((), part) for part in reply]
    return reply


def _translated(error: Exception) -> Exception:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, strict.NotStrict):
            return cause
        cause = cause.__cause__
    text = str(error)
    if isinstance(error, theirs.NoScriptError):
        return ours.NoScriptError(text)
    if isinstance(error, theirs.ClusterDownError):
        return ours.ClusterDownError(text)
    if isinstance(error, theirs.ResponseError) and not isinstance(error, ssl.SSLError):
        kind = ours.OutOfMemoryError if text.startswith("OOM") else ours.ResponseError
        return kind(text)
    if isinstance(error, theirs.StalePrimaryError):
        return ours.ConnectionError(f"the Sentinels named a replica as the master: {text}")
    if isinstance(error, TimeoutError):
        return ours.TimeoutError(text)
    return ours.ConnectionError(text)
