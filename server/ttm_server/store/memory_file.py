"""An exported memory as a file: a safetensors file that says of itself all that is needed to go on.

Knows bytes and fields; knows neither HTTP nor what is in a memory. The file holds a tensor
`memory`, the stored bytes exactly as they are (U8). Its metadata (texts, as safetensors wants them)
are `format`, `schema`, `seq`, `media_s`, and as JSON `gaps`, `model` and `shape`. The file of a
session that was moved out of the store may hold a second tensor behind it, `input`: the chunks that
were kept, one after the other; `input` in the metadata is then JSON, `[[seq, bytes], ...]`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ttm_protocol.errors import BadRequest, RequestTooBig
from ttm_protocol.messages import DEFAULT_LIMITS, MAX_SEQ, Gap
from ttm_server.store.types import SessionState

MEDIA_TYPE = "application/vnd.safetensors"
FORMAT = "ttmserve-memory/1"
MAX_HEADER_BYTES = 64 * 1024
MAX_GAPS = 1024
_LENGTH_BYTES = 8
_ALIGN = 8

Kept = tuple[int, bytes]  # the number of a chunk, and its bytes


class _Metadata(msgspec.Struct, frozen=True):
    format: Literal["ttmserve-memory/1"]
    schema: str
    seq: str
    media_s: str
    gaps: str
    model: str
    shape: str
    input: str | None = None


class _Tensor(msgspec.Struct, frozen=True):
    dtype: Literal["U8"]
    shape: tuple[int]
    data_offsets: tuple[int, int]


class _Header(msgspec.Struct, frozen=True, rename={"metadata": "__metadata__"}):
    metadata: _Metadata
    memory: _Tensor
    input: _Tensor | None = None


_header = msgspec.json.Decoder(_Header)
_gaps = msgspec.json.Decoder(list[Gap])
_object = msgspec.json.Decoder(dict[str, Any])
_index = msgspec.json.Decoder(list[tuple[int, int]])


def pack(state: SessionState, kept: Sequence[Kept] = ()) -> bytes:
    """The file of a committed state, with the input that was kept where there is any."""
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
    tensors = {"memory": _tensor(0, length)}
    chunks = [payload for _, payload in kept]
    if kept:
        tensors["input"] = _tensor(length, sum(map(len, chunks)))
        metadata["input"] = json.dumps([[seq, len(payload)] for seq, payload in kept])
    header = json.dumps({"__metadata__": metadata, **tensors}).encode()
    header += b" " * (-len(header) % _ALIGN)
    return b"".join((len(header).to_bytes(_LENGTH_BYTES, "little"), header, state.memory, *chunks))


def unpack(data: bytes, max_memory_bytes: int) -> SessionState:
    """The state in a file of :func:`pack`; its `memory` is not looked into, `input` is left out.

    Raises BadRequest (RequestTooBig) that says what is wrong with the file.
    """
    return unpack_all(data, max_memory_bytes)[0]


def unpack_all(data: bytes, max_memory_bytes: int) -> tuple[SessionState, list[Kept]]:
    """As :func:`unpack`, with the input that was kept: (seq, payload) in order."""
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
    _check_data(header, len(data) - start, max_memory_bytes)
    _check_fields(seq, media_s, gaps)
    if str(model.get("schema")) != metadata.schema:
        model = model | {"schema": metadata.schema}
    end = start + header.memory.shape[0]
    state = SessionState(
        seq=seq,
        memory=data[start:end],
        media_s=media_s,
        gaps=gaps,
        model=model,
        shape=shape,
    )
    return state, _cut(data[end:], metadata.input)


def _tensor(first: int, length: int) -> dict[str, Any]:
    return {"dtype": "U8", "shape": [length], "data_offsets": [first, first + length]}


def _cut(data: bytes, index: str | None) -> list[Kept]:
    try:
        sizes = [] if index is None else _index.decode(index)
    except msgspec.MsgspecError as error:
        raise _bad(f"input: {error}") from None
    if sum(size for _, size in sizes) != len(data) or any(size < 1 for _, size in sizes):
        raise _bad("input: its chunks and its bytes disagree")
    kept, first = [], 0
    for seq, size in sizes:
        kept.append((seq, data[first : first + size]))
        first += size
    return kept


def _check_data(header: _Header, length: int, most: int) -> None:
    count = _check_tensor("memory", header.memory, 0)
    if count > most:
        raise RequestTooBig(f"memory: {count} bytes, at most {most}", field="memory")
    if header.input is not None:
        count += _check_tensor("input", header.input, count)
    if length != count:
        what = "truncated" if length < count else "too long"
        raise _bad(f"{what}: {length} bytes of memory, its header announces {count}")


def _check_tensor(name: str, tensor: _Tensor, first: int) -> int:
    (count,) = tensor.shape
    if tensor.data_offsets != (first, first + count) or count < 1:
        raise _bad(f"{name}: shape [{count}] and offsets {list(tensor.data_offsets)} disagree")
    return count


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
