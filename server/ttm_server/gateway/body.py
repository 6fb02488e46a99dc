"""The limit on request bodies, kept before anything is parsed. Knows sizes and media types only."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttm_server.errors import RequestTooBig
from ttm_server.gateway.problems import problem, problem_of

BODY_TIMEOUT_S = 30.0


class BodyLimit:
    """ASGI layer that reads a whole body of at most `max_bytes` and only then passes it on."""

    def __init__(self, app: ASGIApp, max_bytes: int, timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413 (too big), 415 (not JSON) or 408 (too slow)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_length(headers)
            async with asyncio.timeout(self._timeout_s):
                body = await self._read(receive)
        except RequestTooBig as error:
            await problem_of(error)(scope, receive, send)
            return
        except TimeoutError:
            detail = f"body: did not arrive within {self._timeout_s:g} seconds"
            await problem(408, "error", detail, "body")(scope, receive, send)
            return
        if body is None:
            return  # the client has gone
        if body and not _is_json(headers):
            detail = "Content-Type: a request body must be application/json"
            response = problem(415, "unsupported_media_type", detail, "Content-Type")
            await response(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > self._max_bytes:
            raise self._too_big()

    async def _read(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                raise self._too_big()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_big(self) -> RequestTooBig:
        return RequestTooBig(f"body: larger than {self._max_bytes} bytes", field="body")


def _is_json(headers: Headers) -> bool:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json"


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read, then whatever follows on the wire."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
