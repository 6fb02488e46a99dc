"""One stream connection as a state machine without I/O: messages in, messages and a close out.

Knows no socket, no clock, no store and no asyncio; an adapter feeds it what came from the wire
and sends what :meth:`ServerConnection.data_to_send` returns.

    OPENING --start--> STARTED --ready()--> STREAMING --end--> ENDING --end()--> CLOSED
                                     fail() leads from any state to CLOSED
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import msgspec

from ttm_protocol.errors import PolicyError, ProtocolError, TooBig, TTMError, outcome_of
from ttm_protocol.messages import (
    DEFAULT_LIMITS,
    Ack,
    Chunk,
    End,
    Error,
    Event,
    Flow,
    GoAway,
    Limits,
    Ready,
    ServerText,
    Start,
    decode_chunk,
    decode_client_text,
    encode_text,
)

NORMAL_CLOSE = 1000
MAX_CLOSE_REASON_BYTES = 123  # RFC 6455, section 5.5: 125 bytes of control frame less the code
SUPPORTED_MEDIA = ("chunks",)


class State(Enum):
    """Where a connection stands."""

    OPENING = "opening"  # waits for `start`
    STARTED = "started"  # `start` is being checked; nothing may be sent until `ready`
    STREAMING = "streaming"
    ENDING = "ending"  # the client sent `end`
    CLOSED = "closed"  # a close has been queued


@dataclass(frozen=True, slots=True)
class MediaBytes:
    """A piece of a live container stream, for connections started with media `webm`."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The last thing to send: a close frame with this code and reason."""

    code: int
    reason: str


