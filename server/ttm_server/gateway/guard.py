"""Who may come in: Host, Origin and API key, checked before anything of a request is parsed.

Knows headers only; tickets are the business of a stream.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ttm_protocol.errors import AuthError, OriginError, TTMError, outcome_of
from ttm_server.config import Settings, is_loopback
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.problems import problem_of

PROTECTED_PREFIX = "/v1/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def key_of(headers: Headers, settings: Settings) -> SecretStr | None:
    """The configured key that the request carries, compared in constant time, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = token.strip().encode("utf-8", "replace")
    found = None
    for key in settings.api_keys:  # no early exit: the time tells nothing of which key it was
        if hmac.compare_digest(given, key.get_secret_value().encode()):
            found = key
    return found if scheme.lower() == "bearer" else None


def check_host(headers: Headers, settings: Settings) -> None:
    """Without keys only loopback names are served, whatever name a web page resolved to us.

    Raises OriginError (a defence against DNS rebinding).
    """
    if settings.api_keys:
        return
    host = _split(f"//{headers.get('host', '')}", 80)
    if host is None or not is_loopback(host[0]):
        raise OriginError(
            "Host: a server without API keys answers only to localhost, 127.0.0.1 or [::1]",
            field="Host",
        )


def check_origin(headers: Headers, settings: Settings) -> None:
    """A browser page must come from this server or from the allow-list; raises OriginError."""
    origin = headers.get("origin")
    if origin is None or origin in settings.allowed_origins:
        return
    scheme = origin.partition("://")[0].lower()
    port = _DEFAULT_PORTS.get(scheme, 0)
    page = _split(origin, port)
    if page is None or page != _split(f"//{headers.get('host', '')}", port):
        raise OriginError(
            "Origin: pages of this origin may not use the server; add it to TTM_ALLOWED_ORIGINS",
            field="Origin",
        )


def _split(url: str, default_port: int) -> tuple[str, int] | None:
    """Host name and port of a URL, or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.hostname, port or default_port


class Guard:
    """ASGI layer that refuses what :func:`check_host`, :func:`check_origin` or the key refuse."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it; a WebSocket is refused before it is accepted."""
        if scope["type"] in ("http", "websocket"):
            try:
                self._check(scope)
            except TTMError as error:
                self._metrics.rejections.labels(outcome_of(error).code).inc()
                await problem_of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        check_host(headers, self._settings)
        websocket = scope["type"] == "websocket"
        if websocket or scope["method"] not in SAFE_METHODS:
            check_origin(headers, self._settings)
        # A stream proves itself in its first message: browsers cannot set a WebSocket's headers.
        protected = not websocket and scope["path"].startswith(PROTECTED_PREFIX)
        if protected and self._settings.api_keys and key_of(headers, self._settings) is None:
            raise AuthError(
                "Authorization: send 'Bearer <api key>' with one of the server's keys",
                field="Authorization",
            )
