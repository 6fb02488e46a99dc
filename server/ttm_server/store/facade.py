"""The store as others see it: one object put together from its parts, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from ttm_server.config import Settings
from ttm_server.store.asks import Asks
from ttm_server.store.edge import (
    MAX_BLOCKING_CONNECTIONS,
    MAX_CONNECTIONS,
    MAX_SIGNAL_CONNECTIONS,
    Edge,
    Observe,
    make_client,
)
from ttm_server.store.ingest import Sending
from ttm_server.store.lua import Script
from ttm_server.store.ownership import Ownership
from ttm_server.store.ready import Ready
from ttm_server.store.sessions import Sessions
from ttm_server.store.signals import Signals
from ttm_server.store.talks import Talks
from ttm_server.store.tickets import Tickets


class Store(Sessions, Tickets, Sending, Ready, Ownership, Asks, Talks):
    """Sessions, their input, memory and questions in one Redis.

    Every call may raise StoreUnavailable (retryable); each method names its other errors.
    """

    @classmethod
    async def connect(
        cls,
        url: str,
        settings: Settings,
        *,
        observe: Observe | None = None,
        scripts: Mapping[str, Script] | None = None,
    ) -> Self:
        """A store on the server at `url`; raises StoreUnavailable when it does not answer.

        `observe` is told each operation's name and seconds. `scripts` replaces the Lua scripts.
        """
        edge = Edge(
            make_client(url, MAX_CONNECTIONS),
            make_client(url, MAX_BLOCKING_CONNECTIONS),
            scripts,
            observe,
        )
        store = cls(edge, Signals(make_client(url, MAX_SIGNAL_CONNECTIONS)), settings)
        try:
            await store.ping()
        except BaseException:
            await store.close()
            raise
        return store

    async def ping(self) -> None:
        """Ask the server for a sign of life; raises StoreUnavailable."""
        await self._edge.command("PING", repeatable=True)

    async def close(self) -> None:
        """Close every connection; whoever waits on this store is not woken any more."""
        await self._signals.close()
        await self._edge.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()
