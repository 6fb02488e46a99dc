"""Small steps that the store's tests share, and a state that shows every chunk it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from both_sides import Store
from ttm_protocol.messages import Chunk, Event, Gap
from ttm_server.store import Ingested, SessionState


def chunk(seq: int, t: float | None = None) -> Chunk:
    return Chunk(seq=seq, t=(seq - 1) * 0.5 if t is None else t, d=0.5)


def payload(sid: str, seq: int) -> bytes:
    return f"{sid}:{seq}".encode()


def fold(memory: bytes, data: bytes) -> bytes:
    return hashlib.sha256(memory + data).digest()


def folded(sid: str, last: int) -> bytes:
    memory = b""
    for seq in range(1, last + 1):
        memory = fold(memory, payload(sid, seq))
    return memory


def state(seq: int, memory: bytes = b"\x00memory\xff", **fields: Any) -> SessionState:
    defaults: dict[str, Any] = {
        "media_s": seq * 0.5,
        "gaps": [Gap(t0=0.1, t1=0.3, reason="lost")],
        "model": {"preset": "lite", "schema": 1},
        "shape": {"tokens": 96, "dim": 256},
    }
    return SessionState(seq=seq, memory=memory, **(defaults | fields))


def event(seq: int, label: str = "dog") -> Event:
    return Event(seq=seq, label=label, modality="audio", start_s=0.1, end_s=1 / 3, score=0.5)


async def send(store: Store, sid: str, connection: str, seqs: Sequence[int]) -> Ingested:
    for seq in seqs:
        ingested = await store.ingest(sid, connection, chunk(seq), payload(sid, seq))
    return ingested


async def session_with(store: Store, chunks: int) -> tuple[str, str]:
    """A session with waiting chunks, and the token of its connection."""
    sid = (await store.create_session()).session_id
    connection = (await store.open_stream(sid)).connection
    if chunks:
        await send(store, sid, connection, range(1, chunks + 1))
    return sid, connection
