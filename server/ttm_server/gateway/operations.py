"""Endpoints for those who run the server: liveness, readiness, metrics. Knows no session."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from ttm_protocol.errors import NotReady, Restarting
from ttm_server.gateway.bodies import Health
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.readiness import look_at_store, waits_for
from ttm_server.gateway.runtime import gateway_of

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answers as long as the process runs, also without a store."""
    return Health(status="ok")


@router.get("/readyz", summary="Can it answer?", responses=errors(503))
async def readyz(request: Request) -> Health:
    """503 until a worker has its model and can answer, while the store cannot be reached, and from
    the moment this gateway is going away. `waiting_for` says what is missing:
    `["a worker: model loading since 8 s"]`.
    """
    gateway = gateway_of(request)
    if gateway.draining.is_set():
        raise Restarting("this gateway is going away")
    missing = await waits_for(gateway)
    if missing:
        raise NotReady(f"waiting for {'; '.join(missing)}", waiting_for=missing)
    return Health(status="ready")


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Counters and histograms in the Prometheus text format, never labelled by session."""
    gateway = gateway_of(request)
    await look_at_store(gateway)
    return Response(gateway.metrics.text(), media_type=CONTENT_TYPE_LATEST)
