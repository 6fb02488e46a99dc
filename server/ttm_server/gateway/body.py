"""The limit on request bodies, kept before anything is parsed. Knows sizes and media types only."""

from __future__ import annotations

import asyncio
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttm_protocol.errors import Overloaded, RequestTooBig, outcome_of
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.problems import problem, problem_of
from ttm_server.store.memory_file import MEDIA_TYPE as SAFETENSORS

BODY_TIMEOUT_S = 30.0
FILES_AT_ONCE = 4  # files may be megabytes, and each is held as a whole
PICTURES_AT_ONCE = 16  # questions with a picture: held until they are answered, here and in a store
_FILE_PATH = re.compile(r"/v1/sessions/[^/]+/memory")
_QUESTION_PATH = re.compile(r"/v1/sessions/[^/]+/questions")


@dataclass(frozen=True, slots=True)
class _Rule:
    max_bytes: int
    media_types: tuple[str, ...]


class _Places:
    """So many requests of one kind may be under way; `what` names them to who is turned away."""

    def __init__(self, most: int, what: str, metrics: Metrics) -> None:
        self._most, self._what, self._metrics = most, what, metrics
        self._taken = 0

    def __enter__(self) -> None:
        if self._taken >= self._most:
            busy = Overloaded(f"{self._what} are under way, at most {self._most}; try again")
            self._metrics.rejections.labels(outcome_of(busy).code).inc()
            raise busy
        self._taken += 1

    def __exit__(self, *exc_info: object) -> None:
        self._taken -= 1


class BodyLimit:
    """ASGI layer that reads a whole body of at most `max_bytes` and only then passes it on.

    A PUT of a memory may have `max_file_bytes`, a question with a picture `max_question_bytes`,
    a few of each at a time.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        max_bytes: int,
        max_file_bytes: int,
        max_question_bytes: int,
        timeout_s: float = BODY_TIMEOUT_S,
    ) -> None:
        self._app = app
        self._json = _Rule(max_bytes, ("application/json",))
        self._question = _Rule(max_question_bytes, self._json.media_types)
        self._file = _Rule(max_file_bytes, (SAFETENSORS, "application/octet-stream"))
        self._timeout_s = timeout_s
        self._files = _Places(FILES_AT_ONCE, "memory: as many imports", metrics)
        self._pictures = _Places(PICTURES_AT_ONCE, "picture: as many questions with one", metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413 (too big), 415 (not its type) or 408 (too slow)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule, places = self._of(scope)
        try:
            with places:
                await self._limited(rule, scope, receive, send)
        except Overloaded as error:  # only from `places`: the application answers its own
            await problem_of(error)(scope, receive, send)

    def _of(self, scope: Scope) -> tuple[_Rule, AbstractContextManager[None]]:
        """What holds for this request's body, and its place among those of its kind."""
        if scope["method"] == "PUT" and _FILE_PATH.fullmatch(scope["path"]):
            return self._file, self._files
        if scope["method"] == "POST" and _QUESTION_PATH.fullmatch(scope["path"]):
            length = _length(Headers(scope=scope))
            if length is None or length > self._json.max_bytes:
                return self._question, self._pictures
        return self._json, nullcontext()

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
    if (_length(headers) or 0) > rule.max_bytes:
        raise _too_big(rule)


def _length(headers: Headers) -> int | None:
    """The length that the request announces, None where it announces none."""
    length = headers.get("content-length", "")
    return int(length[:20]) if length.isdecimal() else None


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
