"""A real gateway on a free port, a client of the protocol, and a worker made of nothing."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websockets
from PIL import Image
from websockets.asyncio.client import ClientConnection

from both_sides import Store
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk, Event, Gap, Limits, encode_chunk
from ttm_server.config import Settings
from ttm_server.gateway.app import create_app
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.problems import MEDIA_TYPE
from ttm_server.gateway.runtime import Timing
from ttm_server.gateway.server import GatewayServer, make_server
from ttm_server.store import Reply, SessionState

QUICK = Timing(send_timeout_s=1.0, poll_s=0.2, drain_s=0.3, close_s=1.0)
START_QUICK = Limits(start_timeout_s=0.4)

ANSWER: dict[str, Any] = {
    "state": "answered",
    "answer": "A bell rang once.",
    "confidence": 0.5,
    "when": None,
    "evidence": [],
    "alternatives": [],
    "as_of_s": 0.0,
    "coverage_since_s": 0.0,
    "gaps": [],
    "words_until_s": None,
}


def chunk(seq: int, **changes: Any) -> bytes:
    """Chunk `seq` of a stream of half seconds."""
    fields = {"t": (seq - 1) * 0.5, "d": 0.5, "audio": b"\0\0" * 80} | changes
    return encode_chunk(Chunk(seq=seq, **fields))


def is_problem(
    response: httpx.Response, status: int, code: str, field: str | None = None, *words: str
) -> None:
    body = response.json()
    assert response.status_code == status, body
    assert response.headers["content-type"] == MEDIA_TYPE
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:ttmserve:problem:{code}"
    assert body["title"]
    assert body.get("field") == field
    for word in words:
        assert word in body["detail"]


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


@dataclass
class Served:
    """A running gateway."""

    port: int
    store: Store
    server: GatewayServer
    metrics: Metrics
    http: httpx.AsyncClient

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def session(self) -> dict[str, Any]:
        response = await self.http.post("/v1/sessions")
        assert response.status_code == 201, response.text
        return dict(response.json())

    def open(self, sid: str, **options: Any) -> websockets.connect:
        url = f"ws://127.0.0.1:{self.port}/v1/sessions/{sid}/stream"
        options = {"subprotocols": ["ttm.v1"], "proxy": None} | options
        return websockets.connect(url, **options)

    @contextlib.asynccontextmanager
    async def stream(
        self, session: dict[str, Any] | None = None, ticket: str | None = None, **options: Any
    ) -> AsyncIterator[Client]:
        """A stream that is ready, of this session or of a new one."""
        session = session or await self.session()
        async with self.open(session["session_id"], **options) as socket_:
            client = Client(socket_, session["session_id"])
            await client.start(ticket or session["ticket"])
            yield client

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@dataclass
class Client:
    """The client's end of a stream: remembers every message."""

    socket: ClientConnection
    sid: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def start(self, ticket: str) -> dict[str, Any]:
        await self.socket.send(json.dumps({"type": "start", "ticket": ticket}))
        return await self.expect("ready")

    async def recv(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            message = json.loads(await self.socket.recv())
        self.seen.append(message)
        return dict(message)

    async def expect(self, kind: str, **values: Any) -> dict[str, Any]:
        """The next message of this type with these values; others before it are skipped."""
        while True:
            message = await self.recv()
            if message["type"] == kind and values.items() <= message.items():
                return message
            assert message["type"] != "error", message

    async def send(self, seq: int, **changes: Any) -> None:
        await self.socket.send(chunk(seq, **changes))

    async def end(self) -> None:
        await self.socket.send('{"type":"end"}')

    async def closed(self) -> tuple[int, dict[str, Any] | None]:
        """Read until the close: its code, and the `error` before it."""
        error: dict[str, Any] | None = None
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                message = await self.recv()
                error = message if message["type"] == "error" else error
        return self.socket.close_code or 0, error


@contextlib.asynccontextmanager
async def serving(
    url: str,
    settings: Settings,
    *,
    limits: Limits = DEFAULT_LIMITS,
    timing: Timing = QUICK,
    headers: dict[str, str] | None = None,
    wrap: Callable[[Store], Store] = lambda store: store,
    page: Path | None = None,
) -> AsyncIterator[Served]:
    """A gateway on a free port over the Redis server at `url`."""
    metrics = Metrics()
    async with await Store.connect(url, settings, observe=metrics.observe_redis) as store:
        app = create_app(
            wrap(store), settings, limits=limits, timing=timing, metrics=metrics, page=page
        )
        server = make_server(app, settings)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            task = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                async with asyncio.timeout(10):
                    while not server.started:
                        await asyncio.sleep(0.01)
                base = f"http://127.0.0.1:{port}"
                async with httpx.AsyncClient(
                    base_url=base, headers=headers, timeout=20, trust_env=False
                ) as http:
                    yield Served(port, store, server, metrics, http)
            finally:
                server.should_exit = True
                await task


class FakeWorker:
    """Owns one session and applies its chunks by counting them; answers every question alike."""

    def __init__(self, store: Store, sid: str) -> None:
        self.store = store
        self.sid = sid
        self.go = asyncio.Event()  # cleared: stalled
        self.go.set()
        self.label = "bell"
        self.reply: Callable[[str, dict[str, Any]], Reply] | None = None
        self.asked: list[dict[str, Any]] = []
        self.kinds: list[str] = []
        self._memory = b"memory"

    async def __aenter__(self) -> FakeWorker:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5)
        assert self._task.done()
        if not self._task.cancelled():
            self._task.result()

    async def _run(self) -> None:
        fence, applied = "", 0
        async with self.store.watch(self.sid, "in") as wake:
            while True:
                await self.go.wait()
                if not fence:
                    acquired = await self.store.acquire(self.sid, f"fake-{id(self)}", 60.0)
                    assert acquired is not None
                    fence, applied = acquired.fence, acquired.applied
                for seq, _ in await self.store.read_chunks(self.sid, applied, 1):
                    await self._commit(fence, seq)
                    applied = seq
                for ask in await self.store.pending_asks(self.sid):
                    if ask.barrier <= applied:
                        leans = ask.conversation is not None
                        self.kinds.append(ask.kind)
                        self.asked.append(ask.body | ({"before": ask.before} if leans else {}))
                        reply = (self.reply or self._answer)(ask.ask_id, ask.body)
                        context = (reply.body or {}).pop("understood", None)
                        await self.store.reply(self.sid, fence, reply, ask.conversation, context)
                await wake.wait(0.02)

    async def _commit(self, fence: str, seq: int) -> None:
        state = SessionState(
            seq=seq,
            memory=self._memory,
            media_s=seq * 0.5,
            gaps=[Gap(0.0, 0.5, "test")],
            model={"preset": "lite", "checkpoint": "fake", "schema": 1},
            shape={"tokens": 96, "dim": 256},
        )
        event = Event(
            seq=seq,
            label=self.label,
            modality="audio",
            start_s=(seq - 1) * 0.5,
            end_s=seq * 0.5,
            score=0.5,
        )
        await self.store.commit(self.sid, fence, seq - 1, seq, state, [event])

    def _answer(self, ask_id: str, body: dict[str, Any]) -> Reply:
        if "question" not in body:
            return Reply(ask_id=ask_id, body={"events": [], "coverage_since_s": 0.0})
        answer = ANSWER | {"question": body["question"], "as_of_seq": 1}
        return Reply(ask_id=ask_id, body=answer)


async def first(gateway: Served, sid: str, data: str | bytes) -> tuple[int, dict[str, Any] | None]:
    async with gateway.open(sid) as socket:
        await socket.send(data)
        return await Client(socket, sid).closed()
