"""Media `webm` through a whole gateway: bytes of live containers in, stored chunks out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.harness import Client, FakeWorker, Served, serving
from gateway.recordings import is_one_line, level_of, loudness, record
from ttm_protocol.messages import Chunk, decode_chunk
from ttm_server.config import Settings
from ttm_server.gateway.containers import container as container_module
from ttm_server.gateway.containers import intake as intake_module
from ttm_server.gateway.containers.pipe import BytePipe
from ttm_server.store import EmbeddedServer

DATA = Path(__file__).parent / "data"


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    roomy = settings.model_copy(update={"input_capacity_chunks": 64})
    async with serving(clean_valkey.url, roomy) as served:
        yield served


@contextlib.asynccontextmanager
async def live(
    gateway: Served, sid: str, **start: Any
) -> AsyncIterator[tuple[Client, dict[str, Any]]]:
    """A webm stream of a session that is ready, and its `ready`."""
    ticket = (await gateway.http.post(f"/v1/sessions/{sid}/tickets")).json()["ticket"]
    async with gateway.open(sid) as socket:
        client = Client(socket, sid)
        await socket.send(json.dumps({"type": "start", "ticket": ticket, "media": "webm"} | start))
        yield client, await client.expect("ready")


def cut(data: bytes, size: int = 3000) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


async def stored(gateway: Served, sid: str) -> list[Chunk]:
    """What waits for a worker, whole and valid, once no more comes."""
    before = -1
    while (durable := (await gateway.store.session(sid)).durable_seq) != before:
        before = durable
        await asyncio.sleep(0.3)
    return [decode_chunk(data) for _, data in await gateway.store.read_chunks(sid, 0, 1000)]


async def sid_of(gateway: Served) -> str:
    return str((await gateway.session())["session_id"])


async def until_durable(client: Client, least: int) -> None:
    while (await client.expect("ack"))["durable"] < least:
        pass


async def no_threads_left(gateway: Served) -> None:
    async with asyncio.timeout(10):
        while gateway.value("ttm_webm_decoders"):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"video": "libvpx-vp9"},
        {"form": "mp4", "video": "libx264", "audio": "aac"},
        {"form": "mp4", "video": "libx264", "audio": "aac", "gop": 60},
    ],
    ids=["vp8+opus", "vp9+opus", "h264+aac", "h264+aac, one long fragment"],
)
async def test_a_recording_becomes_chunks(gateway: Served, way: dict[str, Any]) -> None:
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, ready):
        assert (ready["next_seq"], ready["t"]) == (1, 0.0)
        for piece in cut(record(4.0, **way)):
            await client.socket.send(piece)
        await client.end()
        await until_durable(client, 8)
        chunks = await stored(gateway, sid)
        async with FakeWorker(gateway.store, sid):
            assert (await client.closed())[0] == 1000
    assert client.seen[-1]["applied"] == len(chunks)
    assert is_one_line(chunks)
    assert chunks[0].t == 0.0
    assert 3.95 <= chunks[-1].end_s <= 4.15
    for chunk in chunks[:8]:
        assert chunk.gap is None
        assert [level_of(picture.data) for picture in chunk.video] == [int(chunk.t)]
        assert chunk.t <= chunk.video[0].t < chunk.t + 0.1
        assert chunk.audio is not None
        loud = loudness(chunk.audio) > 1000
        assert list(loud[1:4]) == [chunk.t % 1 == 0] * 3
    assert gateway.value("ttm_chunks_received_total") == len(chunks)
    assert gateway.value("ttm_webm_damaged_packets_total") == 0
    await no_threads_left(gateway)


@pytest.mark.parametrize("name", ["mediarecorder-vp8-opus.webm", "mediarecorder-vp9-opus.mp4"])
async def test_what_a_browser_recorded(gateway: Served, name: str) -> None:
    """See data/README.md: levels and tones as `recordings` makes them, in Chromium."""
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, _):
        for piece in cut((DATA / name).read_bytes(), 1500):
            await client.socket.send(piece)
        await client.end()
        await until_durable(client, 10)
    chunks = await stored(gateway, sid)
    assert is_one_line(chunks)
    assert 4.8 <= chunks[-1].end_s <= 5.2
    for chunk in chunks[:9]:
        (picture,) = chunk.video
        assert chunk.audio is not None
        assert bool(loudness(chunk.audio)[2] > 1000) is (chunk.t % 1 == 0)
        if picture.t % 1 > 0.06:
            assert level_of(picture.data) == int(picture.t) % 4
    assert gateway.value("ttm_webm_damaged_packets_total") == 0


async def test_after_a_drop_a_new_recorder_goes_on(gateway: Served) -> None:
    """The outage, of which only the server knows, is a gap."""
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, _):
        for piece in cut(record(3.0)):
            await client.socket.send(piece)
        await until_durable(client, 4)
    await no_threads_left(gateway)
    first = await stored(gateway, sid)
    await asyncio.sleep(0.4)
    async with live(gateway, sid) as (client, ready):
        assert ready["next_seq"] == len(first) + 1
        assert ready["t"] == first[-1].end_s
        for piece in cut(record(2.0)):
            await client.socket.send(piece)
        await client.end()
        await until_durable(client, len(first) + 4)
    chunks = await stored(gateway, sid)
    assert is_one_line(chunks)
    gaps = [(chunk.seq, chunk.gap) for chunk in chunks if chunk.gap is not None]
    assert [seq for seq, _ in gaps] == [len(first) + 1]
    assert gaps[0][1].reason == "lost"
    assert 0.3 < gaps[0][1].t1 - gaps[0][1].t0 < 5.0


async def test_a_client_that_knows_its_clock_loses_nothing(gateway: Served) -> None:
    """It sends the recording again from its beginning: what is stored already is left out."""
    sid = await sid_of(gateway)
    recording = record(5.0)
    async with live(gateway, sid, t=0.0) as (client, _):
        for piece in cut(recording[: len(recording) // 2]):
            await client.socket.send(piece)
        await until_durable(client, 3)
    await no_threads_left(gateway)
    async with live(gateway, sid, t=0.0) as (client, ready):
        assert ready["next_seq"] > 3
        for piece in cut(recording):
            await client.socket.send(piece)
        await client.end()
        await until_durable(client, 10)
    chunks = await stored(gateway, sid)
    assert is_one_line(chunks)
    assert all(chunk.gap is None for chunk in chunks)
    assert 4.95 <= chunks[-1].end_s <= 5.15
    for chunk in chunks[:10]:
        assert [level_of(picture.data) for picture in chunk.video] == [int(chunk.t) % 4]
        assert chunk.audio is not None
        assert bool(loudness(chunk.audio)[2] > 1000) is (chunk.t % 1 == 0)


async def test_a_client_that_knows_how_long_it_was_away(gateway: Served) -> None:
    sid = await sid_of(gateway)
    for t in (0.0, 60.0):
        async with live(gateway, sid, t=t) as (client, _):
            await client.socket.send(record(1.0))
            await client.end()
            async with FakeWorker(gateway.store, sid) if t == 0.0 else contextlib.nullcontext():
                await until_durable(client, 2 if t == 0.0 else 4)
                if t == 0.0:
                    assert (await client.closed())[0] == 1000
    async with asyncio.timeout(5):
        while not (chunks := await stored_after(gateway, sid, 3)):
            await asyncio.sleep(0.02)
    assert chunks[0].gap is not None
    assert (chunks[0].gap.t1, chunks[0].t) == (60.0, 60.0)
    assert chunks[0].gap.t0 <= 1.5


async def stored_after(gateway: Served, sid: str, applied: int) -> list[Chunk]:
    state = await gateway.store.session(sid)
    data = await gateway.store.read_chunks(sid, state.applied_seq, 100)
    return [decode_chunk(payload) for _, payload in data]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a" + bytes(100), "neither WebM/Matroska nor fragmented MP4"),
        (b"\0" * 100, "begins with 00 00"),
        (b"\x1a\x45\xdf\xa3" + b"\xff" * 500, "header cannot be read"),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08mdat", "plain MP4"),
    ],
)
async def test_what_is_no_container(gateway: Served, data: bytes, words: str) -> None:
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, _):
        await client.socket.send(data)
        await client.end()
        code, error = await client.closed()
    assert code == 4400
    assert error is not None
    assert (error["code"], error["retryable"]) == ("bad_media", False)
    assert words in error["message"], error
    await no_threads_left(gateway)


async def test_a_header_that_never_ends(gateway: Served) -> None:
    sid = await sid_of(gateway)
    head = record(0.2)[:40] + b"\xec\x01\x00\x00\x00\x7f\xff\xff\xff"  # EBML Void, 2 GiB
    async with live(gateway, sid) as (client, _):
        await client.socket.send(head)
        with contextlib.suppress(Exception):
            for _ in range(90):
                await client.socket.send(bytes(100_000))
        code, error = await client.closed()
    assert code == 4400
    assert error is not None
    assert "4194304 bytes and neither a picture nor sound" in error["message"]
    await no_threads_left(gateway)


async def test_end_without_media(gateway: Served) -> None:
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, _):
        await client.end()
        assert (await client.closed())[0] == 1000
    await no_threads_left(gateway)


async def test_only_so_many_decoders(clean_valkey: EmbeddedServer, settings: Settings) -> None:
    few = settings.model_copy(update={"webm_decoders": 1})
    async with serving(clean_valkey.url, few) as gateway:
        one, two = await sid_of(gateway), await sid_of(gateway)
        async with live(gateway, one) as (first, _):
            ticket = (await gateway.http.post(f"/v1/sessions/{two}/tickets")).json()["ticket"]
            async with gateway.open(two) as socket:
                await socket.send(json.dumps({"type": "start", "ticket": ticket, "media": "webm"}))
                code, error = await Client(socket, two).closed()
            assert code == 1013
            assert error is not None
            assert (error["code"], error["retryable"]) == ("overloaded", True)
            assert gateway.value("ttm_admission_rejections_total", reason="overloaded") == 1
            # The same session may: its newer connection takes the older one's place.
            async with live(gateway, one):
                assert (await first.closed())[0] == 4409
        await no_threads_left(gateway)
        async with live(gateway, two):
            assert gateway.value("ttm_webm_decoders") == 1


async def test_a_server_that_takes_no_containers(
    clean_valkey: EmbeddedServer, settings: Settings
) -> None:
    none = settings.model_copy(update={"webm_decoders": 0})
    async with serving(clean_valkey.url, none) as gateway:
        session = await gateway.session()
        async with gateway.open(session["session_id"]) as socket:
            start = {"type": "start", "ticket": session["ticket"], "media": "webm"}
            await socket.send(json.dumps(start))
            code, error = await Client(socket, "").closed()
    assert code == 1008
    assert error is not None
    assert error["code"] == "policy"


async def test_a_store_without_room_stops_the_socket_and_loses_nothing(
    clean_valkey: EmbeddedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker: chunks fill the store, the hand-over, the pipe and at last the socket.

    Nothing is read for many times the ping's patience, and the connection is there all the same.
    """
    monkeypatch.setattr("ttm_server.gateway.server.PING_EVERY_S", 0.1)
    monkeypatch.setattr("ttm_server.gateway.server.PONG_WITHIN_S", 0.1)
    monkeypatch.setattr(intake_module, "BytePipe", partial(BytePipe, 10_000))
    small = settings.model_copy(update={"input_capacity_chunks": 4, "connection_queue_chunks": 2})
    async with serving(clean_valkey.url, small) as gateway:
        sid = await sid_of(gateway)
        recording = record(20.0, fps=5)
        async with live(gateway, sid) as (client, _):

            async def send() -> None:
                for piece in cut(recording, 2000):
                    await client.socket.send(piece)
                await client.end()

            sending = asyncio.create_task(send())
            await until_durable(client, 4)
            await client.expect("flow", credits=0)
            await asyncio.sleep(1.5)
            assert (await gateway.store.session(sid)).durable_seq == 4
            assert gateway.value("ttm_chunks_received_total") <= 5
            # Eight chunks are somewhere: five of them taken, two handed over, one in the making.
            assert gateway.value("ttm_webm_bytes_total") < 8 * len(recording) / 40 + 60_000
            assert gateway.value("ttm_webm_bytes_total") < len(recording) / 2
            async with FakeWorker(gateway.store, sid):
                assert (await client.closed())[0] == 1000
            await sending
        assert (await gateway.store.session(sid)).applied_seq >= 40
        assert gateway.value("ttm_webm_bytes_total") == len(recording)
        await no_threads_left(gateway)


