"""A moved session as an object: its name, its bytes, and what is wrong with them. Knows no Redis.

`SESSION.HASH.ATTEMPT.safetensors`: the hash is half of the SHA-256 of the file's bytes, the attempt
is made of the fence under which it was written, so that no name is ever used twice. `HASH.ATTEMPT`
is what the store keeps: at most 64 bytes, so that a session's hash stays in its small form.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence

from ttm_protocol.errors import BadRequest, TierDamaged, TierUnavailable
from ttm_server.store import memory_file
from ttm_server.store.memory_file import Kept
from ttm_server.store.objects import Objects, unavailable
from ttm_server.store.state_fields import MAX_MEMORY_BYTES
from ttm_server.store.types import SessionState

HASH_CHARS = 32
ATTEMPT_CHARS = 16
_NAME = re.compile(r"([a-z0-9]{16,64})\.([0-9a-f]{32}\.[0-9a-f]{16})\.safetensors", re.ASCII)


def object_of(fence: str, state: SessionState, kept: Sequence[Kept]) -> tuple[str, bytes]:
    """HASH.ATTEMPT and the bytes of the object that is to hold a memory and its kept input."""
    data = memory_file.pack(state, kept)
    # As the script makes it of the fence that is current: a name, not a protection.
    attempt = hashlib.sha1(fence.encode(), usedforsecurity=False).hexdigest()[:ATTEMPT_CHARS]
    return f"{_hash(data)}.{attempt}", data


def name_of(sid: str, tag: str) -> str:
    """The name of a session's object; `tag`: HASH.ATTEMPT."""
    return f"{sid}.{tag}.safetensors"


def session_of(name: str) -> tuple[str, str] | None:
    """The session and HASH.ATTEMPT in an object's name; None for what is no such name."""
    found = _NAME.fullmatch(name)
    return None if found is None else (found[1], found[2])


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:HASH_CHARS]


async def fetch(
    objects: Objects | None, name: str, applied: int, within_s: float
) -> tuple[SessionState, list[Kept]]:
    """The memory at position `applied` and the kept input in an object.

    Raises TierUnavailable, and TierDamaged where the object is missing or not what it was.
    """
    if objects is None:
        raise TierUnavailable("the session's memory was moved, and TTM_TIER_URL is not set here")
    try:
        async with asyncio.timeout(within_s):
            data = await objects.get(name)
    except TimeoutError:
        raise unavailable("get") from None
    if data is None:
        raise TierDamaged(f"memory: its object {name} is missing", field="memory")
    return await asyncio.to_thread(_read, name, data, applied)


def _read(name: str, data: bytes, applied: int) -> tuple[SessionState, list[Kept]]:
    if f".{_hash(data)}." not in name:
        raise TierDamaged(f"memory: its object {name} is damaged", field="memory")
    try:
        state, kept = memory_file.unpack_all(data, MAX_MEMORY_BYTES)
    except BadRequest as error:
        raise TierDamaged(f"memory: its object {name}: {error}", field="memory") from None
    if state.seq != applied:
        raise TierDamaged(f"memory: {name} is at {state.seq}, not at {applied}", field="memory")
    return state, kept
