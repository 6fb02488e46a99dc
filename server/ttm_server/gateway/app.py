"""Puts the application together from its endpoints and layers. Knows no endpoint's content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from ttm_server.config import Settings
from ttm_server.gateway import docs, openapi, operations, problems, questions, sessions, stream
from ttm_server.gateway.body import BodyLimit
from ttm_server.gateway.guard import Guard
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.state import Gateway, Timing
from ttm_server.protocol import DEFAULT_LIMITS, Limits
from ttm_server.store import Store


def create_app(
    store: Store,
    settings: Settings,
    *,
    limits: Limits = DEFAULT_LIMITS,
    timing: Timing = Timing(),  # noqa: B008  # frozen
    metrics: Metrics | None = None,
) -> FastAPI:
    """The gateway's application over a connected store, which the caller closes afterwards."""
    gateway = Gateway(store, settings, limits, timing, metrics or Metrics())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        gateway.draining.set()
        gateway.closing.set()

    app = FastAPI(
        title="ttmserve",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        middleware=_layers(settings, gateway.metrics),
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.gateway = gateway
    problems.install(app)
    for router in (sessions.router, questions.router, stream.router, operations.router):
        app.include_router(router)
    app.include_router(docs.router)
    openapi.install(app, settings, limits)
    return app


def _layers(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """From the outside in: errors, browser pages of other origins, who may come in, body size."""
    layers = [Middleware(problems.Shield)]
    if settings.allowed_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.allowed_origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type"],
            )
        )
    layers.append(Middleware(Guard, settings=settings, metrics=metrics))
    layers.append(Middleware(BodyLimit, max_bytes=settings.max_body_bytes))
    return layers
