"""Between a state value and the fields it is stored in. Knows neither keys nor connections."""

from __future__ import annotations

import math
import zlib
from typing import Any

import msgspec

from ttm_protocol.errors import StateIncompatible
from ttm_protocol.messages import MAX_SEQ, Gap
from ttm_server.store.types import SessionState

MAX_MEMORY_BYTES = 16 * 1024 * 1024
# Deflate's quickest level halves a memory for about a millisecond; higher ones gain little more.
PACKED = b"ttm:z1:"
LEVEL = 1
MIN_PACKED_BYTES = 4096  # below, there is nothing to gain
SIZE = "size before packing"  # in the stored shape of a packed memory

_gaps = msgspec.json.Decoder(list[Gap])
_object = msgspec.json.Decoder(dict[str, Any])


def check_state(state: SessionState) -> None:
    """Refuse a state that must never be stored; raises StateIncompatible naming the field."""
    if not 0 <= state.seq <= MAX_SEQ:
        raise StateIncompatible(f"seq: {state.seq} is not in 0..{MAX_SEQ}", field="seq")
    if not 1 <= len(state.memory) <= MAX_MEMORY_BYTES:
        raise StateIncompatible(
            f"memory: {len(state.memory)} bytes, 1 to {MAX_MEMORY_BYTES}", field="memory"
        )
    if not (math.isfinite(state.media_s) and state.media_s >= 0.0):
        raise StateIncompatible(f"media_s: {state.media_s} is not a time", field="media_s")


def to_fields(state: SessionState) -> tuple[bytes, str, bytes, bytes, bytes]:
    """Fields memory (packed), media_s, gaps, model, shape."""
    memory = pack(state.memory)
    size = {SIZE: len(state.memory)} if memory.startswith(PACKED) else {}
    try:
        return (
            memory,
            repr(float(state.media_s)),
            msgspec.json.encode(state.gaps),
            msgspec.json.encode(state.model),
            msgspec.json.encode(state.shape | size),
        )
    except (msgspec.MsgspecError, TypeError) as error:
        raise StateIncompatible(f"state: {error}", field="state") from None


def from_fields(applied: int, fields: list[bytes | None]) -> SessionState | None:
    """The state at position `applied`, or None where none was stored yet.

    Raises StateIncompatible where it should be there and is not, or cannot be read.
    """
    memory, media_s, gaps, model, shape = fields
    if memory is None:
        if applied:
            raise StateIncompatible(f"memory: missing, though {applied} chunks were applied")
        return None
    try:
        return SessionState(
            seq=applied,
            memory=unpack(memory),
            media_s=float(media_s or b""),
            gaps=_gaps.decode(gaps or b""),
            model=_object.decode(model or b""),
            shape=_without_size(_object.decode(shape or b"")),
        )
    except (msgspec.MsgspecError, ValueError, zlib.error) as error:
        raise StateIncompatible(f"state: cannot be read: {error}") from None


def pack(memory: bytes) -> bytes:
    """The bytes as they are stored: smaller where that is possible, exact in any case."""
    # What looks like packed bytes itself is packed, so that reading is never in doubt.
    doubtful = memory.startswith(PACKED)
    if len(memory) < MIN_PACKED_BYTES and not doubtful:
        return bytes(memory)
    packed = PACKED + zlib.compress(memory, LEVEL)
    return packed if len(packed) < len(memory) or doubtful else bytes(memory)


def unpack(stored: bytes) -> bytes:
    """What `pack` was given; raises ValueError or zlib.error for damaged bytes."""
    if not stored.startswith(PACKED):
        return stored
    inflating = zlib.decompressobj()
    memory = inflating.decompress(stored[len(PACKED) :], MAX_MEMORY_BYTES)
    if not inflating.eof:
        raise ValueError("memory: its packed bytes end too soon or are too many")
    return memory


def gaps_of(field: bytes | None) -> list[Gap]:
    """Stored gaps; none before the first commit."""
    return [] if field is None else _gaps.decode(field)


def object_of(field: bytes | None) -> dict[str, Any]:
    """A stored JSON object; empty before the first commit."""
    return {} if field is None else _object.decode(field)


def shape_of(field: bytes | None, stored_bytes: int) -> dict[str, Any]:
    """A stored shape with the memory's true size; that alone before the first commit."""
    shape = object_of(field)
    return {**_without_size(shape), "bytes": shape.get(SIZE, stored_bytes)}


def _without_size(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if name != SIZE}
