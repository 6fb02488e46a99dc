"""Puts the application together from its endpoints and layers. Knows no endpoint's content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from ttm_protocol.messages import DEFAULT_LIMITS, Limits
from ttm_server.config import Settings
from ttm_server.gateway import (
    docs,
    memory,
    openapi,
    operations,
    page_files,
    problems,
    questions,
    sessions,
    stream,
    things,
    vocabulary,
    words,
)
from ttm_server.gateway.body import BodyLimit
from ttm_server.gateway.guard import Guard
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.pictures import base64_bytes
from ttm_server.gateway.requests import HEADER as REQUEST_ID
from ttm_server.gateway.requests import Requests
from ttm_server.gateway.runtime import Gateway, Timing
from ttm_server.store import GatewayStore
from ttm_server.store.memory_file import MAX_HEADER_BYTES as FILE_HEADER_BYTES


def create_app(
    store: GatewayStore,
    settings: Settings,
    *,
    limits: Limits = DEFAULT_LIMITS,
    timing: Timing | None = None,
    metrics: Metrics | None = None,
    page: Path | None = None,
) -> FastAPI:
    """The gateway's application over a connected store, which the caller closes afterwards.

    `page`: the folder of the live page; None: the one of this installation.
    """
    gateway = Gateway(store, settings, limits, timing or Timing.of(settings), metrics or Metrics())

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
        middleware=_layers(settings, limits, gateway.metrics),
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.gateway = gateway
    problems.install(app, gateway.metrics)
    for part in (sessions, memory, questions, words, things, vocabulary, stream, operations, docs):
        app.include_router(part.router)
    app.include_router(page_files.page_router(page or page_files.find_folder()))
    openapi.install(app, settings, limits)
    return app


def _layers(settings: Settings, limits: Limits, metrics: Metrics) -> list[Middleware]:
    """From the outside in: the request's id, errors, pages of other origins, who may come in, size
    of bodies.
    """
    layers = [Middleware(Requests, metrics=metrics), Middleware(problems.Shield)]
    if settings.allowed_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.allowed_origins),
                allow_methods=["GET", "POST", "PUT", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "If-None-Match", REQUEST_ID],
                expose_headers=["ETag", memory.AS_OF, REQUEST_ID],
            )
        )
    layers.append(Middleware(Guard, settings=settings, metrics=metrics))
    layers.append(
        Middleware(
            BodyLimit,
            metrics=metrics,
            max_bytes=settings.max_body_bytes,
            max_file_bytes=settings.max_memory_bytes + FILE_HEADER_BYTES,
            max_question_bytes=settings.max_body_bytes + base64_bytes(limits.max_picture_bytes),
        )
    )
    return layers
