"""RFC 9457 problem documents: every error leaves the REST interface in this one shape.

Knows the table of errors; knows no endpoint.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttm_protocol.errors import (
    AnswerTimeout,
    BadRequest,
    NotReady,
    Overloaded,
    Quarantined,
    Restarting,
    StateIncompatible,
    TTMError,
    outcome_of,
)
from ttm_server.gateway.metrics import Metrics
from ttm_server.logs import told_about

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:ttmserve:problem:"
RETRY_AFTER_S = "1"

_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    415: "unsupported_media_type",
}
# A request was understood and not let in, whatever it asked for.
_TURNED_AWAY = (Overloaded, Restarting, Quarantined, StateIncompatible)
_NOT_JSON = BadRequest("body: is not valid JSON", field="body")
_log = logging.getLogger("ttm_server.gateway")


class ProblemResponse(JSONResponse):
    """A problem document as a response."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    code: str,
    detail: str,
    field: str | None = None,
    headers: dict[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    """A response with :func:`problem_body`, and `more` members of its kind."""
    body = problem_body(status, code, detail, field) | dict(more or {})
    return ProblemResponse(body, status_code=status, headers=headers)


def problem_body(status: int, code: str, detail: str, field: str | None) -> dict[str, Any]:
    """A problem document with this status; `field` names the input that is wrong."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail.encode(errors="replace").decode(),
        "code": code,
    }
    if request_id := told_about().get("request_id"):
        body["request_id"] = request_id
    if field is not None:
        body["field"] = field
    return body


def problem_of(error: TTMError) -> ProblemResponse:
    """The problem document of an error of our own, by the table of errors."""
    outcome = outcome_of(error)
    headers: dict[str, str] = {}
    if outcome.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if outcome.retryable:
        headers["Retry-After"] = RETRY_AFTER_S
    more = {"waiting_for": error.waiting_for} if isinstance(error, NotReady) else {}
    return problem(outcome.http_status, outcome.code, error.message, error.field, headers, more)


def report_unexpected(error: BaseException) -> str:
    """Log an error that nobody foresaw and return the reference under which to find it.

    The text of the exception stays out of the log: it may quote a question or a secret.
    """
    reference = secrets.token_hex(6)
    stack = "".join(traceback.format_tb(error.__traceback__))
    _log.error("unexpected %s, reference %s\n%s", type(error).__qualname__, reference, stack)
    return reference


def _validation_error(error: RequestValidationError) -> BadRequest:
    """What is wrong first, in words that name the field; never the input itself."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    if first["type"] == "json_invalid":
        return _NOT_JSON
    field = ".".join(where[1:]) or (where[0] if where else "body")
    text = str(first["msg"])
    for old, new in (
        ("Input should be", "must be"),
        ("String should", "must"),
        ("Field required", "is missing"),
        ("Extra inputs are not permitted", "is not a field of this request"),
    ):
        text = text.replace(old, new)
    return BadRequest(f"{field}: {text}", field=field)


async def _on_validation_error(_: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    return problem_of(_validation_error(error))


async def _on_http_error(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for what its parser refuses
        return problem_of(_NOT_JSON)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.url.path}; see /docs"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.url.path} does not take {request.method}; see /docs"
    code = _HTTP_CODES.get(error.status_code, "error")
    return problem(error.status_code, code, detail, headers=dict(error.headers or {}))


def install(app: FastAPI, metrics: Metrics) -> None:
    """Give every kind of error its problem document; count what is turned away."""

    async def on_ttm_error(_: Request, error: Exception) -> ProblemResponse:
        assert isinstance(error, TTMError)
        if isinstance(error, _TURNED_AWAY) and not isinstance(error, AnswerTimeout):
            metrics.rejections.labels(outcome_of(error).code).inc()
        return problem_of(error)

    app.add_exception_handler(TTMError, on_ttm_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)


class Shield:
    """Outermost ASGI layer: what nobody foresaw becomes a 500 with a reference, never a trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer in its place where it fails before its response began."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            reference = report_unexpected(error)
            if begun:
                raise
            detail = f"an internal error; reference {reference} in the server's log"
            await problem(500, "error", detail)(scope, receive, send)
