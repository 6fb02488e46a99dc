"""The store as others see it: one object put together from its parts, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from ttm_protocol.errors import ConfigError, StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store.asks import Asks
from ttm_server.store.edge import Edge, Observe
from ttm_server.store.ingest import Sending
from ttm_server.store.links import open_links
from ttm_server.store.lua import Script
from ttm_server.store.models import Models
from ttm_server.store.ownership import Ownership
from ttm_server.store.ready import Ready
from ttm_server.store.sessions import Sessions
from ttm_server.store.signals import Signals
from ttm_server.store.strict import NotStrict, Strict, greet_strictly
from ttm_server.store.tickets import Tickets


class Store(Sessions, Tickets, Sending, Ready, Ownership, Asks, Models):
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
        """A store on the server, Sentinels or cluster at `url` (see :mod:`.addresses`).

        Raises StoreUnavailable when it does not answer, ConfigError for a URL that cannot be read
        and for a server that cannot keep strict durability. `observe` is told each operation's
        name and seconds. `scripts` replaces the Lua scripts.
        """
        is_strict = settings.durability == "strict"
        links = open_links(url, greet_strictly if is_strict else None)
        strict = Strict(settings.strict_replicas) if is_strict else None
        edge = Edge(links.work, links.blocking, scripts, observe, strict)
        store = cls(edge, Signals(links.signals), settings)
        try:
            await store.ping()
        except StoreUnavailable as error:
            await store.close()
            if isinstance(error.__cause__, NotStrict):
                raise ConfigError(str(error.__cause__), field="durability") from None
            raise
        except BaseException:
            await store.close()
            raise
        return store

    async def ping(self) -> None:
        """Ask every server for a sign of life; raises StoreUnavailable."""
        await self._edge.ping()

    async def close(self) -> None:
        """Close every connection; whoever waits on this store is not woken any more."""
        await self._signals.close()
        await self._edge.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()
