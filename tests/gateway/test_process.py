"""A gateway as a process of its own: signals, exit codes and what it writes to its log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
import websockets

from both_sides import Store
from gateway.harness import Client, FakeWorker
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

KEY = "a-key-that-must-never-be-logged"
QUESTION = "Did Mrs Miller say her number?"


@dataclass
class Process:
    port: int
    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)

    def open(self, sid: str, query: str = "", **options: object) -> websockets.connect:
        url = f"ws://127.0.0.1:{self.port}/v1/sessions/{sid}/stream{query}"
        return websockets.connect(url, subprotocols=["ttm.v1"], proxy=None, **options)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def process(**variables: str) -> AsyncIterator[Process]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {key: value for key, value in os.environ.items() if not key.startswith("TTM_")}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ttm_server.gateway",
        env=own | {"TTM_PORT": str(port), "TTM_LOG_LEVEL": "debug"} | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Process(port, child)

    async def read() -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            running.log.append(line.decode())

    reader = asyncio.create_task(read())
    try:
        yield running
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        await reader


async def alive(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def test_a_whole_scenario_and_sigterm(clean_valkey: EmbeddedServer) -> None:
    """Streams, questions, wrong keys, then SIGTERM; no secret is in the log at debug level."""
    async with (
        process(TTM_REDIS_URL=clean_valkey.url, TTM_API_KEYS=KEY) as gateway,
        await Store.connect(clean_valkey.url, Settings()) as store,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{gateway.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
        ) as http,
    ):
        await alive(http)
        session = (await http.post("/v1/sessions")).json()
        sid, ticket = session["session_id"], session["ticket"]
        secrets = [KEY, ticket, QUESTION]
        async with FakeWorker(store, sid), gateway.open(sid) as socket_:
            client = Client(socket_, sid)
            await client.start(ticket)
            await client.send(1)
            await client.expect("ack", durable=1)
            for body in ({"question": QUESTION}, {"question": QUESTION * 100}, {"q": QUESTION}):
                await http.post(f"/v1/sessions/{sid}/questions", json=body)
            async with gateway.open(sid, f"?ticket={ticket}") as other:
                await other.send(json.dumps({"type": "start", "ticket": ticket}))
                assert (await Client(other, sid).closed())[0] == 4401
            await http.get("/v1/sessions", headers={"Authorization": "Bearer wrong-secret"})
            await http.get(f"/v1/sessions?ticket={ticket}")

            gateway.process.send_signal(signal.SIGTERM)
            assert (await client.expect("goaway"))["time_left_s"] == 2.0
            response = await http.get("/readyz")
            assert (response.status_code, response.json()["code"]) == (503, "restarting")
            with pytest.raises(websockets.InvalidStatus) as refused:
                await gateway.open(sid)
            assert refused.value.response.status_code == 503
            await client.send(2)  # still served while it goes away
            await client.expect("ack", durable=2)
            code, error_message = await client.closed()
            assert code == 1012
            assert error_message is not None
            assert error_message["code"] == "restarting"
        async with asyncio.timeout(15):
            assert await gateway.process.wait() == 0
    log = "".join(gateway.log)
    assert "ttm_server.gateway" in log
    for secret in (*secrets, "wrong-secret", "Traceback"):
        assert secret not in log


async def test_a_stream_that_ends_in_time_does_not_delay_the_exit(
    clean_valkey: EmbeddedServer,
) -> None:
    async with (
        process(TTM_REDIS_URL=clean_valkey.url) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", trust_env=False) as http,
    ):
        await alive(http)
        session = (await http.post("/v1/sessions")).json()
        async with gateway.open(session["session_id"]) as socket_:
            client = Client(socket_, session["session_id"])
            await client.start(session["ticket"])
            gateway.process.send_signal(signal.SIGTERM)
            await client.expect("goaway")
            await client.end()
            assert await client.closed() == (1000, None)
        async with asyncio.timeout(15):
            assert await gateway.process.wait() == 0


async def test_a_gateway_that_cannot_start_says_why() -> None:
    for variables, words in (
        ({}, "redis_url: the gateway needs"),
        ({"TTM_REDIS_URL": "redis://127.0.0.1:1"}, "the store cannot be used now"),
        ({"TTM_REDIS_URL": "redis://127.0.0.1:1", "TTM_HOST": "0.0.0.0"}, "needs TTM_API_KEYS"),
        ({"TTM_QUEUE": "7"}, "TTM_QUEUE: no such setting"),
    ):
        async with process(**variables) as gateway:
            async with asyncio.timeout(30):
                assert await gateway.process.wait() == 1
        log = "".join(gateway.log)
        assert words in log
        assert "Traceback" not in log
