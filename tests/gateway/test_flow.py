"""Flow control and neighbours that misbehave: stalled workers, slow readers, a store that dies."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from starlette.types import Message
from starlette.websockets import WebSocket

from both_sides import Store
from gateway.harness import QUICK, Client, FakeWorker, Served, serving
from servers import make_server as redis_at
from ttm_protocol.messages import DEFAULT_LIMITS
from ttm_server.config import Settings
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.runtime import Gateway
from ttm_server.gateway.session_stream import SessionStream, credits_for
from ttm_server.store import EmbeddedServer


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


@pytest.mark.parametrize(
    ("durable", "applied", "credits"),
    [(0, 0, 4), (4, 0, 4), (5, 0, 3), (107, 100, 1), (8, 0, 0), (9, 0, 0)],
)
def test_credits_shrink_as_the_backlog_nears_the_capacity(
    durable: int, applied: int, credits: int
) -> None:
    assert credits_for(4, 8, durable, applied) == credits


async def fill(client: Client) -> int:
    """Send as the credits allow until they are 0; the last seq."""
    seq, durable, credits = 0, 0, client.seen[0]["credits"]
    while credits:
        while seq - durable < credits:
            seq += 1
            await client.send(seq)
        message = await client.recv()
        assert message["type"] != "error"
        durable = message.get("durable", durable)
        credits = message.get("credits", credits)
    return seq


async def test_a_stalled_worker_stops_the_client_and_nothing_is_lost(gateway: Served) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        worker.go.clear()
        async with gateway.stream(session) as client:
            last = await fill(client)
            assert last >= 8
            pong = await client.socket.ping()  # still answered
            await asyncio.wait_for(pong, 5)
            worker.go.set()
            while (await client.expect("flow"))["credits"] == 0:
                pass
            await client.send(last + 1)
            await client.expect("ack", applied=last + 1)
            await client.end()
            assert await client.closed() == (1000, None)


async def test_busy_chunks_are_kept_until_there_is_room(gateway: Served) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        worker.go.clear()
        async with gateway.stream(session) as client:
            for seq in range(1, 9):
                await client.send(seq)
                await client.expect("ack", durable=seq)
            for seq in (9, 10, 11):  # above the credits, and still within the queue
                await client.send(seq)
            await client.expect("flow", credits=0)
            await asyncio.wait_for(await client.socket.ping(), 5)
            worker.go.set()
            await client.expect("ack", durable=11, applied=11)


async def test_a_reconnect_to_a_full_session_gets_no_credits(gateway: Served) -> None:
    session = await gateway.session()
    async with gateway.stream(session) as client:
        await fill(client)
    ticket = (await gateway.store.issue_ticket(session["session_id"]))[0]
    async with gateway.stream(session, ticket) as client:
        assert client.seen[0]["credits"] == 0
        next_seq = client.seen[0]["next_seq"]
        async with FakeWorker(gateway.store, session["session_id"]):
            while (await client.expect("flow"))["credits"] == 0:
                pass
            await client.send(next_seq)
            await client.end()
            assert await client.closed() == (1000, None)


async def test_a_client_that_ignores_its_credits(gateway: Served) -> None:
    async with gateway.stream() as client:
        with contextlib.suppress(websockets.ConnectionClosed):
            for seq in range(1, 40):
                await client.send(seq)
        code, error = await client.closed()
    assert code == 1013
    assert error is not None
    assert (error["code"], error["retryable"]) == ("overloaded", True)
    assert "credits" in error["message"]
    assert gateway.value("ttm_chunks_dropped_total", reason="overflow") == 1
    durable = (await gateway.store.session(client.sid)).durable_seq
    assert durable <= 8  # the session's capacity: its input is bounded, whatever a client does


class Slow:
    """A store that takes its time with every chunk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def ingest(self, *args: Any) -> Any:
        await asyncio.sleep(0.3)
        return await self._store.ingest(*args)


