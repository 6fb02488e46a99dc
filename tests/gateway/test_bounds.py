"""Every bound of a connection, reached over real sockets: time, bytes, pings, fragments, number."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets
from pydantic import SecretStr
from websockets.frames import Frame, Opcode

from gateway.harness import START_QUICK, Client, FakeWorker, Served, chunk, serving
from gateway.proxy import Proxy
from gateway.test_memory import state
from ttm_server.config import Settings
from ttm_server.gateway.runtime import Timing
from ttm_server.gateway.sockets import RequestProtocol, StreamProtocol
from ttm_server.store import EmbeddedServer
from ttm_server.store.ingest import EVENTS_PER_LOOK

SOCKET_BYTES = 256 * 1024  # what asyncio reads at once
HIGH_WATER = 64 * 1024


@pytest.fixture
def quick_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttm_server.gateway.server.PING_EVERY_S", 0.2)
    monkeypatch.setattr("ttm_server.gateway.server.PONG_WITHIN_S", 0.6)
    monkeypatch.setattr("ttm_server.gateway.sockets.ABORT_AFTER_S", 0.3)
    monkeypatch.setattr("ttm_server.gateway.sockets.HEADERS_WITHIN_S", 0.4)
    monkeypatch.setattr("ttm_server.gateway.sockets.STUCK_S", 2.0)


@pytest.fixture
async def gateway(
    quick_pings: None, clean_valkey: EmbeddedServer, settings: Settings
) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


@pytest.fixture
async def patient(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    """One that waits for pongs as long as it does outside of tests."""
    async with serving(clean_valkey.url, settings) as served:
        yield served


async def until_none(gateway: Served, kind: type) -> None:
    """Wait until the server has no connection of this kind any more."""
    async with asyncio.timeout(20):
        while any(isinstance(c, kind) for c in gateway.server.server_state.connections):
            await asyncio.sleep(0.02)


def stream_of(gateway: Served) -> Any:
    (one,) = (c for c in gateway.server.server_state.connections if isinstance(c, StreamProtocol))
    return one


class RawStream:
    """A WebSocket client that does only what it is told: it answers no ping and reads nothing."""

    def __init__(self, gateway: Served) -> None:
        self._gateway = gateway
        self._loop = asyncio.get_running_loop()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)

    async def __aenter__(self) -> RawStream:
        session = await self._gateway.session()
        self.sid = session["session_id"]
        await self._loop.sock_connect(self.socket, ("127.0.0.1", self._gateway.port))
        await self.raw(
            f"GET /v1/sessions/{self.sid}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += await self._loop.sock_recv(self.socket, 1)
        assert b" 101 " in answer
        start = {"type": "start", "ticket": session["ticket"]}
        await self.frame(Opcode.TEXT, json.dumps(start).encode())
        while b'"ack"' not in answer:  # the second message, after `ready`
            answer += await self._loop.sock_recv(self.socket, 1)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.socket.close()

    async def raw(self, data: bytes) -> None:
        async with asyncio.timeout(20):
            await self._loop.sock_sendall(self.socket, data)

    async def frame(self, opcode: Opcode, data: bytes, fin: bool = True) -> None:
        await self.raw(Frame(opcode, data, fin).serialize(mask=True))


async def test_a_slow_worker_never_makes_a_healthy_socket_time_out(gateway: Served) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        worker.go.clear()
        async with gateway.stream(session, ping_interval=0.2, ping_timeout=0.6) as client:
            for seq in range(1, 9):
                await client.send(seq)
                await client.expect("ack", durable=seq)
            assert client.seen[-1]["type"] == "flow" or await client.expect("flow", credits=0)
            for _ in range(10):  # many times what either side waits for a pong
                await asyncio.wait_for(await client.socket.ping(), 10)
                await asyncio.sleep(0.2)
            worker.go.set()
            while (await client.expect("flow"))["credits"] == 0:
                pass
            await client.send(9)
            await client.end()
            assert await client.closed() == (1000, None)


async def test_a_client_that_is_gone_without_a_word_is_noticed(gateway: Served) -> None:
    async with Proxy(gateway.port) as proxy:
        session = await gateway.session()
        url = f"ws://127.0.0.1:{proxy.port}/v1/sessions/{session['session_id']}/stream"
        async with websockets.connect(url, proxy=None, ping_interval=None, close_timeout=0.1) as ws:
            client = Client(ws, session["session_id"])
            await client.start(session["ticket"])
            await client.send(1)
            await client.expect("ack", durable=1)
            proxy.freeze()
            await until_none(gateway, StreamProtocol)
            async with asyncio.timeout(20):
                while gateway.value("ttm_sessions_active"):
                    await asyncio.sleep(0.02)
            assert (await gateway.store.session(client.sid)).status == "idle"
            proxy.cut()


async def test_connections_that_ask_nothing_are_closed(gateway: Served) -> None:
    """Silent, half a header, and half a second header: each is let go, others are served."""
    loop = asyncio.get_running_loop()
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    beginnings = (b"", b"GET /healthz HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n", whole + b"G")
    sockets = []
    for beginning in beginnings:
        plain = socket.socket()
        plain.setblocking(False)
        await loop.sock_connect(plain, ("127.0.0.1", gateway.port))
        await loop.sock_sendall(plain, beginning)
        sockets.append(plain)
    async with asyncio.timeout(20):
        for plain in sockets:
            with contextlib.suppress(ConnectionResetError):
                while await loop.sock_recv(plain, 4096):
                    pass
            plain.close()
    assert (await gateway.http.get("/healthz")).status_code == 200


async def test_a_response_that_nobody_reads_is_let_go(gateway: Served) -> None:
    memory = bytes(6 * 1024 * 1024)
    sid = (await gateway.store.create_session(state(memory=memory))).session_id
    loop = asyncio.get_running_loop()
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.setblocking(False)
        await loop.sock_connect(plain, ("127.0.0.1", gateway.port))
        request = f"GET /v1/sessions/{sid}/memory HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        await loop.sock_sendall(plain, request.encode())
        await gateway.http.aclose()  # its kept connection is one of that kind as well
        await until_none(gateway, RequestProtocol)
    async with Proxy(gateway.port) as proxy:  # slowly is not never
        proxy.slow(64 * 1024, 0.01)
        async with httpx.AsyncClient(base_url=proxy.base, timeout=20, trust_env=False) as http:
            response = await http.get(f"/v1/sessions/{sid}/memory")
    assert len(response.content) > len(memory)


async def test_a_slow_sender_is_served_byte_by_byte(gateway: Served) -> None:
    async with Proxy(gateway.port) as proxy:
        session = await gateway.session()
        url = f"ws://127.0.0.1:{proxy.port}/v1/sessions/{session['session_id']}/stream"
        async with websockets.connect(url, proxy=None) as ws, gateway.stream() as neighbour:
            client = Client(ws, session["session_id"])
            await client.start(session["ticket"])
            proxy.slow(1, 0.001)
            await client.send(1)
            await neighbour.send(1)
            await neighbour.expect("ack", durable=1)
            await client.expect("ack", durable=1)


async def test_a_start_that_takes_too_long(clean_valkey: EmbeddedServer) -> None:
    async with (
        serving(clean_valkey.url, Settings(), limits=START_QUICK) as gateway,
        Proxy(gateway.port) as proxy,
    ):
        session = await gateway.session()
        url = f"ws://127.0.0.1:{proxy.port}/v1/sessions/{session['session_id']}/stream"
        async with websockets.connect(url, proxy=None, close_timeout=0.1) as ws:
            proxy.slow(1, 0.05)
            start = json.dumps({"type": "start", "ticket": session["ticket"]})
            with contextlib.suppress(websockets.ConnectionClosed):
                await ws.send(start)
            async with asyncio.timeout(20):
                while not gateway.value("ttm_ws_closes_total", code="4408"):
                    await asyncio.sleep(0.02)
            proxy.cut()


async def test_many_fragments_weigh_what_they_hold(patient: Served) -> None:
    data = chunk(1, audio=b"\0\0" * 8000)
    async with RawStream(patient) as client:
        one = stream_of(patient)
        pieces = [data[place : place + 1] for place in range(len(data))]
        frames = [Frame(Opcode.BINARY, pieces[0], False)]
        frames += [Frame(Opcode.CONT, piece, False) for piece in pieces[1:]]
        frames += [Frame(Opcode.CONT, b"", False)] * 5000
        await client.raw(b"".join(frame.serialize(mask=True) for frame in frames))
        async with asyncio.timeout(20):
            while sum(map(len, one.frames)) < len(data):
                await asyncio.sleep(0.02)
        assert len(one.frames) == 1
        await client.frame(Opcode.CONT, b"")
        async with asyncio.timeout(20):
            while (await patient.store.session(client.sid)).durable_seq < 1:
                await asyncio.sleep(0.02)


async def test_pings_of_a_client_that_reads_nothing_are_not_hoarded(patient: Served) -> None:
    """Each ping asks for a pong: without a bound they would pile up for as long as it sends."""
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
    seen = []
    async with RawStream(patient) as client:
        one = stream_of(patient)

        async def look() -> None:
            while True:
                seen.append(one.transport.get_write_buffer_size())
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                for _ in range(400):  # 21 MB, far more than the sockets' own buffers
                    await client.raw(ping * 400)
        looking.cancel()
        assert one.read_paused is False  # it is not for a message that it reads no more
    assert max(seen) > HIGH_WATER  # the case was reached
    assert max(seen) <= HIGH_WATER + SOCKET_BYTES


async def test_a_flood_of_small_messages_ends_in_one_error(gateway: Served) -> None:
    async with RawStream(gateway) as client, gateway.stream() as neighbour:
        with contextlib.suppress(ConnectionError):
            await client.raw(Frame(Opcode.BINARY, b"").serialize(mask=True) * 40_000)
        await neighbour.send(1)
        await neighbour.expect("ack", durable=1)
        await neighbour.socket.close()
        await until_none(gateway, StreamProtocol)
    assert gateway.value("ttm_chunks_dropped_total", reason="invalid") == 1


async def test_a_frame_that_announces_more_than_any_memory(gateway: Served) -> None:
    async with RawStream(gateway) as client:
        await client.raw(struct.pack("!BBQ", 0x82, 0xFF, 2**62) + b"mask" + b"x" * 1000)
        await until_none(gateway, StreamProtocol)
    assert gateway.value("ttm_ws_closes_total", code="1009") == 1


async def test_what_waits_for_a_slow_reader_is_bounded(
    clean_valkey: EmbeddedServer, settings: Settings
) -> None:
    """Megabytes of events while the client does not read; then it reads on and is up to date."""
    count, label = 250, "x" * 20_000
    timing = Timing(send_timeout_s=60, drain_s=0.1, poll_s=0.1)
    more = settings.model_copy(update={"events_capacity": 512})
    async with serving(clean_valkey.url, more, timing=timing) as gateway:
        session = await gateway.session()
        sid = session["session_id"]
        async with (
            FakeWorker(gateway.store, sid) as worker,
            gateway.stream(session, max_queue=None) as client,
        ):
            worker.label = label
            client.socket.transport.pause_reading()
            (stream,) = gateway.server._gateway._streams
            protocol = stream_of(gateway)

            async def send_all() -> None:
                for seq in range(1, count + 1):
                    await client.send(seq)
                    while (await gateway.store.session(sid)).applied_seq < seq:
                        await asyncio.sleep(0.01)

            sending = asyncio.create_task(send_all())
            async with asyncio.timeout(30):
                while protocol.writable.is_set():
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)  # nothing more piles up: it is not read from either
            assert not sending.done()
            assert len(stream._connection._queue) <= EVENTS_PER_LOOK + 2
            assert protocol.transport.get_write_buffer_size() <= HIGH_WATER + len(label) + 1000
            client.socket.transport.resume_reading()
            await sending
            await client.expect("ack", applied=count)
            await client.end()
            assert await client.closed() == (1000, None)
    events = [message["seq"] for message in client.seen if message["type"] == "event"]
    assert events == list(range(1, count + 1))  # none was dropped: the store still had them all


# --- how many streams a client may have ----------------------------------------------------------


async def refused(gateway: Served, session: dict[str, Any], **options: Any) -> None:
    async with gateway.open(session["session_id"], **options) as ws:
        code, error = await Client(ws, session["session_id"]).closed()
    assert code == 4429
    assert error is not None
    assert (error["code"], error["retryable"]) == ("rate_limited", True)
    assert "2 of this client" in error["message"]


async def test_so_many_streams_of_one_address(
    clean_valkey: EmbeddedServer, settings: Settings
) -> None:
    few = settings.model_copy(update={"connections_per_client": 2})
    async with serving(clean_valkey.url, few) as gateway:
        one, other, third = [await gateway.session() for _ in range(3)]
        async with gateway.stream(one) as first:
            async with gateway.stream(other):
                await refused(gateway, third)
                ticket = (await gateway.store.issue_ticket(one["session_id"]))[0]
                async with gateway.stream(one, ticket) as again:  # at the limit, the newer wins
                    assert (await first.closed())[0] == 4409
                    await again.send(1)
                    await again.expect("ack", durable=1)
            async with asyncio.timeout(20):
                while gateway.value("ttm_sessions_active"):
                    await asyncio.sleep(0.02)
            async with gateway.stream(third):  # room again; the refused ticket was not used up
                pass
        assert gateway.value("ttm_admission_rejections_total", reason="rate_limited") == 1
        async with asyncio.timeout(20):
            while gateway.value("ttm_sessions_active"):
                await asyncio.sleep(0.02)
        admission = gateway.server._gateway.admission
        assert not admission._open
        assert not admission._sessions


async def test_so_many_streams_of_one_key(clean_valkey: EmbeddedServer, settings: Settings) -> None:
    """A key's streams are counted together, whether they show the key or a ticket asked with it."""
    keys = (SecretStr("key-a"), SecretStr("key-b"))
    few = settings.model_copy(update={"connections_per_client": 2, "api_keys": keys})
    bearer = {name: {"Authorization": f"Bearer key-{name}"} for name in "ab"}
    async with serving(clean_valkey.url, few, headers=bearer["a"]) as gateway:
        mine = [await gateway.session() for _ in range(3)]
        async with httpx.AsyncClient(
            base_url=gateway.base, headers=bearer["b"], trust_env=False
        ) as http:
            theirs = dict((await http.post("/v1/sessions")).json())
        async with (
            gateway.stream(mine[0]),
            gateway.stream(mine[1], additional_headers=bearer["a"]),
        ):
            await refused(gateway, mine[2], additional_headers=bearer["a"])
            async with gateway.stream(theirs):  # from the same address, with another key
                pass
            async with gateway.open(mine[2]["session_id"]) as ws:
                client = Client(ws, mine[2]["session_id"])
                with pytest.raises(AssertionError, match="rate_limited"):
                    await client.start(mine[2]["ticket"])
        plain, _, tag = theirs["ticket"].partition(".")
        assert tag
        fresh = await gateway.session()
        for forged in (f"{fresh['ticket']}x", f"{fresh['ticket'].partition('.')[0]}.{tag}"):
            async with gateway.open(fresh["session_id"]) as ws:
                client = Client(ws, fresh["session_id"])
                await ws.send(json.dumps({"type": "start", "ticket": forged}))
                assert (await client.closed())[0] == 4401
        assert "key-a" not in plain + tag


def test_the_settings_say_how_long_to_wait() -> None:
    timing = Timing.of(Settings(send_timeout_s=3, drain_s=7))
    assert (timing.send_timeout_s, timing.drain_s) == (3, 7)
