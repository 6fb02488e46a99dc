"""Between a state value and the fields it is stored in. Knows neither keys nor connections."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from ttm_server.errors import StateIncompatible
from ttm_server.protocol import MAX_SEQ, Gap
from ttm_server.store.types import SessionState

MAX_MEMORY_BYTES = 16 * 1024 * 1024

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
    """Fields memory, media_s, gaps, model, shape; the memory's bytes go as they are."""
    try:
        return (
            bytes(state.memory),
            repr(float(state.media_s)),
            msgspec.json.encode(state.gaps),
            msgspec.json.encode(state.model),
            msgspec.json.encode(state.shape),
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
            memory=memory,
            media_s=float(media_s or b""),
            gaps=_gaps.decode(gaps or b""),
            model=_object.decode(model or b""),
            shape=_object.decode(shape or b""),
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise StateIncompatible(f"state: cannot be read: {error}") from None


def gaps_of(field: bytes | None) -> list[Gap]:
    """Stored gaps; none before the first commit."""
    return [] if field is None else _gaps.decode(field)


def object_of(field: bytes | None) -> dict[str, Any]:
    """A stored JSON object; empty before the first commit."""
    return {} if field is None else _object.decode(field)
