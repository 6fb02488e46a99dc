"""The one place that talks to Redis: runs scripts and commands, turns every failure into ours.

Knows no key and no meaning: callers hand over keys and arguments and read the reply's code.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from ttm_server.config import Settings
from ttm_server.errors import StoreUnavailable
from ttm_server.store.cancelling import not_swallowed
from ttm_server.store.codes import Code
from ttm_server.store.lua import Script, load_scripts
from ttm_server.store.signals import Signals

log = logging.getLogger(__name__)

Argument = str | bytes | int | float
Observe = Callable[[str, float], None]

CONNECT_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 32
MAX_BLOCKING_CONNECTIONS = 8
MAX_SIGNAL_CONNECTIONS = 2  # one in use; a second while a broken one is being closed
RETRY_DELAYS_S = (0.05, 0.25)


def make_client(url: str, max_connections: int) -> Redis:
    """A client with a bounded pool whose callers queue for a connection; never retries itself.

    redis-py would by default repeat any command after a lost connection, also one that must not
    run twice. Raises StoreUnavailable for a URL that it cannot read.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=COMMAND_TIMEOUT_S,
            socket_timeout=COMMAND_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_keepalive=True,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise StoreUnavailable(f"redis_url: {error}", field="redis_url") from None
    client = Redis.from_pool(pool)
    # Replies as Redis sends them, whatever shapes this version of redis-py would make of them.
    client.response_callbacks.clear()
    return client


class Edge:
    """Runs commands on one Redis server; every failure is a StoreUnavailable."""

    def __init__(
        self,
        client: Redis,
        blocking: Redis,
        scripts: Mapping[str, Script] | None = None,
        observe: Observe | None = None,
    ) -> None:
        # Any: redis-py leaves execute_command untyped.
        self._client: Any = client
        self._blocking: Any = blocking
        self._scripts = load_scripts() if scripts is None else scripts
        self._observe = observe

    async def script(self, name: str, keys: Sequence[str], *args: Argument) -> tuple[Code, Any]:
        """Run a script: its code and the rest of its reply.

        Every script may run twice with the same arguments, so a lost connection is tried again.
        """
        script = self._scripts[name]

        async def run() -> Any:
            try:
                return await self._client.execute_command(
                    "EVALSHA", script.sha, len(keys), *keys, *args
                )
            except NoScriptError:
                return await self._client.execute_command(
                    "EVAL", script.text, len(keys), *keys, *args
                )

        reply = await self._guard(name, run, repeatable=True)
        return Code(reply[0]), reply[1:]

    async def command(self, *words: Argument, repeatable: bool = False) -> Any:
        """Run one plain command; `repeatable`: running it twice does no harm."""
        return await self._guard(
            str(words[0]).lower(),
            lambda: self._client.execute_command(*words),
            repeatable=repeatable,
        )

    async def blocking(self, *words: Argument) -> Any:
        """Run one command that may wait in Redis, on connections of its own; never repeated."""
        return await self._guard(
            str(words[0]).lower(),
            lambda: self._blocking.execute_command(*words),
            repeatable=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        for client in (self._client, self._blocking):
            try:
                await client.aclose()
                await client.connection_pool.disconnect()
            except (RedisError, OSError):  # it is going away anyway
                log.debug("closing a connection pool failed", exc_info=True)

    async def _guard(self, op: str, run: Callable[[], Any], *, repeatable: bool) -> Any:
        started_s = time.perf_counter()
        delays_s = RETRY_DELAYS_S if repeatable else ()
        try:
            for delay_s in delays_s:
                try:
                    return await not_swallowed(run())
                except (RedisConnectionError, ConnectionError) as error:
                    log.debug("%s: %s; trying again", op, error)
                    await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
            return await not_swallowed(run())
        except (RedisError, OSError, TimeoutError) as error:
            # The text may hold addresses or script source: for the log, not for clients.
            log.warning("redis %s failed: %s", op, error)
            raise StoreUnavailable(f"the store cannot be used now ({op})") from error
        finally:
            if self._observe is not None:
                self._observe(op, time.perf_counter() - started_s)


class Part:
    """What every part of the store works with."""

    def __init__(self, edge: Edge, signals: Signals, settings: Settings) -> None:
        self._edge = edge
        self._signals = signals
        self._settings = settings
