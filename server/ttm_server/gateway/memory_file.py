"""An exported memory as a file: a safetensors file that says of itself all that is needed to go on.

Knows bytes and fields; knows neither HTTP nor what is in a memory. The file holds one tensor:
`memory`, the stored bytes exactly as they are (U8). Its metadata (texts, as safetensors wants them)
are `format`, `schema`, `seq`, `media_s`, and as JSON `gaps`, `model` and `shape`.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import msgspec

from ttm_protocol.errors import BadRequest, RequestTooBig
from ttm_protocol.messages import DEFAULT_LIMITS, MAX_SEQ, Gap
from ttm_server.store import SessionState

MEDIA_TYPE = "application/vnd.safetensors"
FORMAT = "ttmserve-memory/1"
MAX_HEADER_BYTES = 64 * 1024
MAX_GAPS = 1024
_LENGTH_BYTES = 8
_ALIGN = 8


class _Metadata(msgspec.Struct, frozen=True):
    format: Literal["ttmserve-memory/1"]
    schema: str
    seq: str
    media_s: str
    gaps: str
    model: str
    shape: str


class _Tensor(msgspec.Struct, frozen=True):
    dtype: Literal["U8"]
    shape: tuple[int]
    data_offsets: tuple[int, int]


class _Header(msgspec.Struct, frozen=True, rename={"metadata": "__metadata__"}):
    metadata: _Metadata
    memory: _Tensor


_header = msgspec.json.Decoder(_Header)
_gaps = msgspec.json.Decoder(list[Gap])
_object = msgspec.json.Decoder(dict[str, Any])


def pack(state: SessionState) -> bytes:
    """The file of a committed state."""
    length = len(state.memory)
    metadata = {
        "format": FORMAT,
        "schema": str(state.model.get("schema", "")),
        "seq": str(state.seq),
        "media_s": repr(float(state.media_s)),
        "gaps": msgspec.json.encode(state.gaps).decode(),
        "model": json.dumps(state.model),
        "shape": json.dumps(state.shape),
    }
    tensor = {"dtype": "U8", "shape": [length], "data_offsets": [0, length]}
    header = json.dumps({"__metadata__": metadata, "memory": tensor}).encode()
    header += b" " * (-len(header) % _ALIGN)
    return len(header).to_bytes(_LENGTH_BYTES, "little") + header + state.memory


def unpack(data: bytes, max_memory_bytes: int) -> SessionState:
    """The state in a file of :func:`pack`; its `memory` is not looked into.

    Raises BadRequest (RequestTooBig) that says what is wrong with the file.
    """
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or not 2 <= length <= MAX_HEADER_BYTES or data[8:9] != b"{":
        raise _bad("not a safetensors file")
    if start > len(data):
        raise _bad(f"truncated: its header has {length} bytes, {len(data) - 8} are there")
    try:
        header = _header.decode(data[_LENGTH_BYTES:start])
        metadata = header.metadata
        gaps, model = _gaps.decode(metadata.gaps), _object.decode(metadata.model)
        shape, seq, media_s = (
            _object.decode(metadata.shape),
            int(metadata.seq),
            float(metadata.media_s),
        )
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _bad(f"not an exported memory: {error}") from None
    _check_data(header.memory, len(data) - start, max_memory_bytes)
    _check_fields(seq, media_s, gaps)
    return SessionState(
        seq=seq,
        memory=data[start:],
        media_s=media_s,
        gaps=gaps,
        model=model | {"schema": metadata.schema},
        shape=shape,
    )


def _check_data(tensor: _Tensor, length: int, most: int) -> None:
    (count,) = tensor.shape
    if tensor.data_offsets != (0, count) or count < 1:
        raise _bad(f"memory: shape [{count}] and offsets {list(tensor.data_offsets)} disagree")
    if count > most:
        raise RequestTooBig(f"memory: {count} bytes, at most {most}", field="memory")
    if length != count:
        what = "truncated" if length < count else "too long"
        raise _bad(f"{what}: {length} bytes of memory, its header announces {count}")


def _check_fields(seq: int, media_s: float, gaps: list[Gap]) -> None:
    most_s = DEFAULT_LIMITS.max_time_s
    if not 0 <= seq <= MAX_SEQ:
        raise _bad(f"seq: not in 0..{MAX_SEQ}")
    if not 0.0 <= media_s <= most_s:  # also refuses NaN
        raise _bad(f"media_s: {media_s} is not in 0..{most_s:g} seconds")
    if len(gaps) > MAX_GAPS:
        raise _bad(f"gaps: {len(gaps)}, at most {MAX_GAPS}")
    for gap in gaps:
        in_order = 0.0 <= gap.t0 <= gap.t1 <= most_s and math.isfinite(gap.t1)
        if not in_order or not 1 <= len(gap.reason) <= DEFAULT_LIMITS.max_reason_chars:
            raise _bad("gaps: one has no valid t0, t1 or reason")


def _bad(why: str) -> BadRequest:
    return BadRequest(f"body: {why}", field="body")
