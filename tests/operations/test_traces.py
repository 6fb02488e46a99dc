"""Traces: a real OTLP receiver, two processes, one trace; and nothing at all where they are off."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from gateway.harness import Client
from operations.stack import processes
from ttm_protocol.errors import ConfigError
from ttm_server import tracing
from ttm_server.store import EmbeddedServer

QUESTION = "where is the Chrysanthemum"
CHUNKS = 40
SERVER_KIND = 2


@dataclass
class Receiver:
    """Takes OTLP over HTTP: spans by service, and the bytes that came."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[tuple[str, Any]]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    found += [(names["service.name"], span) for span in scope.spans]
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            found.bodies.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


async def test_one_trace_covers_a_question_s_way(
    clean_valkey: EmbeddedServer, tmp_path: Path, receiver: Receiver
) -> None:
    variables = {"TTM_OTLP_ENDPOINT": receiver.url, "TTM_LOG_FORMAT": "json"}
    async with processes(tmp_path, clean_valkey.url, **variables) as running:
        async with httpx.AsyncClient(base_url=running.base, trust_env=False) as http:
            session = (await http.post("/v1/sessions")).json()
            sid = session["session_id"]
            async with websockets.connect(session["stream_url"], proxy=None) as socket:
                client = Client(socket, sid)
                await client.start(session["ticket"])
                for seq in range(1, CHUNKS + 1):
                    await client.send(seq)
                    await client.expect("ack", durable=seq)
                await client.end()
                await client.closed()
            path = f"/v1/sessions/{sid}/questions"
            assert (await http.post(path, json={"question": QUESTION})).status_code == 200
            await http.get("/metrics")
        assert await running.stop() == {"gateway": 0, "worker": 0}

    spans = receiver.spans()
    named = Counter((service, span.name) for service, span in spans)
    gateway = {name: count for (service, name), count in named.items() if "gateway" in service}
    assert gateway == {
        "POST /v1/sessions": 1,
        "POST /v1/sessions/{session_id}/questions": 1,
        "ask question": 1,
        "open stream": 1,
        "close stream": 1,
    }
    worker = {name: count for (service, name), count in named.items() if "worker" in service}
    assert set(worker) == {"step", "commit", "answer question"}
    assert 1 <= worker["step"] <= CHUNKS
    assert 1 <= worker["commit"] <= worker["step"]

    (request,) = [span for _, span in spans if span.name.endswith("/questions")]
    (ask,) = [span for _, span in spans if span.name == "ask question"]
    (answer,) = [span for _, span in spans if span.name == "answer question"]
    assert request.kind == SERVER_KIND
    assert not request.parent_span_id
    assert (ask.trace_id, ask.parent_span_id) == (request.trace_id, request.span_id)
    assert (answer.trace_id, answer.parent_span_id) == (request.trace_id, ask.span_id)
    told = {one.key: one.value for one in request.attributes}
    assert told["status"].int_value == 200
    assert told["request_id"].string_value
    assert not any(b"Chrysanthemum" in body for body in receiver.bodies)


def test_off_nothing_of_it_is_imported() -> None:
    """By us: redis-py imports OpenTelemetry's metrics by itself wherever they are installed."""
    script = (
        "import sys, ttm_server.gateway.__main__, ttm_server.worker.running\n"
        "from ttm_server import tracing\n"
        "tracing.configure(None, 'x', 'y')\n"
        "with tracing.span('a') as span: span.set(b=1)\n"
        "assert tracing.carried() == {}\n"
        "ours = 'ttm_server.otel', 'opentelemetry.sdk.trace', 'opentelemetry.exporter'\n"
        "print([name for name in sys.modules if name.startswith(ours)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ttm_server.otel", None)
    with pytest.raises(ConfigError, match=r"pip install 'ttmserve\[otel\]'"):
        tracing.configure("http://127.0.0.1:1", "x", "y")
