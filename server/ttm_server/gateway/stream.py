"""`WS /v1/sessions/{session_id}/stream`: the handshake. Knows nothing of what follows it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.websockets import WebSocket

from ttm_protocol.errors import Restarting, outcome_of
from ttm_protocol.messages import SUBPROTOCOL
from ttm_server.gateway.problems import problem, problem_of
from ttm_server.gateway.runtime import gateway_of
from ttm_server.gateway.session_stream import SessionStream

router = APIRouter()


@router.websocket("/v1/sessions/{session_id}/stream")
async def stream(websocket: WebSocket, session_id: str) -> None:
    """Accept with the subprotocol when it was offered, refuse where only others were."""
    gateway = gateway_of(websocket)
    offered = websocket.scope.get("subprotocols", [])
    if gateway.draining.is_set():
        gateway.metrics.rejections.labels(outcome_of(Restarting).code).inc()
        await websocket.send_denial_response(problem_of(Restarting("this gateway is going away")))
        return
    if offered and SUBPROTOCOL not in offered:
        gateway.metrics.rejections.labels("policy").inc()
        field = "Sec-WebSocket-Protocol"
        detail = f"{field}: this server speaks {SUBPROTOCOL} only"
        await websocket.send_denial_response(problem(400, "policy", detail, field))
        return
    await websocket.accept(subprotocol=SUBPROTOCOL if offered else None)
    await SessionStream(gateway, websocket, session_id).run()


@router.websocket("/{path:path}")
async def nowhere(websocket: WebSocket, path: str) -> None:
    """Any other WebSocket: 404 before it is accepted."""
    detail = f"there is no WebSocket at /{path}; see /docs"
    await websocket.send_denial_response(problem(404, "not_found", detail))
