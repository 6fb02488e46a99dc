"""A fake engine whose state is a hash chain over its chunks, and small ways to feed a worker."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from both_sides import Store
from ttm_model.asking import Asking
from ttm_model.chunk import ChunkMedia
from ttm_model.step_result import Noticed, StepResult
from ttm_protocol.answers import Answer, Summary, Timeline
from ttm_protocol.errors import StateIncompatible
from ttm_protocol.messages import Chunk, Picture, encode_chunk
from ttm_server.store import StreamOpened
from ttm_server.worker.worker import Worker

POISON = b"\x39\x05" * 8  # a sound that makes this engine raise
MAGIC = b"chain"


def fold(state: bytes, media: ChunkMedia) -> bytes:
    sound = b"" if media.audio is None else media.audio.tobytes()
    pictures = b"".join(picture.tobytes() for picture in media.pictures)
    times = struct.pack("<dd", media.start_s, media.duration_s)
    return hashlib.sha256(state + times + sound + pictures).digest()


class ChainEngine:
    """Counts batches; raises on the poison sound, or for a whole batch when told to."""

    model_info = {"preset": "chain", "checkpoint": "none", "schema": "chain-1"}
    memory_info = {"tokens": 1, "dim": 32, "bytes": 37}

    def __init__(self) -> None:
        self.batches: list[int] = []

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        return pixels

    def initial(self) -> bytes:
        return bytes(32)

    def load(self, data: bytes) -> bytes:
        if not data.startswith(MAGIC):
            raise StateIncompatible("schema: not a chain")
        return data[len(MAGIC) :]

    def dump(self, state: bytes) -> bytes:
        return MAGIC + state

    def step(self, states: Sequence[bytes], media: Sequence[ChunkMedia]) -> list[StepResult[bytes]]:
        self.batches.append(len(states))
        for one in media:
            if one.audio is not None and sound_bytes(one) == POISON:
                raise RuntimeError("poison")
        return [
            StepResult(fold(state, one), (Noticed("tick", "audio", one.start_s, one.end_s, 0.5),))
            for state, one in zip(states, media, strict=True)
        ]

    def answer(self, state: bytes, asking: Asking) -> Answer:
        if asking.text == "break":
            raise RuntimeError("secret detail")
        return Answer(question=asking.text, state="answered", answer=state.hex(), confidence=1.0)

    def timeline(self, state: bytes) -> Timeline:
        return Timeline(events=())

    def summary(
        self, state: bytes, since_s: float | None = None, until_s: float | None = None
    ) -> Summary:
        return Summary(
            text="Nothing.",
            since_s=since_s or 0.0,
            until_s=until_s or 0.0,
            stretches=(),
            background=(),
            stood_out=(),
        )


def sound_bytes(media: ChunkMedia) -> bytes:
    assert media.audio is not None
    return (media.audio * 32768).astype("<i2").tobytes()


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
    """The fold over chunks 1..last, with empty media for those left out."""
    state = bytes(32)
    for seq in range(1, last + 1):
        audio = None if seq in without else np.frombuffer(sound(seq), "<i2").astype(np.float32)
        media = ChunkMedia((seq - 1) * 0.5, 0.5, audio=None if audio is None else audio / 32768)
        state = fold(state, media)
    return state


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


async def until_status(store: Store, sid: str, status: str, timeout_s: float = 60.0) -> None:
    async with asyncio.timeout(timeout_s):
        while (await store.session(sid)).status != status:
            await asyncio.sleep(0.05)


async def until_applied(store: Store, sid: str, seq: int, timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while (await store.session(sid)).applied_seq < seq:
            await asyncio.sleep(0.02)