class ServerConnection:
    """The server's side of one stream connection.

    `media` names the kinds of media this server takes; a `start` that asks for another is refused.
    """

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, media: tuple[str, ...] = SUPPORTED_MEDIA
    ) -> None:
        self.limits = limits
        self.state = State.OPENING
        self._supported = media
        self._media = "chunks"
        self._last: Chunk | None = None
        self._queue: list[str | Close] = []
        self._ack: Ack | None = None  # the newest acknowledgement, sent or not
        self._ack_waits = False
        self._credits: int | None = None
        self._flow_waits = False

    # --- in ---------------------------------------------------------------------------------------

    def receive(self, data: str | bytes) -> Start | Chunk | MediaBytes | End:
        """Decode one message from the client, text as str and binary as bytes.

        Raises ProtocolError, TooBig or PolicyError; the caller passes them to :meth:`fail`.
        """
        if self.state is State.CLOSED:
            raise PolicyError("message: the connection is closed")
        if self.state is State.ENDING:
            raise PolicyError("message: nothing may follow `end`", field="message")
        if isinstance(data, str):
            return self._receive_text(data)
        return self._receive_binary(data)

    def _receive_text(self, data: str) -> Start | End:
        message = decode_client_text(data, self.limits)
        if isinstance(message, Start):
            if self.state is not State.OPENING:
                raise PolicyError("start: the stream has already been started", field="type")
            if message.media not in self._supported:
                raise PolicyError(
                    f"start.media: {message.media!r} is not yet supported by this server; "
                    f"send {' or '.join(map(repr, self._supported))}",
                    field="media",
                )
            most_s = self.limits.max_time_s
            if message.t is not msgspec.UNSET and not -most_s <= message.t <= most_s:
                raise ProtocolError(
                    f"start.t: {message.t} is not in {-most_s:g}..{most_s:g} seconds", field="t"
                )
            self._media = message.media
            self.state = State.STARTED
            return message
        self._expect_streaming("end")
        self.state = State.ENDING
        return message

    def _receive_binary(self, data: bytes) -> Chunk | MediaBytes:
        self._expect_streaming("media")
        if self._media == "webm":
            most = self.limits.max_message_bytes
            if len(data) > most:
                raise TooBig(f"media: {len(data)} bytes, at most {most}", field="media")
            return MediaBytes(data)
        chunk = decode_chunk(data, self.limits)
        last = self._last
        if last is not None and chunk.seq <= last.seq:
            return chunk  # sent again: the store knows its first copy
        if last is not None and chunk.t < last.t:
            raise ProtocolError(
                f"t: {chunk.t} of chunk {chunk.seq} lies before {last.t} of chunk {last.seq}; "
                "the media clock may not go back",
                field="t",
            )
        self._last = chunk
        return chunk

    def _expect_streaming(self, what: str) -> None:
        if self.state is State.OPENING:
            raise PolicyError(f"{what}: the first message must be `start`", field="message")
        if self.state is State.STARTED:
            raise PolicyError(
                f"{what}: wait for `ready`, which names the seq to send from", field="message"
            )

    # --- out --------------------------------------------------------------------------------------

    def ready(
        self,
        session_id: str,
        next_seq: int,
        credits: int,
        t: float | msgspec.UnsetType = msgspec.UNSET,
    ) -> None:
        """Open the stream: the client sends from `next_seq`, `credits` chunks ahead at most.

        `t`: where on the media clock a container goes on, for media `webm`.
        """
        if self.state is State.CLOSED:
            return
        assert self.state is State.STARTED, f"ready() in {self.state}"
        self.state = State.STREAMING
        self._credits = credits
        self._say(
            Ready(
                session_id=session_id,
                next_seq=next_seq,
                credits=credits,
                limits=self.limits,
                t=t,
            )
        )

    def progress(self, durable: int, applied: int) -> None:
        """Acknowledge; queues an `ack` only where a position moved forward, one at most."""
        old = self._ack or Ack(durable=-1, applied=-1)
        new = Ack(durable=max(durable, old.durable), applied=max(applied, old.applied))
        if self._open and new != old:
            self._ack = new
            self._ack_waits = True

    def repeat_ack(self) -> None:
        """Acknowledge the same positions again: the client sent a chunk that was durable."""
        self._ack_waits = self._open and self._ack is not None

    def credits(self, credits: int) -> None:
        """Say how many chunks may be unacknowledged; queues a `flow` only where that changed."""
        if self._open and credits != self._credits:
            self._credits = credits
            self._flow_waits = True

    def event(self, event: Event) -> None:
        """Relay what the worker noticed."""
        if self._open:
            self._say(event)

    def goaway(self, time_left_s: float) -> None:
        """Ask the client to reconnect elsewhere within `time_left_s`."""
        if self.state is not State.CLOSED:
            self._say(GoAway(time_left_s=time_left_s))

    def fail(self, error: TTMError) -> None:
        """Queue an `error` and the close that the table of errors gives; later calls do nothing."""
        if self.state is State.CLOSED:
            return
        outcome = outcome_of(error)
        self._flush_positions()
        self._say(Error(code=outcome.code, message=error.message, retryable=outcome.retryable))
        self._close(outcome.close_code, error.message)

    def end(self) -> None:
        """Close normally, after everything has been applied and acknowledged."""
        if self.state is not State.CLOSED:
            self._flush_positions()
            self._close(NORMAL_CLOSE, "end")

    def data_to_send(self) -> list[str | Close]:
        """Take what is to be sent, in order: text messages, and a Close as the last of all."""
        self._flush_positions()
        queued, self._queue = self._queue, []
        return queued

    @property
    def _open(self) -> bool:
        return self.state in (State.STREAMING, State.ENDING)

    def _say(self, message: ServerText) -> None:
        self._queue.append(encode_text(message))

    def _flush_positions(self) -> None:
        """Move the waiting `ack` and `flow` into the queue: until then newer ones replace them."""
        if self._ack_waits and self._ack is not None:
            self._ack_waits = False
            self._say(self._ack)
        if self._flow_waits and self._credits is not None:
            self._flow_waits = False
            self._say(Flow(credits=self._credits))

    def _close(self, code: int, reason: str) -> None:
        short = reason.encode(errors="replace")[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore")
        self._queue.append(Close(code, short))
        self.state = State.CLOSED
