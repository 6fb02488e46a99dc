"""Who is told when a session changes. Knows sessions and sides, not what changed.

A session has two sides: `out` (applied positions, events, answers, a superseding connection,
deletion), which gateways watch, and `in` (new chunks and questions, deletion), which workers watch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from ttm_server.store.keys import session_keys
from ttm_server.store.signals import Signals, Wake

Side = Literal["in", "out"]


class Watching:
    """The store's part for waiting."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    @asynccontextmanager
    async def watch(self, sid: str, side: Side = "out") -> AsyncIterator[Wake]:
        """Wake-ups about one session: `await wake.wait(timeout_s)`. Any of them may be lost."""
        keys = session_keys(sid)
        channel = keys.wake_in if side == "in" else keys.wake_out
        wake = Wake()
        # One bound method object: listeners are told apart by identity and equality.
        listener = wake.set
        try:
            await self._signals.listen(channel, listener)
            yield wake
        finally:
            self._signals.forget(channel, listener)
