"""What one gateway holds while it runs: its parts, its open streams and whether it is going away.

Knows no HTTP; endpoints reach it through :func:`gateway_of`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, Self, cast

from starlette.requests import HTTPConnection

from ttm_protocol.messages import Limits
from ttm_server.config import Settings
from ttm_server.gateway.admission import Admission
from ttm_server.gateway.containers.slots import Decoders
from ttm_server.gateway.metrics import Metrics
from ttm_server.store import GatewayStore
from ttm_server.waiting import happens_within


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long the gateway waits, in seconds."""

    send_timeout_s: float  # for a client that does not read
    drain_s: float  # between `goaway` and the close when going away
    poll_s: float = 1.0  # a look at the store even where no wake-up came
    close_s: float = 1.0  # for those closes to be sent

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(send_timeout_s=settings.send_timeout_s, drain_s=settings.drain_s)


class Leaving(Protocol):
    """A stream as the gateway sees it when it goes away."""

    @property
    def lag_chunks(self) -> int:
        """Durable chunks that are not in committed memory yet."""

    def goaway(self, time_left_s: float) -> None:
        """Ask the client to reconnect elsewhere."""

    def restart(self) -> None:
        """Close with `restarting`."""


class Gateway:
    """The parts of one running gateway."""

    def __init__(
        self,
        store: GatewayStore,
        settings: Settings,
        limits: Limits,
        timing: Timing,
        metrics: Metrics,
    ) -> None:
        self.store = store
        self.settings = settings
        self.limits = limits
        self.timing = timing
        self.metrics = metrics
        self.admission = Admission(settings.connections_per_client)
        self.decoders = Decoders(settings.webm_decoders, metrics)
        self.draining = asyncio.Event()  # set for good once this gateway is going away
        self.closing = asyncio.Event()  # set for good when what still waits has to end now
        self._streams: set[Leaving] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, stream: Leaving) -> None:
        """Note an open stream."""
        self._streams.add(stream)
        self._empty.clear()
        self.metrics.sessions_active.inc()

    def discard(self, stream: Leaving) -> None:
        """Forget a stream that has ended."""
        self._streams.discard(stream)
        self.metrics.sessions_active.dec()
        if not self._streams:
            self._empty.set()

    @property
    def lag_chunks(self) -> int:
        """Durable chunks that are not in committed memory yet, all open streams together."""
        return sum(stream.lag_chunks for stream in self._streams)

    async def drain(self) -> None:
        """Go away: not ready, `goaway` to every stream, a short wait, then close what is left."""
        self.draining.set()
        for stream in tuple(self._streams):
            stream.goaway(self.timing.drain_s)
        await happens_within(self._empty, self.timing.drain_s)
        self.closing.set()
        for stream in tuple(self._streams):
            stream.restart()
        await happens_within(self._empty, self.timing.close_s)


def gateway_of(connection: HTTPConnection) -> Gateway:
    """The gateway that serves this request or socket."""
    return cast(Gateway, connection.app.state.gateway)
