"""The limit on request bodies, kept before anything is parsed. Knows sizes and media types only."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttm_protocol.errors import Overloaded, RequestTooBig, outcome_of
from ttm_server.gateway.memory_file import MEDIA_TYPE as SAFETENSORS
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.problems import problem, problem_of

BODY_TIMEOUT_S = 30.0
FILES_AT_ONCE = 4  # files may be megabytes, and each is held as a whole
_FILE_PATH = re.compile(r"/v1/sessions/[^/]+/memory")


@dataclass(frozen=True, slots=True)
class _Rule:
    max_bytes: int
    media_types: tuple[str, ...]


class BodyLimit:
    """ASGI layer that reads a whole body of at most `max_bytes` and only then passes it on.

    A PUT of a memory may have `max_file_bytes`, a few of them at a time.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        max_bytes: int,
        max_file_bytes: int,
        timeout_s: float = BODY_TIMEOUT_S,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._json = _Rule(max_bytes, ("application/json",))
        self._file = _Rule(max_file_bytes, (SAFETENSORS, "application/octet-stream"))
        self._timeout_s = timeout_s
        self._files = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413 (too big), 415 (not its type) or 408 (too slow)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "PUT" and _FILE_PATH.fullmatch(scope["path"]):
            if self._files >= FILES_AT_ONCE:
                busy = Overloaded(f"memory: {FILES_AT_ONCE} imports are under way; try again")
                self._metrics.rejections.labels(outcome_of(busy).code).inc()
                await problem_of(busy)(scope, receive, send)
                return
            self._files += 1
            try:
                await self._limited(self._file, scope, receive, send)
            finally:
                self._files -= 1
        else:
            await self._limited(self._json, scope, receive, send)

    async def _limited(self, rule: _Rule, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            _check_length(headers, rule)
            async with asyncio.timeout(self._timeout_s):
                body = await _read(receive, rule)
        except RequestTooBig as error:
            await problem_of(error)(scope, receive, send)
            return
        except TimeoutError:
            detail = f"body: did not arrive within {self._timeout_s:g} seconds"
            await problem(408, "error", detail, "body")(scope, receive, send)
            return
        if body is None:
            return  # the client has gone
        if body and _media_type(headers) not in rule.media_types:
            wanted = " or ".join(rule.media_types)
            detail = f"Content-Type: this request's body must be {wanted}"
            response = problem(415, "unsupported_media_type", detail, "Content-Type")
            await response(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


def _check_length(headers: Headers, rule: _Rule) -> None:
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > rule.max_bytes:
        raise _too_big(rule)


async def _read(receive: Receive, rule: _Rule) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > rule.max_bytes:
            raise _too_big(rule)
        if not message.get("more_body", False):
            return bytes(body)


def _too_big(rule: _Rule) -> RequestTooBig:
    return RequestTooBig(f"body: larger than {rule.max_bytes} bytes", field="body")


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


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
