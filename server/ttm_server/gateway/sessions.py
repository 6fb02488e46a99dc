"""REST: sessions and their tickets. Knows the store's calls, not what is in a memory."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ttm_protocol.answers import SessionInfo
from ttm_server.gateway.admission import tagged
from ttm_server.gateway.bodies import CreatedSession, NewSession, SessionList, Ticket
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.runtime import Gateway, gateway_of
from ttm_server.store import SessionInfo as Stored
from ttm_server.store import check_session_id

DEFAULT_LIST = 100
MAX_LIST = 1000


def _checked(
    session_id: Annotated[str, Path(description="From `POST /v1/sessions`.")],
) -> str:
    return check_session_id(session_id)


SessionId = Annotated[str, Depends(_checked)]

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


def told(stored: Stored) -> SessionInfo:
    """A session as REST tells it."""
    lag = stored.durable_seq - stored.applied_seq
    return msgspec.convert(msgspec.to_builtins(stored) | {"lag_chunks": lag}, SessionInfo)


async def created(request: Request, stored: Stored) -> CreatedSession:
    """A new session with a ticket for its stream."""
    ticket = await _ticket(request, stored.session_id)
    url = request.url_for("stream", session_id=stored.session_id)
    scheme = "wss" if request.url.scheme == "https" else "ws"
    return CreatedSession(
        session_id=stored.session_id,
        ticket=ticket.ticket,
        ticket_expires_s=ticket.ticket_expires_s,
        stream_url=str(url.replace(scheme=scheme)),
    )


async def _ticket(request: Request, session_id: str) -> Ticket:
    gateway = gateway_of(request)
    ticket, expires_s = await gateway.store.issue_ticket(session_id)
    ticket = tagged(ticket, request, gateway.settings)
    return Ticket(ticket=ticket, ticket_expires_s=expires_s)


@router.post(
    "",
    status_code=201,
    summary="Begin a session",
    responses=errors(401, 403, 413, 415, 422, 503),
)
async def create_session(request: Request, body: NewSession | None = None) -> CreatedSession:
    """Begin a session with an empty memory. The ticket opens its stream, once.

    503 `overloaded`: as many sessions exist as the server keeps.
    """
    return await created(request, await gateway_of(request).store.create_session())


@router.post(
    "/{session_id}/tickets",
    status_code=201,
    summary="Get another ticket",
    responses=errors(401, 403, 404, 503),
)
async def issue_ticket(request: Request, session_id: SessionId) -> Ticket:
    """A new single-use ticket, for example to reconnect after a drop."""
    return await _ticket(request, session_id)


@router.get("", summary="List sessions", responses=errors(401, 404, 422, 503))
async def list_sessions(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST, description="At most so many.")] = DEFAULT_LIST,
    after: Annotated[
        str | None,
        Query(description="Go on after this session_id: the last one of the page before."),
    ] = None,
) -> SessionList:
    """Sessions, oldest first. Shorter than `limit` means that there are no more."""
    gateway: Gateway = gateway_of(request)
    if after is not None:
        check_session_id(after, "after")
    found = await gateway.store.sessions(limit, after)
    return SessionList(sessions=[told(stored) for stored in found])


@router.get("/{session_id}", summary="Look at a session", responses=errors(401, 404, 503))
async def get_session(request: Request, session_id: SessionId) -> SessionInfo:
    """Where its stream and its memory stand."""
    return told(await gateway_of(request).store.session(session_id))


@router.delete(
    "/{session_id}",
    status_code=204,
    summary="Delete a session",
    responses=errors(401, 403, 404, 503),
)
async def delete_session(request: Request, session_id: SessionId) -> Response:
    """Remove the session and everything that is stored of it; an open stream closes with 4404."""
    await gateway_of(request).store.delete_session(session_id)
    return Response(status_code=204)
