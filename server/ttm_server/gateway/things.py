"""REST: teach a session the name of a thing, list its things, forget one. Knows no memory."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import TypeAdapter

from ttm_protocol.answers import Taught, Things
from ttm_protocol.errors import BadRequest
from ttm_server.gateway.bodies import MAX_NAME_BYTES, Lesson
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.runtime import gateway_of
from ttm_server.gateway.sessions import SessionId
from ttm_server.gateway.worker_replies import ask_worker, check_window, checked

_taught = TypeAdapter(Taught)
_things = TypeAdapter(Things)
Name = Annotated[str, Path(description="As it was taught.")]

router = APIRouter(prefix="/v1/sessions/{session_id}/things", tags=["things"])


@router.post(
    "",
    status_code=201,
    summary="Teach a name",
    responses=errors(401, 403, 404, 409, 413, 415, 422, 503),
)
async def teach(request: Request, session_id: SessionId, body: Lesson) -> Taught:
    """Bind what was just seen or heard to a name; more examples of one name make it surer.

    Memory takes it up after every chunk that was durable when it arrived, and knows the thing by
    this name from then on, also where it was seen or heard before. 409 `cannot_teach`: nothing was
    seen or heard in that time, or there is no room for another thing.
    """
    name = checked_name(body.name)
    check_window(body.since_s, body.until_s)
    lesson = {"name": name, "since_s": body.since_s, "until_s": body.until_s}
    return checked(await ask_worker(gateway_of(request), session_id, "teach", lesson), _taught)


@router.get("", summary="What was taught", responses=errors(401, 404, 409, 503))
async def things(request: Request, session_id: SessionId) -> Things:
    """The things that have a name, and how many have room."""
    return checked(await ask_worker(gateway_of(request), session_id, "things", {}), _things)


@router.delete(
    "/{name:path}",
    status_code=204,
    summary="Forget a name",
    responses=errors(401, 403, 404, 409, 422, 503),
)
async def forget(request: Request, session_id: SessionId, name: Name) -> Response:
    """Forget a name and its examples; what was seen and heard stays. 404: it was never taught."""
    forgotten = {"name": checked_name(name)}
    await ask_worker(gateway_of(request), session_id, "forget", forgotten)
    return Response(status_code=204)


def checked_name(given: str) -> str:
    """A thing's name without the white space around it; raises BadRequest."""
    name = " ".join(given.split())
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in name):
        raise BadRequest("name: holds a character that is no text", field="name")
    size = len(name.encode())
    if not 1 <= size <= MAX_NAME_BYTES:
        raise BadRequest(f"name: {size} bytes of UTF-8, 1 to {MAX_NAME_BYTES}", field="name")
    return name
