"""What the tests of moved sessions share: a session with everything, and all that the store has."""

from __future__ import annotations

import os
from typing import Any

from redis import Redis

from both_sides import Store
from store.folding import event, session_with, state
from ttm_server.config import Settings
from ttm_server.store import Acquired, Kept, SessionState
from ttm_server.store.keys import LEFT_OVER, session_keys

LEASE_S = 60.0
MEMORY = os.urandom(150_000) + bytes(150_000)
# Who owns a session, and when it was used last, is all that may be different afterwards.
OWNERSHIP = (b"fence", b"owner", b"lease_ms", b"used")


def big(seq: int) -> SessionState:
    return state(seq, MEMORY, shape={"tokens": 60, "dim": 256})


async def idle_session(store: Store, *, kept_from: int = 4) -> str:
    """A session at chunk 6, of which chunks from `kept_from` on are kept, and nobody is there."""
    sid, connection = await session_with(store, 6)
    owned = await acquired(store, sid)
    kept = Kept(first=kept_from, said="said of it")
    await store.commit(sid, owned.fence, 0, 6, big(6), [event(6)], kept)
    await store.release(sid, owned.fence)
    await store.close_stream(sid, connection, ended=False)
    return sid


async def acquired(store: Store, sid: str, owner: str = "me") -> Acquired:
    owned = await store.acquire(sid, owner, LEASE_S)
    assert owned is not None
    return owned


async def moved_session(store: Store, **kept: int) -> str:
    sid = await idle_session(store, **kept)
    assert await store.move_out(sid, await acquired(store, sid))
    return sid


def everything(url: str, sid: str) -> dict[str, Any]:
    """All that the store has of a session, but who owns it and its events."""
    keys = session_keys(sid)
    with Redis.from_url(url) as client:
        meta = {k: v for k, v in client.hgetall(keys.meta).items() if k not in OWNERSHIP}
        entries = client.xrange(keys.input)
        return {"meta": meta, "state": client.hgetall(keys.state), "in": entries}


def bytes_of(url: str, sid: str) -> int:
    """Memory of the server for a session's keys."""
    with Redis.from_url(url) as client:
        keys = list(client.scan_iter(f"*{sid}*"))
        return sum(client.memory_usage(key, samples=0) or 0 for key in keys)


def make_due(url: str) -> None:
    """Everything that is noted to be looked at, now."""
    with Redis.from_url(url) as client:
        for name in client.zrange(LEFT_OVER, 0, -1):
            client.zadd(LEFT_OVER, {name: 0})


def noted(url: str) -> list[str]:
    with Redis.from_url(url, decode_responses=True) as client:
        return list(client.zrange(LEFT_OVER, 0, -1))


def object_of(url: str, sid: str) -> str | None:
    """The name of the object in which a session's memory is, as the store has it."""
    with Redis.from_url(url, decode_responses=True) as client:
        tag = client.hget(session_keys(sid).meta, "tier")
        return None if tag is None else f"{sid}.{tag}.safetensors"


def settings_with(settings: Settings, tier: dict[str, Any]) -> Settings:
    checked = Settings(**tier)  # `model_copy` does not check
    told = {name: getattr(checked, name) for name in Settings.model_fields if "tier" in name}
    return settings.model_copy(update=told)
