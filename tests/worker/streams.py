"""Small ways to feed a worker in this process, and the state that must follow."""

from __future__ import annotations

import asyncio
import contextlib
import io
import struct
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from PIL import Image

from both_sides import Store
from chain import Fold, dumped
from ttm_protocol.messages import Chunk, Picture, encode_chunk
from ttm_server.store import StreamOpened
from ttm_server.worker.worker import Worker


def sound(seq: int) -> bytes:
    return struct.pack("<h", seq) * 8


def chunk(seq: int, **changes: Any) -> Chunk:
    fields: dict[str, Any] = {"t": (seq - 1) * 0.5, "d": 0.5, "audio": sound(seq)}
    return Chunk(seq=seq, **(fields | changes))


def jpeg(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format="JPEG")
    return out.getvalue()


def picture(seq: int, data: bytes | None = None) -> Picture:
    return Picture((seq - 1) * 0.5, jpeg() if data is None else data)


def expected(last: int, without: Sequence[int] = ()) -> bytes:
    """The fold over chunks 1..last, with empty media for those left out, of an engine that has no
    slow sense.
    """
    fold = Fold(is_slow=False)
    for seq in range(1, last + 1):
        fold.chunk(chunk(seq, audio=None) if seq in without else chunk(seq))
    return dumped(fold.state)


def expected_slow(chunks: Sequence[Chunk], ends: Collection[int] = ()) -> bytes:
    """The fold over these chunks of an engine with slow senses; `ends`: where streams ended."""
    fold = Fold()
    for one in chunks:
        fold.chunk(one)
        if one.seq in ends:
            fold.end()
    return dumped(fold.state)


@contextlib.asynccontextmanager
async def working(worker: Worker[Any]) -> AsyncIterator[Worker[Any]]:
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        async with asyncio.timeout(20):
            await task


@contextlib.asynccontextmanager
async def crashed_at_the_end(worker: Worker[Any]) -> AsyncIterator[Worker[Any]]:
    """Like `working`, but ends as a killed process would: nothing is committed or released."""
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        for session in worker.live.values():
            session.lost = True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def send(store: Store, sid: str, opened: StreamOpened, chunks: Sequence[Chunk]) -> None:
    for one in chunks:
        for _ in range(200):
            result = await store.ingest(sid, opened.connection, one, encode_chunk(one))
            if result.status.value != "busy":
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("the input stayed full")


async def opened_session(store: Store, chunks: int = 0) -> tuple[str, StreamOpened]:
    sid = (await store.create_session()).session_id
    opened = await store.open_stream(sid)
    await send(store, sid, opened, [chunk(seq) for seq in range(1, chunks + 1)])
    return sid, opened


async def until_status(store: Store, sid: str, status: str, timeout_s: float = 180.0) -> None:
    async with asyncio.timeout(timeout_s):
        while (await store.session(sid)).status != status:
            await asyncio.sleep(0.05)


async def until_applied(store: Store, sid: str, seq: int, timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while (await store.session(sid)).applied_seq < seq:
            await asyncio.sleep(0.02)
