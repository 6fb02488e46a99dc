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

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError

from ttm_protocol.errors import StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store.cancelling import not_swallowed
from ttm_server.store.clients import Argument, Link
from ttm_server.store.codes import Code
from ttm_server.store.lua import Script, load_scripts
from ttm_server.store.strict import Strict

log = logging.getLogger(__name__)

Observe = Callable[[str, float], None]

RETRY_DELAYS_S = (0.05, 0.25)


class Edge:
    """Runs commands on one Redis; every failure is a StoreUnavailable.

    A command's first word after its name is its key. `strict`: what `durable` scripts wait for.
    """

    def __init__(
        self,
        link: Link,
        blocking: Link,
        scripts: Mapping[str, Script] | None = None,
        observe: Observe | None = None,
        strict: Strict | None = None,
    ) -> None:
        self._link = link
        self._blocking = blocking
        self._scripts = load_scripts() if scripts is None else scripts
        self._observe = observe
        self._strict = strict

    async def script(
        self, name: str, keys: Sequence[str], *args: Argument, durable: bool = False
    ) -> tuple[Code, Any]:
        """Run a script: its code and the rest of its reply.

        Every script may run twice with the same arguments, so a lost connection is tried again.
        `durable`: with strict durability, return only when what the script wrote (it must write)
        and everything before it is on disk.
        """
        script = self._scripts[name]
        strict = self._strict if durable else None

        async def run() -> Any:
            tail = (len(keys), *keys, *args)
            follow = None if strict is None else strict.follow()
            replies = await self._link.run(keys[0], ("EVALSHA", script.sha, *tail), follow=follow)
            if isinstance(replies[0], NoScriptError):
                replies = await self._link.run(keys[0], ("EVAL", script.text, *tail), follow=follow)
            reply = _checked(replies[0])
            if strict is not None:
                strict.check(replies[-1])
            return reply

        reply = await self._guard(name, run, repeatable=True)
        return Code(reply[0]), reply[1:]

    async def command(self, *words: Argument, repeatable: bool = False) -> Any:
        """Run one plain command; `repeatable`: running it twice does no harm."""
        return await self._command(self._link, words, repeatable=repeatable)

    async def blocking(self, *words: Argument) -> Any:
        """Run one command that may wait in Redis, on connections of its own; never repeated."""
        return await self._command(self._blocking, words, repeatable=False)

    async def ping(self) -> None:
        """Ask every master for a sign of life."""

        async def run() -> None:
            for reply in await self._link.each(("PING",)):
                _checked(reply)

        await self._guard("ping", run, repeatable=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._link.close()
        await self._blocking.close()

    async def _command(self, link: Link, words: Sequence[Argument], *, repeatable: bool) -> Any:
        async def run() -> Any:
            return _checked((await link.run(words[1], words))[0])

        return await self._guard(str(words[0]).lower(), run, repeatable=repeatable)

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
            raise StoreUnavailable(f"{_reason(error)} ({op})") from error
        finally:
            if self._observe is not None:
                self._observe(op, time.perf_counter() - started_s)


def _checked(reply: Any) -> Any:
    if isinstance(reply, Exception):
        raise reply
    return reply


def _reason(error: Exception) -> str:
    if isinstance(error, OutOfMemoryError):
        return "the store's memory is full: it takes nothing new until there is room"
    if str(error).startswith("MISCONF"):
        return "the store cannot write to its disk: it takes nothing new until it can"
    return "the store cannot be used now"


class Part:
    """What most parts of the store work with."""

    def __init__(self, edge: Edge, settings: Settings) -> None:
        self._edge = edge
        self._settings = settings

    @property
    def _is_strict(self) -> bool:
        return self._settings.durability == "strict"