async def test_a_decoder_that_takes_nothing_is_given_up(
    gateway: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    class Hanging(container_module.Container):
        def __init__(self, *args: Any) -> None:
            released.wait(30)
            super().__init__(*args)

    monkeypatch.setattr("ttm_server.gateway.containers.decoder.Container", Hanging)
    monkeypatch.setattr(intake_module, "BytePipe", partial(BytePipe, 10_000))
    monkeypatch.setattr(intake_module, "STUCK_S", 1.0)
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, _):
        for piece in cut(record(3.0)):
            await client.socket.send(piece)
        code, error = await client.closed()
    assert code == 4400
    assert error is not None
    assert "has not come forward for 1 s" in error["message"]
    assert gateway.value("ttm_webm_decoders") == 1
    released.set()
    await no_threads_left(gateway)


async def test_a_decoder_that_hangs_keeps_its_place_only(
    gateway: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends at once; the thread's place comes back when the thread does."""
    hangs, released = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Hanging(container_module.Resampler):
        def samples(self, frame: Any) -> Any:
            loop.call_soon_threadsafe(hangs.set)
            asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
            return super().samples(frame)

    monkeypatch.setattr("ttm_server.gateway.containers.decoder.Resampler", Hanging)
    sid = await sid_of(gateway)
    async with live(gateway, sid) as (client, _):
        await client.socket.send(record(1.0))
        async with asyncio.timeout(10):
            await hangs.wait()
        assert (await gateway.http.get("/healthz")).status_code == 200
    async with asyncio.timeout(10):
        while gateway.value("ttm_sessions_active"):
            await asyncio.sleep(0.02)
    assert gateway.value("ttm_webm_decoders") == 1
    released.set()
    await no_threads_left(gateway)


async def test_pictures_that_are_too_large(gateway: Served) -> None:
    sid = await sid_of(gateway)
    recording = record(0.2, audio=None, size=(4112, 64), fps=5)
    async with live(gateway, sid) as (client, _):
        await client.socket.send(recording)
        await client.end()
        code, error = await client.closed()
    assert code == 4400
    assert error is not None
    assert "4112 x 64 px, at most 4096 px a side" in error["message"]
