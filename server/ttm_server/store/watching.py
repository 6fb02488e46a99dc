"""Who is told when a session changes. Knows sessions and sides, not what changed.

A session has two sides: `out` (applied positions, events, answers, a superseding connection,
deletion), which gateways watch, and `in` (new chunks and questions, deletion), which workers watch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal, Self

from ttm_server.store.edge import Part
from ttm_server.store.keys import SessionKeys, session_keys
from ttm_server.store.signals import Signals, Wake

Side = Literal["in", "out"]


def _channel(keys: SessionKeys, side: Side) -> str:
    return keys.wake_in if side == "in" else keys.wake_out


class Watcher:
    """Watches many sessions at once; a context manager that forgets all of them at its end."""

    def __init__(self, signals: Signals, side: Side) -> None:
        self._signals = signals
        self._side: Side = side
        self._wake = Wake()
        self._listeners: dict[str, tuple[str, Callable[[], None]]] = {}
        self._changed: set[str] = set()

    async def add(self, sid: str) -> None:
        """Watch one more session."""
        if sid in self._listeners:
            return
        channel = _channel(session_keys(sid), self._side)

        def note() -> None:
            self._changed.add(sid)
            self._wake.set()

        self._listeners[sid] = (channel, note)
        await self._signals.listen(channel, note)

    def discard(self, sid: str) -> None:
        """Stop watching a session."""
        if sid in self._listeners:
            self._signals.forget(*self._listeners.pop(sid))
        self._changed.discard(sid)

    async def wait(self, timeout_s: float) -> set[str]:
        """Session ids that changed since the last call; empty after `timeout_s` without any."""
        if not self._changed:
            await self._wake.wait(timeout_s)
        changed, self._changed = self._changed, set()
        return changed

    def wake(self) -> None:
        """End a `wait` now, with nothing changed."""
        self._wake.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for sid in tuple(self._listeners):
            self.discard(sid)


class Watching(Part):
    """The store's part for waiting."""

    @asynccontextmanager
    async def watch(self, sid: str, side: Side = "out") -> AsyncIterator[Wake]:
        """Wake-ups about one session: `await wake.wait(timeout_s)`. Any of them may be lost."""
        channel = _channel(session_keys(sid), side)
        wake = Wake()
        # One bound method object: listeners are told apart by identity and equality.
        listener = wake.set
        try:
            await self._signals.listen(channel, listener)
            yield wake
        finally:
            self._signals.forget(channel, listener)

    def watcher(self, side: Side = "in") -> Watcher:
        """Wake-ups about many sessions; use it as `async with`."""
        return Watcher(self._signals, side)