async def test_pongs_do_not_wait_for_the_store(
    clean_valkey: EmbeddedServer, settings: Settings
) -> None:
    async with (
        serving(clean_valkey.url, settings, wrap=Slow) as gateway,  # type: ignore[arg-type]
        gateway.stream() as client,
    ):
        for seq in (1, 2, 3, 4):
            await client.send(seq)
        await asyncio.wait_for(await client.socket.ping(), 5)
        # The pong came while at least one of four slow chunks was still on its way.
        assert (await gateway.store.session(client.sid)).durable_seq < 4
        await client.expect("ack", durable=4)


class Deaf:
    """An ASGI server whose client never reads: nothing that is sent ever gets through."""

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages

    async def receive(self) -> Message:
        if self.messages:
            return self.messages.pop(0)
        return await asyncio.Future()

    async def send(self, message: Message) -> None:
        if message["type"] != "websocket.accept":
            await asyncio.Future()


async def test_a_client_that_never_reads_is_given_up(
    clean_valkey: EmbeddedServer, settings: Settings
) -> None:
    async with await Store.connect(clean_valkey.url, settings) as store:
        sid = (await store.create_session()).session_id
        ticket, _ = await store.issue_ticket(sid)
        start = {"type": "websocket.receive", "text": f'{{"type":"start","ticket":"{ticket}"}}'}
        deaf = Deaf([{"type": "websocket.connect"}, start])
        scope = {"type": "websocket", "headers": [], "path": "/", "query_string": b""}
        websocket = WebSocket(scope, deaf.receive, deaf.send)
        await websocket.accept()
        gateway = Gateway(store, settings, DEFAULT_LIMITS, QUICK, Metrics())
        async with asyncio.timeout(10):
            await SessionStream(gateway, websocket, sid).run()
        assert (await store.session(sid)).status == "idle"


async def test_a_socket_that_is_never_read_is_dropped(
    clean_valkey: EmbeddedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttm_server.gateway.sockets.ABORT_AFTER_S", 0.5)
    async with serving(clean_valkey.url, settings) as gateway:
        session = await gateway.session()
        async with FakeWorker(gateway.store, session["session_id"]) as worker:
            worker.label = "x" * 200_000  # several MB of events: more than any socket buffers
            with socket.socket() as plain:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                plain.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(plain, ("127.0.0.1", gateway.port))
                async with gateway.open(session["session_id"], sock=plain, max_queue=1) as raw:
                    client = Client(raw, session["session_id"])
                    await client.start(session["ticket"])
                    raw.transport.pause_reading()
                    async with asyncio.timeout(30):
                        seq, until_s = 0, time.monotonic() + 20
                        while gateway.value("ttm_sessions_active"):
                            assert time.monotonic() < until_s
                            if seq < 60:
                                seq += 1
                                with contextlib.suppress(websockets.ConnectionClosed):
                                    await asyncio.wait_for(client.send(seq), 1)
                            await asyncio.sleep(0.05)
                        while gateway.server.server_state.connections:
                            assert time.monotonic() < until_s
                            await gateway.http.aclose()
                            await asyncio.sleep(0.05)
                    raw.transport.abort()
    assert gateway.value("ttm_ws_closes_total", code="1006") == 1


async def test_the_store_dies_in_mid_stream(tmp_path: Path, settings: Settings) -> None:
    with redis_at("valkey", tmp_path / "own") as server:
        async with serving(server.url, settings) as gateway, gateway.stream() as client:
            await client.send(1)
            await client.expect("ack", durable=1)
            server.kill()
            await client.send(2)
            code, error = await client.closed()
            assert code == 1013
            assert error is not None
            assert (error["code"], error["retryable"]) == ("store_unavailable", True)
            assert (await gateway.http.get("/healthz")).status_code == 200
            response = await gateway.http.get("/readyz")
            assert response.status_code == 503
            assert response.json()["code"] == "store_unavailable"
            assert (await gateway.http.post("/v1/sessions")).status_code == 503


async def test_a_client_that_vanishes_leaves_nothing_behind(gateway: Served) -> None:
    for _ in range(5):
        async with gateway.stream() as client:
            await client.send(1)
            client.socket.transport.abort()
    async with asyncio.timeout(5):
        while gateway.value("ttm_sessions_active"):
            await asyncio.sleep(0.02)
    assert (await gateway.store.session(client.sid)).status == "idle"
    names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
    assert not [name for name in names if name.startswith("SessionStream")]
