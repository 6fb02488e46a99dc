"""A worker's small HTTP port: `/healthz`, `/readyz` and `/metrics`. Knows no session.

Served by threads of its own, so that probes are answered while the model loads or a step is long.
That a worker hangs, its watchdog notices; it ends the process then.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from ttm_protocol.errors import ConfigError

TIMEOUT_S = 5.0  # for a client that sends or reads nothing


def serve_probes(
    host: str, port: int, registry: CollectorRegistry, waits_for: Callable[[], list[str]]
) -> ThreadingHTTPServer:
    """Listen from now on until the process ends; raises ConfigError where that cannot be."""

    def health() -> tuple[int, str, bytes]:
        return HTTPStatus.OK, "application/json", b'{"status":"ok"}'

    def ready() -> tuple[int, str, bytes]:
        missing = waits_for()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        told: dict[str, Any] = {"status": "waiting" if missing else "ready"}
        told |= {"waiting_for": missing} if missing else {}
        return status, "application/json", json.dumps(told).encode()

    def metrics() -> tuple[int, str, bytes]:
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)

    pages = {"/healthz": health, "/readyz": ready, "/metrics": metrics}

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, kind, body = (
                (HTTPStatus.NOT_FOUND, "text/plain", b"/healthz /readyz /metrics\n")
                if page is None
                else page()
            )
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes come every few seconds: nothing to log."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise ConfigError(
            f"worker_metrics_port: cannot listen on {host}:{port} ({error.strerror})",
            field="worker_metrics_port",
        ) from None
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
