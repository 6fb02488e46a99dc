"""The golden vectors: what every implementation of the protocol must read, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ttm_protocol import messages as protocol
from ttm_protocol.errors import ProtocolError, outcome_of
from ttm_protocol.messages import Chunk, Gap, Limits, Picture

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "protocol.json").read_text())
DECODE_TEXT = {
    "client_text": protocol.decode_client_text,
    "server_text": protocol.decode_server_text,
}
TEXT_KINDS = tuple(DECODE_TEXT)


def cases(kind: str, validity: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in GOLDEN[kind][validity]]


def text_cases(validity: str) -> list[Any]:
    return [
        pytest.param(kind, case, id=f"{kind}: {case['name']}")
        for kind in TEXT_KINDS
        for case in GOLDEN[kind][validity]
    ]


def text_of(case: dict[str, Any]) -> str:
    if "text" in case:
        return str(case["text"])
    return "".join(part * times for part, times in case["parts"])


def bytes_of(case: dict[str, Any]) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    return b"".join(bytes.fromhex(part) * times for part, times in case["parts"])


def chunk_of(decoded: dict[str, Any]) -> Chunk:
    audio, gap = decoded["audio_hex"], decoded["gap"]
    return Chunk(
        seq=decoded["seq"],
        t=decoded["t"],
        d=decoded["d"],
        video=[Picture(p["t"], bytes.fromhex(p["data_hex"])) for p in decoded["video"]],
        audio=None if audio is None else bytes.fromhex(audio),
        gap=None if gap is None else Gap(**gap),
    )


def test_the_file_states_the_limits_of_the_protocol() -> None:
    assert GOLDEN["limits"] == msgspec.to_builtins(Limits())
    assert GOLDEN["subprotocol"] == protocol.SUBPROTOCOL


def test_every_message_type_has_a_valid_vector() -> None:
    seen = {case["decoded"]["type"] for kind in TEXT_KINDS for case in GOLDEN[kind]["valid"]}
    assert seen == {"start", "end", "ready", "ack", "flow", "event", "goaway", "error"}


@pytest.mark.parametrize(("kind", "case"), text_cases("valid"))
def test_valid_text(kind: str, case: dict[str, Any]) -> None:
    message = DECODE_TEXT[kind](text_of(case))
    assert msgspec.to_builtins(message) == case["decoded"]
    assert DECODE_TEXT[kind](text_of(case).encode()) == message
    assert DECODE_TEXT[kind](protocol.encode_text(message)) == message
    if case["canonical"]:
        assert json.loads(protocol.encode_text(message)) == json.loads(text_of(case))


@pytest.mark.parametrize(("kind", "case"), text_cases("invalid"))
def test_invalid_text(kind: str, case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        DECODE_TEXT[kind](text_of(case))
    assert (outcome_of(caught.value).code, caught.value.field) == (case["code"], case["field"])


@pytest.mark.parametrize("case", cases("chunk", "valid"))
def test_valid_chunk(case: dict[str, Any]) -> None:
    data = bytes_of(case)
    chunk = protocol.decode_chunk(data)
    assert chunk == chunk_of(case["decoded"])
    assert protocol.decode_chunk(protocol.encode_chunk(chunk)) == chunk
    if case["canonical"]:
        assert protocol.encode_chunk(chunk_of(case["decoded"])).hex() == data.hex()


@pytest.mark.parametrize("case", cases("chunk", "invalid"))
def test_invalid_chunk(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        protocol.decode_chunk(bytes_of(case))
    assert (outcome_of(caught.value).code, caught.value.field) == (case["code"], case["field"])
