"""Streams that break a rule: the error names field and limit, and the neighbour streams on."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import websockets

from gateway.harness import START_QUICK, Client, Served, chunk, first, png, serving
from ttm_protocol.messages import Gap
from ttm_server.config import Settings
from ttm_server.connection import MediaBytes, ServerConnection
from ttm_server.store import EmbeddedServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

JPEG = b"\xff\xd8\xff\xe0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(valkey_server: EmbeddedServer) -> AsyncIterator[Served]:
    """One gateway for the whole file: no case may harm the next."""
    async with serving(valkey_server.url, Settings(), limits=START_QUICK) as served:
        yield served


async def test_a_client_that_offers_no_subprotocol(gateway: Served) -> None:
    async with gateway.stream(subprotocols=None) as client:
        assert client.socket.subprotocol is None


async def test_a_client_that_offers_another_subprotocol(gateway: Served) -> None:
    session = await gateway.session()
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with gateway.open(session["session_id"], subprotocols=["ttm.v9"]):
            pass
    assert caught.value.response.status_code == 400
    assert json.loads(caught.value.response.body)["field"] == "Sec-WebSocket-Protocol"
    async with gateway.stream(session, subprotocols=["ttm.v9", "ttm.v1"]) as client:
        assert client.socket.subprotocol == "ttm.v1"


@pytest.mark.parametrize(
    ("data", "code", "error_code"),
    [
        ("", 4400, "bad_message"),
        ("nonsense", 4400, "bad_message"),
        ("[" * 8000, 4400, "bad_message"),
        ('{"type":"begin"}', 4400, "bad_message"),
        ('{"type":"start","ticket":7}', 4400, "bad_message"),
        ('{"type":"start","ticket":"' + "x" * 9000 + '"}', 1009, "too_big"),
        ('{"type":"start","media":"film"}', 4400, "bad_message"),
        ('{"type":"start","media":"webm"}', 4401, "unauthenticated"),
        ('{"type":"start","media":"webm","t":1e9}', 4400, "bad_message"),
        ('{"type":"start","media":"webm","t":"now"}', 4400, "bad_message"),
        ('{"type":"end"}', 1008, "policy"),
        (b"", 1008, "policy"),
        (chunk(1), 1008, "policy"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_bad_first_message(
    gateway: Served, data: str | bytes, code: int, error_code: str
) -> None:
    session = await gateway.session()
    closed, error = await first(gateway, session["session_id"], data)
    assert closed == code
    assert error is not None
    assert error["code"] == error_code


async def test_no_start(gateway: Served) -> None:
    session = await gateway.session()
    async with gateway.open(session["session_id"]) as socket:
        code, error = await Client(socket, "").closed()
    assert code == 4408
    assert error is not None
    assert error["code"] == "start_timeout"
    assert "0.4 seconds" in error["message"]


def packed(**changes: Any) -> bytes:
    fields = {"seq": 1, "t": 0.0, "d": 0.5, "video": [], "audio": None} | changes
    return msgspec.msgpack.encode(fields)


BAD_MESSAGES: list[tuple[str, str | bytes, int, list[str]]] = [
    ("a hole", chunk(3), 4400, ["seq", "expected 1", "got 3"]),
    ("seq 0", packed(seq=0), 4400, ["seq: 0"]),
    ("odd PCM", packed(audio=b"abc"), 4400, ["audio", "3 bytes", "16-bit"]),
    ("too much sound", packed(audio=bytes(20000)), 1009, ["audio", "0.600 s"]),
    ("t NaN", packed(t=math.nan), 4400, ["t: nan"]),
    ("t infinite", packed(t=math.inf), 4400, ["t: inf"]),
    ("d NaN", packed(d=math.nan), 4400, ["d: nan", "0.1..2.0"]),
    ("d too long", packed(d=3.0), 4400, ["d: 3.0", "0.1..2.0"]),
    ("five pictures", packed(video=[{"t": 0.0, "data": JPEG}] * 5), 4400, ["5 pictures", "most 4"]),
    ("not a picture", packed(video=[{"t": 0.0, "data": b"GIF89a"}]), 4400, ["video[0].data"]),
    (
        "a picture of too many bytes",
        packed(video=[{"t": 0.0, "data": JPEG + bytes(524288)}]),
        1009,
        ["video[0].data", "524292 bytes", "at most 524288"],
    ),
    (
        "a picture of too many pixels",
        packed(video=[{"t": 0.0, "data": png(8, 8)}, {"t": 0.0, "data": png(5000, 2)}]),
        4400,
        ["video[1].data", "5000 x 2 px", "4096"],
    ),
    ("a picture without a size", packed(video=[{"t": 0.0, "data": JPEG}]), 4400, ["video[0].data"]),
    ("gap backwards", chunk(1, gap=Gap(2.0, 1.0, "x")), 4400, ["gap"]),
    ("not MessagePack", b"\xc1", 4400, ["chunk"]),
    ("empty", b"", 4400, ["chunk"]),
    ("deep nesting", b"\x91" * 100_000, 4400, ["chunk"]),
    ("an oversize message", bytes(4 * 1024 * 1024 + 1), 1009, ["4194305 bytes", "4194304"]),
    ("a second start", '{"type":"start","ticket":"x"}', 1008, ["already"]),
    ("text that is no message", "hello", 4400, ["text message"]),
]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [case[1:] for case in BAD_MESSAGES],
    ids=[case[0] for case in BAD_MESSAGES],
)
async def test_a_bad_message(
    gateway: Served, data: str | bytes, code: int, words: list[str]
) -> None:
    async with gateway.stream() as client, gateway.stream() as neighbour:
        await client.socket.send(data)
        closed, error = await client.closed()
        assert closed == code
        assert error is not None
        for word in words:
            assert word in error["message"]
        await neighbour.send(1)
        await neighbour.expect("ack", durable=1)


async def test_a_message_far_above_the_limit(gateway: Served) -> None:
    """Closed by the frame's header, before its bytes are kept; `error` may not get through."""
    async with gateway.stream() as client, gateway.stream() as neighbour:
        with contextlib.suppress(websockets.ConnectionClosed):
            await client.socket.send(bytes(8 * 1024 * 1024))
        assert (await client.closed())[0] in (1006, 1009)
        await neighbour.send(1)
        await neighbour.expect("ack", durable=1)


async def test_media_of_a_kind_that_nobody_takes_is_an_error_and_not_lost_in_silence(
    gateway: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Only a bug of ours can bring it about: here, of the state machine."""
    async with gateway.stream() as client:
        monkeypatch.setattr(ServerConnection, "receive", lambda self, data: MediaBytes(data))
        await client.send(1)
        code, error = await client.closed()
    assert error is not None
    assert (code, error["code"]) == (1008, "error")
    assert "reference" in error["message"]
    assert "unexpected AssertionError" in caplog.text
