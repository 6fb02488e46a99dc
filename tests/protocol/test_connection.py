"""The connection's state machine, message by message and under arbitrary sequences."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ttm_protocol.errors import (
    AuthError,
    Overloaded,
    PolicyError,
    ProtocolError,
    Restarting,
    SessionNotFound,
    StartTimeout,
    StoreUnavailable,
    Superseded,
    TooBig,
    TTMError,
)
from ttm_protocol.messages import Chunk, End, Event, Start, encode_chunk
from ttm_server.connection import Close, MediaBytes, ServerConnection, State

START = '{"type":"start","ticket":"t"}'
END = '{"type":"end"}'
EVENT = Event(seq=1, label="bell", modality="audio", start_s=0.0, end_s=0.5, score=1.0)


def chunk(seq: int, t: float | None = None) -> bytes:
    return encode_chunk(Chunk(seq=seq, t=(seq - 1) * 0.5 if t is None else t, d=0.5))


def streaming(**options: Any) -> ServerConnection:
    connection = ServerConnection(**options)
    connection.receive(START)
    connection.ready("s", 1, 8)
    connection.data_to_send()
    return connection


def sent(connection: ServerConnection) -> list[Any]:
    return [
        item if isinstance(item, Close) else json.loads(item) for item in connection.data_to_send()
    ]


def test_from_start_to_end() -> None:
    connection = ServerConnection()
    assert connection.receive(START) == Start(ticket="t")
    assert connection.state is State.STARTED
    assert sent(connection) == []
    connection.ready("s1", 4, 8)
    (ready,) = sent(connection)
    assert (ready["type"], ready["session_id"], ready["next_seq"]) == ("ready", "s1", 4)
    assert ready["limits"]["max_picture_bytes"] == 524288
    received = connection.receive(chunk(4))
    assert isinstance(received, Chunk)
    assert received.seq == 4
    connection.progress(4, 3)
    assert connection.receive(END) == End()
    connection.progress(4, 4)
    connection.end()
    assert sent(connection) == [{"type": "ack", "durable": 4, "applied": 4}, Close(1000, "end")]
    assert connection.state is State.CLOSED


@pytest.mark.parametrize("data", [b"", chunk(1), END], ids=["empty binary", "chunk", "end"])
def test_nothing_but_start_comes_first(data: str | bytes) -> None:
    with pytest.raises(PolicyError, match="first message must be `start`"):
        ServerConnection().receive(data)


@pytest.mark.parametrize("data", [chunk(1), END], ids=["chunk", "end"])
def test_nothing_may_come_before_ready(data: str | bytes) -> None:
    connection = ServerConnection()
    connection.receive(START)
    with pytest.raises(PolicyError, match="wait for `ready`"):
        connection.receive(data)


def test_a_second_start_is_refused() -> None:
    with pytest.raises(PolicyError, match="already been started"):
        streaming().receive(START)


@pytest.mark.parametrize("data", [chunk(1), END, START], ids=["chunk", "end", "start"])
def test_nothing_may_follow_end(data: str | bytes) -> None:
    connection = streaming()
    connection.receive(END)
    with pytest.raises(PolicyError, match="nothing may follow `end`"):
        connection.receive(data)


def test_a_kind_of_media_that_this_server_does_not_take() -> None:
    with pytest.raises(PolicyError, match="not yet supported by this server") as caught:
        ServerConnection().receive('{"type":"start","media":"webm"}')
    assert caught.value.field == "media"


def test_a_server_that_takes_containers_gets_their_bytes() -> None:
    connection = ServerConnection(media=("chunks", "webm"))
    connection.receive('{"type":"start","media":"webm"}')
    connection.ready("s", 1, 8)
    assert connection.receive(b"\x1a\x45\xdf\xa3") == MediaBytes(b"\x1a\x45\xdf\xa3")
    with pytest.raises(TooBig):
        connection.receive(bytes(4 * 1024 * 1024 + 1))


def test_the_media_clock_may_not_go_back() -> None:
    connection = streaming()
    connection.receive(chunk(1, t=5.0))
    connection.receive(chunk(2, t=5.0))
    with pytest.raises(ProtocolError, match="media clock may not go back") as caught:
        connection.receive(chunk(3, t=4.9))
    assert caught.value.field == "t"


def test_a_chunk_sent_again_is_no_step_back() -> None:
    connection = streaming()
    connection.receive(chunk(1, t=5.0))
    connection.receive(chunk(2, t=6.0))
    connection.receive(chunk(1, t=5.0))
    connection.receive(chunk(3, t=6.5))


def test_acks_are_coalesced_and_never_go_back() -> None:
    connection = streaming()
    connection.progress(0, 0)
    assert sent(connection) == [{"type": "ack", "durable": 0, "applied": 0}]
    connection.progress(0, 0)
    assert sent(connection) == []
    connection.progress(1, 0)
    connection.progress(3, 1)
    connection.progress(2, 2)
    assert sent(connection) == [{"type": "ack", "durable": 3, "applied": 2}]
    connection.progress(1, 1)
    assert sent(connection) == []
    connection.repeat_ack()
    connection.repeat_ack()
    assert sent(connection) == [{"type": "ack", "durable": 3, "applied": 2}]


def test_flow_is_sent_only_on_change() -> None:
    connection = streaming()
    connection.credits(8)
    assert sent(connection) == []
    connection.credits(3)
    connection.credits(0)
    assert sent(connection) == [{"type": "flow", "credits": 0}]


@pytest.mark.parametrize(
    ("error", "code", "close_code", "retryable"),
    [
        (ProtocolError("x"), "bad_message", 4400, False),
        (PolicyError("x"), "policy", 1008, False),
        (TooBig("x"), "too_big", 1009, False),
        (StartTimeout("x"), "start_timeout", 4408, True),
        (AuthError("x"), "unauthenticated", 4401, False),
        (SessionNotFound("x"), "no_such_session", 4404, False),
        (Superseded("x"), "superseded", 4409, False),
        (Overloaded("x"), "overloaded", 1013, True),
        (Restarting("x"), "restarting", 1012, True),
        (StoreUnavailable("x"), "store_unavailable", 1013, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, TTMError) else None,
)
def test_an_error_is_told_and_then_closes(
    error: TTMError, code: str, close_code: int, retryable: bool
) -> None:
    connection = streaming()
    connection.progress(2, 1)
    connection.fail(error)
    connection.fail(ProtocolError("a later one is not told"))
    connection.event(EVENT)
    connection.progress(3, 3)
    connection.goaway(1.0)
    assert sent(connection) == [
        {"type": "ack", "durable": 2, "applied": 1},
        {"type": "error", "code": code, "message": "x", "retryable": retryable},
        Close(close_code, "x"),
    ]


def test_a_long_reason_is_cut_between_characters() -> None:
    connection = streaming()
    connection.fail(ProtocolError("é" * 200))
    close = connection.data_to_send()[-1]
    assert isinstance(close, Close)
    assert close.reason == "é" * 61


def test_goaway_and_events_keep_their_order() -> None:
    connection = streaming()
    connection.event(EVENT)
    connection.goaway(2.0)
    assert [item["type"] for item in sent(connection)] == ["event", "goaway"]


seldom = st.sampled_from([False] * 9 + [True])  # what ends a connection, so that it lives a while


class AnySequence(RuleBasedStateMachine):
    """Whatever a client sends and whenever the server speaks: order and shape of the output."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = ServerConnection()
        self.output: list[str | Close] = []

    @initialize(opened=st.sampled_from([True, True, False]))
    def begin(self, opened: bool) -> None:
        if opened:  # else most sequences would end before they began
            self.connection.receive(START)
            self.connection.ready("s", 1, 8)

    def _receive(self, data: str | bytes) -> None:
        try:
            self.connection.receive(data)
        except ProtocolError as error:  # any other fails the test
            self.connection.fail(error)

    @rule(data=st.sampled_from([START, END, "", "{}", b"", b"\x80"]), now=seldom)
    def client_says(self, data: str | bytes, now: bool) -> None:
        if now:
            self._receive(data)

    @rule(seq=st.integers(1, 5))
    def client_sends_a_chunk(self, seq: int) -> None:
        self._receive(chunk(seq))

    @rule(seq=st.integers(0, 4), t=st.floats(-1.0, 4.0), now=seldom)
    def client_sends_any_chunk(self, seq: int, t: float, now: bool) -> None:
        if now:
            self._receive(chunk(seq, t))

    @rule(data=st.text(max_size=10) | st.binary(max_size=10), now=seldom)
    def client_sends_anything(self, data: str | bytes, now: bool) -> None:
        if now:
            self._receive(data)

    @rule(next_seq=st.integers(1, 9))
    def server_is_ready(self, next_seq: int) -> None:
        if self.connection.state is State.STARTED:
            self.connection.ready("s", next_seq, 8)

    @rule(durable=st.integers(0, 9), applied=st.integers(0, 9), again=st.booleans())
    def server_advances(self, durable: int, applied: int, again: bool) -> None:
        self.connection.progress(durable, applied)
        if again:
            self.connection.repeat_ack()

    @rule(credits=st.integers(0, 3))
    def server_gives_credits(self, credits: int) -> None:
        self.connection.credits(credits)
        self.connection.event(EVENT)

    @rule()
    def server_goes_away(self) -> None:
        self.connection.goaway(1.0)

    @rule(normally=st.booleans(), now=seldom)
    def server_ends(self, normally: bool, now: bool) -> None:
        if now and normally:
            self.connection.end()
        elif now:
            self.connection.fail(Restarting("x"))

    @rule()
    def adapter_sends(self) -> None:
        self.output += self.connection.data_to_send()

    @invariant()
    def the_output_is_well_formed(self) -> None:
        closes = [index for index, item in enumerate(self.output) if isinstance(item, Close)]
        assert closes in ([], [len(self.output) - 1])
        messages = [json.loads(item) for item in self.output if isinstance(item, str)]
        kinds = [message["type"] for message in messages]
        assert kinds.count("ready") <= 1
        assert "error" not in kinds[:-1]
        if "ready" not in kinds:
            assert not {"ack", "flow", "event"} & set(kinds)
        acks = [(m["durable"], m["applied"]) for m in messages if m["type"] == "ack"]
        assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(acks))
        if self.connection.state is State.CLOSED and closes:
            assert self.connection.data_to_send() == []


AnySequence.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestAnySequence = AnySequence.TestCase
