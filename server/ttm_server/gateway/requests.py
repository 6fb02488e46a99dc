"""Outermost ASGI layer: gives every request its id, counts it, and logs one line about it.

Knows paths and statuses; never a query, a header other than `X-Request-Id`, or a body.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextlib import nullcontext
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttm_server.gateway.guard import SAFE_METHODS
from ttm_server.gateway.metrics import Metrics
from ttm_server.logs import about
from ttm_server.tracing import span

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SESSION = re.compile(r"/v1/sessions/([a-z0-9]{16,64})(?:/|$)", re.ASCII)
_NOWHERE = "none"  # what is asked for is no route: its path must not become a label
_log = logging.getLogger("ttm_server.gateway.requests")


class Requests:
    """`X-Request-Id` is taken where it is sane, else made; the answer carries it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or a stream on, with its id in every record and in the answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)
        session = _SESSION.match(scope["path"])
        began_s = time.monotonic()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] in _STARTS:
                MutableHeaders(scope=message)[HEADER] = request_id
                status = message.get("status", HTTPStatus.SWITCHING_PROTOCOLS.value)
            await send(message)

        with about(request_id=request_id, session_id=session and session[1]):
            if scope["type"] == "websocket":
                await self._app(scope, receive, answer)
                return
            traced = scope["path"].startswith("/v1/")
            with span(scope["method"], kind="server") if traced else nullcontext() as spanned:
                try:
                    await self._app(scope, receive, answer)
                finally:
                    route = getattr(scope.get("route"), "path", _NOWHERE)
                    self._told(scope["method"], route, status, time.monotonic() - began_s)
                    if spanned is not None:
                        name = f"{scope['method']} {route}"
                        spanned.set(name, request_id=request_id, status=status)

    def _told(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.requested(route, status, seconds)
        # What changes nothing and succeeds, pages and probes do every second.
        quiet = method in SAFE_METHODS and status < HTTPStatus.BAD_REQUEST
        level = logging.DEBUG if quiet or not route.startswith("/v1/") else logging.INFO
        _log.log(level, "%s %s %d in %.0f ms", method, route, status, seconds * 1000)


_STARTS = (
    "http.response.start",
    "websocket.accept",
    "websocket.http.response.start",
)
