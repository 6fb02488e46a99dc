"""Export, import and fork over REST: the bytes come back exactly, what does not fit is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from safetensors.numpy import load

from both_sides import Store
from gateway.harness import FakeWorker, Served, is_problem, serving
from store.folding import session_with
from store.folding import state as folded
from ttm_client import Client
from ttm_protocol.errors import StateIncompatible
from ttm_protocol.messages import Gap
from ttm_server.config import Settings
from ttm_server.gateway.body import FILES_AT_ONCE, PICTURES_AT_ONCE, BodyLimit
from ttm_server.gateway.metrics import Metrics
from ttm_server.store import (
    EmbeddedServer,
    ModelAnnounced,
    SessionState,
    WorkerBeat,
    fingerprint,
    memory_file,
)

MEMORY = b"memory"  # what the fake worker commits
MODEL = {"preset": "lite", "checkpoint": "fake", "schema": 1}
FILE_TYPE = {"Content-Type": memory_file.MEDIA_TYPE}


def announced(memory: bytes = MEMORY, **model: Any) -> ModelAnnounced:
    return ModelAnnounced(
        model=MODEL | model,
        memory={"tokens": 96, "dim": 256, "bytes": len(memory)},
        fingerprint=fingerprint(memory),
    )


def state(**changes: Any) -> SessionState:
    fields: dict[str, Any] = {
        "seq": 7,
        "memory": MEMORY,
        "media_s": 0.1 + 0.2,
        "gaps": [Gap(0.0, 0.5, "tëst")],
        "model": MODEL,
        "shape": {"tokens": 96},
    }
    return SessionState(**(fields | changes))


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


async def with_chunks(gateway: Served, count: int) -> str:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]), gateway.stream(session) as client:
        for seq in range(1, count + 1):
            await client.send(seq)
        await client.end()
        assert await client.closed() == (1000, None)
    return str(session["session_id"])


async def test_what_was_open_at_the_end_is_in_an_export_and_a_fork(gateway: Served) -> None:
    """Whoever streamed, ended and exports at once gets the last words, as who asks does."""
    store = gateway.store
    sid, connection = await session_with(store, 3)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 3, folded(3), [])
    await store.close_stream(sid, connection, ended=True)
    asked = (
        gateway.http.get(f"/v1/sessions/{sid}/memory"),
        gateway.http.post(f"/v1/sessions/{sid}/fork"),
    )
    alone = [response.status_code for response in await asyncio.gather(*asked)]
    assert alone == [200, 201]  # no worker lives that could take it in
    await store.beat(WorkerBeat(worker_id="me", state="ready", since=0.0))
    exporting = asyncio.create_task(gateway.http.get(f"/v1/sessions/{sid}/memory"))
    forking = asyncio.create_task(gateway.http.post(f"/v1/sessions/{sid}/fork"))
    await asyncio.wait([exporting, forking], timeout=0.3)
    assert not exporting.done()
    assert not forking.done()
    await store.flush(sid, owned.fence, 3, folded(3, b"with the last words"), [], "-inf")
    assert load((await exporting).content)["memory"].tobytes() == b"with the last words"
    copy = await store.read_state((await forking).json()["session_id"])
    assert copy is not None
    assert copy.memory == b"with the last words"


async def test_an_exported_memory_says_what_it_is(gateway: Served) -> None:
    sid = await with_chunks(gateway, 3)
    response = await gateway.http.get(f"/v1/sessions/{sid}/memory")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/vnd.safetensors"
    assert response.headers["ttm-as-of-seq"] == "3"
    assert f"{sid}-3.safetensors" in response.headers["content-disposition"]
    assert load(response.content)["memory"].tobytes() == MEMORY  # any safetensors reader reads it
    length = int.from_bytes(response.content[:8], "little")
    metadata = json.loads(response.content[8 : 8 + length])["__metadata__"]
    assert (metadata["format"], metadata["schema"], metadata["seq"]) == (
        "ttmserve-memory/1",
        "1",
        "3",
    )
    assert json.loads(metadata["gaps"]) == [{"t0": 0.0, "t1": 0.5, "reason": "test"}]
    tag = {"If-None-Match": response.headers["etag"]}
    again = await gateway.http.get(f"/v1/sessions/{sid}/memory", headers=tag)
    assert (again.status_code, again.content) == (304, b"")


async def test_a_memory_goes_to_another_server_and_on_from_there(
    gateway: Served, own_server: EmbeddedServer, settings: Settings
) -> None:
    sid = await with_chunks(gateway, 3)
    before = await gateway.store.read_state(sid)
    assert before is not None
    async with Client(gateway.base) as client:
        data = await client.export_memory(sid)
    async with serving(own_server.url, settings) as elsewhere, Client(elsewhere.base) as client:
        await elsewhere.store.announce_model(announced())
        other = (await client.create_session())["session_id"]
        told = await client.import_memory(other, data)
        assert (told["media_s"], told["gaps"]) == (1.5, [{"t0": 0.0, "t1": 0.5, "reason": "test"}])
        assert (told["durable_seq"], told["applied_seq"], told["memory"]["bytes"]) == (0, 0, 6)
        after = await elsewhere.store.read_state(other)
        assert after is not None
        assert (after.memory, after.media_s, after.gaps) == (
            before.memory,
            before.media_s,
            before.gaps,
        )
        async with (
            FakeWorker(elsewhere.store, other),
            elsewhere.stream({"session_id": other}, ticket=await client.ticket(other)) as stream,
        ):
            assert stream.seen[0]["next_seq"] == 1
            await stream.send(1, t=2.0)
            await stream.expect("ack", applied=1)


async def test_an_import_fences_the_owner_and_keeps_the_positions(gateway: Served) -> None:
    sid = (await gateway.store.create_session(state(seq=2, media_s=1.0))).session_id
    await gateway.store.announce_model(announced())
    owned = await gateway.store.acquire(sid, "worker", 30.0)
    assert owned is not None
    response = await gateway.http.put(
        f"/v1/sessions/{sid}/memory", content=memory_file.pack(state()), headers=FILE_TYPE
    )
    assert response.status_code == 200
    told = response.json()
    assert (told["durable_seq"], told["applied_seq"], told["media_s"]) == (2, 2, 0.1 + 0.2)
    assert not await gateway.store.renew(sid, owned.fence, 30.0)


async def test_a_fork_is_a_session_of_its_own(gateway: Served) -> None:
    sid = await with_chunks(gateway, 3)
    async with Client(gateway.base) as client:
        fork = await client.fork(sid)
    assert set(fork) == {"session_id", "ticket", "ticket_expires_s", "stream_url"}
    other = fork["session_id"]
    assert fork["stream_url"].endswith(f"/v1/sessions/{other}/stream")
    async with FakeWorker(gateway.store, other), gateway.stream(fork) as stream:
        assert stream.seen[0]["next_seq"] == 4
        await stream.send(4)
        await stream.expect("ack", applied=4)
    await gateway.http.delete(f"/v1/sessions/{sid}")
    assert (await gateway.store.session(other)).applied_seq == 4
    assert (await gateway.http.post(f"/v1/sessions/{sid}/fork")).status_code == 404


async def test_a_memory_that_was_moved_is_read_where_it_lies(
    clean_valkey: EmbeddedServer, settings: Settings, tmp_path: Path
) -> None:
    tier, aside = tmp_path / "tier", tmp_path / "aside"
    settings = settings.model_copy(update={"tier_url": tier.as_uri(), "lease_ttl_s": 20.0})
    async with serving(clean_valkey.url, settings) as gateway:
        sid = await with_chunks(gateway, 3)
        await gateway.store.replace_state(sid, state())  # nobody owns it any more
        exported = await gateway.http.get(f"/v1/sessions/{sid}/memory")
        opened = await gateway.store.open_stream(sid)  # so that no end waits for a real worker
        await gateway.store.close_stream(sid, opened.connection, ended=False)
        owned = await gateway.store.acquire(sid, "mover", 20.0)
        assert owned is not None
        before = (await gateway.http.get(f"/v1/sessions/{sid}")).json()
        assert await gateway.store.move_out(sid, owned)
        told = (await gateway.http.get(f"/v1/sessions/{sid}")).json()
        assert told == before | {"tiered": True}
        assert (await gateway.http.get("/v1/sessions")).json()["sessions"] == [told]
        again = await gateway.http.get(f"/v1/sessions/{sid}/memory")
        assert (again.content, again.headers["etag"]) == (
            exported.content,
            exported.headers["etag"],
        )
        assert (await gateway.http.post(f"/v1/sessions/{sid}/fork")).status_code == 201
        tier.rename(aside)
        for call in (("GET", "memory"), ("POST", "fork")):
            away = await gateway.http.request(call[0], f"/v1/sessions/{sid}/{call[1]}")
            is_problem(away, 503, "tier_unavailable")
            assert away.headers["retry-after"]
        tier.mkdir()
        for call in (("GET", "memory"), ("POST", "fork")):
            gone = await gateway.http.request(call[0], f"/v1/sessions/{sid}/{call[1]}")
            is_problem(gone, 409, "tier_damaged", "memory", sid, "missing")
        tier.rmdir()
        aside.rename(tier)
        assert (await gateway.http.delete(f"/v1/sessions/{sid}")).status_code == 204
        assert [one for one in tier.rglob("*") if one.is_file()] == []


async def test_nothing_to_export_and_nowhere_to_import(gateway: Served) -> None:
    sid = (await gateway.session())["session_id"]
    response = await gateway.http.get(f"/v1/sessions/{sid}/memory")
    is_problem(response, 404, "no_memory", "memory")
    for method in ("GET", "PUT"):
        response = await gateway.http.request(method, "/v1/sessions/nope/memory")
        is_problem(response, 404, "no_such_session", "session_id")


async def put(gateway: Served, sid: str, data: bytes, kind: str = "") -> httpx.Response:
    headers = {"Content-Type": kind or memory_file.MEDIA_TYPE}
    return await gateway.http.put(f"/v1/sessions/{sid}/memory", content=data, headers=headers)


def edited(**changes: Any) -> bytes:
    """A file whose metadata say something else."""
    data = memory_file.pack(state())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    for name, value in changes.items():
        part = header["__metadata__"] if name in header["__metadata__"] else header
        part[name] = value
    new = json.dumps(header).encode()
    return len(new).to_bytes(8, "little") + new + data[8 + length :]


GOOD = memory_file.pack(state())
BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a safetensors file"),
    "text": (b"this is no safetensors file at all", "not a safetensors file"),
    "a few bytes": (b"\x08\0\0", "not a safetensors file"),
    "a header beyond any": ((2**62).to_bytes(8, "little") + b"{}", "not a safetensors file"),
    "cut in its header": (GOOD[:50], "truncated"),
    "cut in its memory": (GOOD[:-1], "truncated: 5 bytes of memory, its header announces 6"),
    "too long": (GOOD + b"x", "too long: 7 bytes"),
    "broken header": (GOOD[:8] + b"{[" + GOOD[10:], "not an exported memory"),
    "of another kind": (edited(format="pt"), "not an exported memory"),
    "another tensor's type": (
        edited(memory={"dtype": "F32", "shape": [6], "data_offsets": [0, 6]}),
        "not an exported memory",
    ),
    "offsets": (
        edited(memory={"dtype": "U8", "shape": [6], "data_offsets": [1, 7]}),
        "offsets",
    ),
    "media_s": (edited(media_s="nan"), "media_s"),
    "media_s text": (edited(media_s="soon"), "not an exported memory"),
    "seq": (edited(seq="-1"), "seq"),
    "gaps": (edited(gaps='[{"t0":5,"t1":1,"reason":"x"}]'), "gaps"),
    "many gaps": (edited(gaps=json.dumps([{"t0": 0, "t1": 1, "reason": "x"}] * 1025)), "gaps"),
    "model": (edited(model="7"), "not an exported memory"),
}


@pytest.mark.parametrize("name", BAD_FILES)
async def test_what_is_no_whole_exported_memory_is_refused(gateway: Served, name: str) -> None:
    data, words = BAD_FILES[name]
    await gateway.store.announce_model(announced())
    sid = (await gateway.session())["session_id"]
    is_problem(await put(gateway, sid, data), 422, "bad_request", "body", words)
    assert await gateway.store.read_state(sid) is None


async def test_a_memory_of_another_model_is_refused_at_once(gateway: Served) -> None:
    sid = (await gateway.session())["session_id"]
    response = await put(gateway, sid, GOOD)
    is_problem(response, 503, "overloaded", None, "no worker runs")
    await gateway.store.announce_model(announced(schema=2))
    response = await put(gateway, sid, GOOD)
    is_problem(response, 409, "state_incompatible", "schema", "'1'", "'2'")
    await gateway.store.announce_model(announced(memory=b"longer memory"))
    response = await put(gateway, sid, GOOD)
    is_problem(response, 409, "state_incompatible", "memory", "6 bytes", "13 bytes")
    assert await gateway.store.read_state(sid) is None
    await gateway.store.announce_model(announced())
    assert (await put(gateway, sid, GOOD, "application/octet-stream")).status_code == 200
    async with Client(gateway.base) as client:
        await gateway.store.announce_model(announced(memory=b"longer memory"))
        with pytest.raises(StateIncompatible, match="6 bytes"):
            await client.import_memory(sid, GOOD)


async def test_imports_are_bounded(clean_valkey: EmbeddedServer, settings: Settings) -> None:
    small = settings.model_copy(update={"max_memory_bytes": 2048, "max_body_bytes": 1024})
    async with serving(clean_valkey.url, small) as gateway:
        sid = (await gateway.session())["session_id"]
        await gateway.store.announce_model(announced(memory=bytes(2048)))
        fits = memory_file.pack(state(memory=bytes(2048)))
        assert len(fits) > small.max_body_bytes  # this one path may have more than any other
        assert (await put(gateway, sid, fits)).status_code == 200
        over = memory_file.pack(state(memory=bytes(2049)))
        is_problem(await put(gateway, sid, over), 413, "too_big", "memory", "2049", "2048")
        is_problem(await put(gateway, sid, bytes(100_000)), 413, "too_big", "body")
        response = await put(gateway, sid, fits, "application/json")
        is_problem(response, 415, "unsupported_media_type", "Content-Type", "vnd.safetensors")
        response = await gateway.http.post("/v1/sessions", content=fits, headers=FILE_TYPE)
        is_problem(response, 413, "too_big", "body", "1024")


@pytest.mark.parametrize(
    ("method", "path", "length", "most"),
    [("PUT", "memory", 50, FILES_AT_ONCE), ("POST", "questions", 150, PICTURES_AT_ONCE)],
)
async def test_only_a_few_large_bodies_are_held_at_once(
    method: str, path: str, length: int, most: int
) -> None:
    """A question within the usual limit is let in beside as many large ones as there may be."""
    inside, let_go = 0, asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal inside
        inside += 1
        await let_go.wait()

    async def call(length: int) -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": bytes(length), "more_body": False}

        kind = b"application/json" if method == "POST" else b"application/octet-stream"
        headers = [(b"content-type", kind), (b"content-length", b"%d" % length)]
        scope = {"type": "http", "method": method, "path": f"/v1/sessions/a/{path}"}
        await layer(scope | {"headers": headers}, receive, send)  # type: ignore[arg-type]
        return sent

    layer = BodyLimit(app, Metrics(), 100, 200, 200)
    calls = [asyncio.create_task(call(length)) for _ in range(most)]
    while inside < most:
        await asyncio.sleep(0)
    assert (await call(length))[0]["status"] == 503
    if path == "questions":
        small = asyncio.create_task(call(100))
        while inside < most + 1:
            await asyncio.sleep(0)
        calls.append(small)
        assert (await call(201))[0]["status"] == 503  # before its length is looked at
    let_go.set()
    await asyncio.gather(*calls)
    assert await call(length) == []  # there is room again


async def test_announcements_are_forgotten(store: Store, raw: Any) -> None:
    await store.announce_model(announced())
    keys = list(raw.scan_iter("ttm:model*"))
    assert len(keys) == 2
    assert all(0 < raw.pttl(key) <= 35_000 for key in keys)
    assert await store.announced_model("1") == announced()
    assert await store.announced_model("2") is None
    raw.delete(*keys)
    assert await store.announced_model() is None
