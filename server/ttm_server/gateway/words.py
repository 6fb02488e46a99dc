"""REST: what was said and what was read, as JSON or as WebVTT. Knows no memory."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import TypeAdapter

from ttm_protocol.answers import Words, to_plain
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.runtime import gateway_of
from ttm_server.gateway.sessions import SessionId
from ttm_server.gateway.webvtt import MEDIA_TYPE, webvtt
from ttm_server.gateway.worker_replies import Since, Until, ask_worker, check_window, checked

Format = Literal["json", "vtt"]
_words = TypeAdapter(Words)
_VTT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The words, in the form that was asked for.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "headers": {"Vary": {"description": "`Accept`.", "schema": {"type": "string"}}},
    }
}

router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["words"])


@router.get(
    "/words",
    summary="What was said and written",
    response_model=Words,
    responses=_VTT | errors(401, 404, 409, 422, 503),
)
async def words(
    request: Request,
    session_id: SessionId,
    since_s: Since = None,
    until_s: Until = None,
    format: Annotated[
        Format | None, Query(description="`vtt`: as captions; without it, by `Accept`.")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """What was understood of speech and what was read, as far as memory holds it.

    All of it, or what overlaps a stretch of time; as JSON, or as a WebVTT file with
    `Accept: text/vtt`. It waits, as a question does, for every chunk that was durable when it
    arrived; what was said in the last seconds may still be missing (`words_until_s`).
    """
    check_window(since_s, until_s)
    window = {"since_s": since_s, "until_s": until_s}
    found = checked(await ask_worker(gateway_of(request), session_id, "words", window), _words)
    headers = {"Vary": "Accept"}
    if (format or preferred(accept)) == "vtt":
        return PlainTextResponse(webvtt(found), media_type=MEDIA_TYPE, headers=headers)
    return JSONResponse(to_plain(found), headers=headers)


def preferred(accept: str) -> Format:
    """The form that an Accept header (RFC 9110) would rather have, JSON where none is."""
    weights = {"text/vtt": 0.0, "application/json": 0.0}
    for part in accept.lower().split(","):
        kind, _, parameters = part.strip().partition(";")
        if kind.strip() in weights:
            weights[kind.strip()] = _weight(parameters)
    return "vtt" if weights["text/vtt"] > weights["application/json"] else "json"


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
