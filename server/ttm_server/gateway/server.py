"""Serves the application with uvicorn until a signal. Knows processes, no endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ttm_protocol.errors import ConfigError
from ttm_server.config import Settings
from ttm_server.gateway.app import create_app
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.runtime import Gateway
from ttm_server.gateway.sockets import WS_MAX_BYTES, RequestProtocol, StreamProtocol
from ttm_server.store import Store

GRACEFUL_S = 5
PING_EVERY_S = 20.0
PONG_WITHIN_S = 20.0


class GatewayServer(uvicorn.Server):
    """A uvicorn server that says goodbye to its streams before it closes them."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: go away in order. A second SIGINT: at once."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Unready, `goaway`, a short wait, close 1012; only then stop listening."""
        if not self.force_exit:
            await self._gateway.drain()
            await self._until_closed(self._gateway.timing.close_s)
        await super().shutdown(sockets)

    async def _until_closed(self, timeout_s: float) -> None:
        """Give closing handshakes a moment: a socket closed early can lose its close frame."""
        streams = [c for c in self.server_state.connections if isinstance(c, StreamProtocol)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                for stream in streams:
                    await stream.lost.wait()


def make_server(app: FastAPI, settings: Settings) -> GatewayServer:
    """A server for an application of `create_app`, not started."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=RequestProtocol,
        ws=StreamProtocol,
        ws_max_size=WS_MAX_BYTES,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PONG_WITHIN_S,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
    )
    return GatewayServer(config, app.state.gateway)


async def serve(settings: Settings, *, metrics: Metrics | None = None) -> None:
    """Connect to `settings.redis_url` and serve until SIGTERM or SIGINT.

    Raises ConfigError without a `redis_url`, StoreUnavailable where nothing answers there.
    """
    if settings.redis_url is None:
        raise ConfigError(
            "redis_url: the gateway needs a Redis or Valkey server", field="redis_url"
        )
    metrics = metrics or Metrics()
    store = await Store.connect(settings.redis_url, settings, observe=metrics.observe_redis)
    try:
        await make_server(create_app(store.gateway, settings, metrics=metrics), settings).serve()
    finally:
        await store.close()


def run(settings: Settings) -> None:
    """:func:`serve` in an event loop of its own."""
    asyncio.run(serve(settings))
