"""Whatever comes in: a message or a ProtocolError. What goes out comes back equal."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm_protocol import messages as protocol
from ttm_protocol.errors import ProtocolError
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk, Gap, Picture

JPEG = b"\xff\xd8\xff"
times = st.floats(0.0, 1e8)
durations = st.floats(0.1, 2.0)
pictures = st.builds(Picture, times, st.binary(max_size=40).map(lambda tail: JPEG + tail))
gaps = st.tuples(times, times, st.text(min_size=1, max_size=64)).map(
    lambda parts: Gap(min(parts[:2]), max(parts[:2]), parts[2])
)
chunks = st.builds(
    Chunk,
    seq=st.integers(1, 2**53 - 1),
    t=times,
    d=durations,
    video=st.lists(pictures, max_size=4),
    audio=st.none() | st.integers(0, 1600).map(lambda samples: b"\x01\x02" * samples),
    gap=st.none() | gaps,
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
almost_chunks = st.fixed_dictionaries(
    {},
    optional={
        "seq": st.integers(-2, 5) | anything,
        "t": st.floats() | anything,
        "d": st.just(0.5) | st.floats() | anything,
        "video": st.lists(
            st.fixed_dictionaries(
                {}, optional={"t": st.floats(), "data": st.just(JPEG) | anything}
            ),
            max_size=6,
        )
        | anything,
        "audio": st.binary(max_size=9) | anything,
        "gap": st.fixed_dictionaries(
            {}, optional={"t0": st.floats(), "t1": st.floats(), "reason": anything}
        )
        | anything,
    },
)


def refusal(decode: Callable[[Any], Any], data: str | bytes) -> ProtocolError | None:
    """Why `data` is refused; any error that is not a ProtocolError fails the test."""
    try:
        decode(data)
    except ProtocolError as error:
        return error
    return None


def check_chunk(data: bytes) -> None:
    refused = refusal(protocol.decode_chunk, data)
    if refused is not None:
        assert refused.field
        assert refused.message
        return
    chunk = protocol.decode_chunk(data)
    assert 1 <= chunk.seq < 2**53
    assert math.isfinite(chunk.t + chunk.d)
    assert all(math.isfinite(picture.t) for picture in chunk.video)
    assert chunk.audio is None or len(chunk.audio) % 2 == 0


def check_text(data: str | bytes) -> None:
    for decode in (protocol.decode_client_text, protocol.decode_server_text):
        refused = refusal(decode, data)
        if refused is not None:
            assert refused.field
            continue
        message = decode(data)
        assert decode(protocol.encode_text(message)) == message


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    check_chunk(data)
    check_text(data)


@settings(max_examples=300, deadline=None)
@given(almost_chunks)
def test_almost_chunks(body: dict[str, Any]) -> None:
    check_chunk(msgspec.msgpack.encode(body))


@settings(max_examples=300, deadline=None)
@given(chunks, st.data())
def test_damaged_chunks(chunk: Chunk, data: st.DataObject) -> None:
    raw = bytearray(protocol.encode_chunk(chunk))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    check_chunk(bytes(raw))
    check_chunk(bytes(raw[:place]))


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=100))
def test_any_text(data: str) -> None:
    check_text(data)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["start", "end", "ready", "ack", "flow", "event", "goaway", "error", "x"]),
    st.dictionaries(
        st.sampled_from(["ticket", "media", "durable", "applied", "credits", "label", "x"]),
        st.none() | st.integers() | st.text(max_size=5) | st.floats(),
    ),
)
def test_almost_messages(kind: str, fields: dict[str, Any]) -> None:
    check_text(json.dumps({"type": kind} | fields))


@settings(max_examples=300, deadline=None)
@given(chunks)
def test_a_chunk_comes_back_equal(chunk: Chunk) -> None:
    assert protocol.decode_chunk(protocol.encode_chunk(chunk)) == chunk


@pytest.mark.parametrize(
    "message",
    [
        protocol.Start(ticket="x"),
        protocol.End(),
        protocol.Ready(session_id="s", next_seq=3, credits=2),
        protocol.Ack(durable=2, applied=1),
        protocol.Flow(credits=0),
        protocol.Event(seq=1, label="é", modality="gap", start_s=0.0, end_s=1.0, score=0.5),
        protocol.GoAway(time_left_s=1.0),
        protocol.Error(code="x", message="y", retryable=True),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_text_message_comes_back_equal(message: Any) -> None:
    client = isinstance(message, protocol.Start | protocol.End)
    decode = protocol.decode_client_text if client else protocol.decode_server_text
    assert decode(protocol.encode_text(message)) == message


def test_the_limits_are_the_ones_of_the_protocol_page() -> None:
    assert DEFAULT_LIMITS.max_picture_bytes == 512 * 1024
    assert (DEFAULT_LIMITS.max_pictures, DEFAULT_LIMITS.max_picture_side_px) == (4, 4096)
    assert (DEFAULT_LIMITS.min_chunk_s, DEFAULT_LIMITS.max_chunk_s) == (0.1, 2.0)
