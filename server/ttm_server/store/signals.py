"""Wake-up calls between processes over one pub/sub connection. Hints only: any of them may be lost.

Knows channels as plain names and nothing of what a message means: whoever is woken looks into the
store. The connection is made anew when it breaks; listeners are then woken once, because something
may have happened while nobody listened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextvars import Context
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from ttm_server.store.cancelling import not_swallowed
from ttm_server.store.clients import Link
from ttm_server.waiting import happens_within

log = logging.getLogger(__name__)

Listener = Callable[[], None]

HOME = "ttm:signals"  # keeps the connection subscribed while nobody listens
PING_EVERY_S = 5.0
CONFIRM_WITHIN_S = 1.0
BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0)


class Wake:
    """Remembers that something changed until somebody has waited for it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Note a change."""
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a change since the last call; False after `timeout_s` without one."""
        if not await happens_within(self._event, timeout_s):
            return False
        self._event.clear()
        return True


class Signals:
    """One pub/sub connection shared by all listeners of a process."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._listeners: dict[str, set[Listener]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()
        self._attempts = 0
        self._connected = False
        self._task: asyncio.Task[None] | None = None

    async def listen(self, channel: str, listener: Listener) -> None:
        """Call `listener` on every message; returns once subscribed, or soon after if it cannot."""
        self._listeners.setdefault(channel, set()).add(listener)
        confirmed = self._confirmed.setdefault(channel, asyncio.Event())
        if self._task is None:
            self._task = asyncio.create_task(
                self._run(),
                name="store-signals",
                context=Context(),  # it serves all, not whoever listens first
            )
        self._changed.set()
        await happens_within(confirmed, CONFIRM_WITHIN_S)

    def forget(self, channel: str, listener: Listener) -> None:
        """Stop calling `listener`."""
        listeners = self._listeners.get(channel, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(channel, None)
            self._changed.set()

    async def close(self) -> None:
        """End the connection; nobody is woken any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._link.close()

    async def _run(self) -> None:
        failures = 0
        while True:
            self._attempts += 1
            self._connected = False
            try:
                await self._serve()
            except* (RedisError, OSError, TimeoutError, RuntimeError) as group:
                # RuntimeError: redis-py connected anew for one task while the other was reading.
                log.debug("signals: %s", group.exceptions[0])
            except* Exception:  # a bug must not end the signals of the whole process
                log.exception("signals: unexpected; connecting again")
            failures = 0 if self._connected else failures + 1
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    async def _serve(self) -> None:
        pubsub = self._link.pubsub()
        try:
            await not_swallowed(pubsub.subscribe(HOME))
            self._connected = True
            for confirmed in self._confirmed.values():
                confirmed.clear()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._subscribe(pubsub))
                group.create_task(self._receive(pubsub))
        finally:
            with contextlib.suppress(RedisError, OSError):
                await pubsub.aclose()

    async def _subscribe(self, pubsub: Any) -> None:
        """Keep the server's list of channels equal to the listeners' one."""
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._listeners)
            for channel in subscribed - wanted:
                if channel in self._confirmed:
                    self._confirmed[channel].clear()
                await not_swallowed(pubsub.unsubscribe(channel))
                if channel not in self._listeners:
                    self._confirmed.pop(channel, None)
            if added := wanted - subscribed:
                await not_swallowed(pubsub.subscribe(*added))
            subscribed = wanted
            await self._changed.wait()

    async def _receive(self, pubsub: Any) -> None:
        silent = 0
        while True:
            message = await not_swallowed(pubsub.get_message(timeout=PING_EVERY_S))
            if message is None:
                silent += 1
                if silent > 1:
                    raise RedisConnectionError("no answer on the signal connection")
                await not_swallowed(pubsub.ping())
                continue
            silent = 0
            if message["type"] not in ("message", "subscribe"):
                continue
            channel = message["channel"].decode()
            if message["type"] == "subscribe":
                if channel in self._confirmed:
                    self._confirmed[channel].set()
                if self._attempts == 1:
                    continue  # never without a connection, so nothing was missed
            for listener in tuple(self._listeners.get(channel, ())):
                listener()
