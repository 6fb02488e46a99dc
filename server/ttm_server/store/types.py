"""What goes in and out of the store: plain values. Knows neither Redis nor keys."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal

import msgspec

from ttm_protocol.messages import Event, Gap

Status = Literal["live", "idle", "ended", "quarantined"]
# Of what a worker is asked; `teach` and `forget` change the memory.
AskKind = Literal["question", "timeline", "summary", "teach", "forget", "things", "words"]


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/sessions/{id}` tells; field names are the REST ones."""

    session_id: str
    status: Status
    created_at: float
    durable_seq: int
    applied_seq: int
    media_s: float
    gaps: list[Gap]
    model: dict[str, Any]
    memory: dict[str, Any]
    tiered: bool = False


class StreamOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that now owns the sending side of a session."""

    connection: str
    next_seq: int
    applied: int
    last_event_id: str


class IngestStatus(Enum):
    """What became of a chunk that was offered to the store."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    BUSY = "busy"


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `ingest`: positions after it, and how many chunks wait for a worker."""

    status: IngestStatus
    durable: int
    applied: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session stands, and the events since the last look."""

    durable: int
    applied: int
    current: bool
    events: list[Event]
    last_event_id: str


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """A committed state: the fold over chunks 1..seq, exactly what the next step starts from."""

    seq: int
    memory: bytes
    media_s: float
    gaps: list[Gap]
    model: dict[str, Any]
    shape: dict[str, Any]


class Acquired(msgspec.Struct, frozen=True, kw_only=True):
    """A session that a worker now owns: its fence token and where to go on.

    `crashes`: how many owners died at this position; with any, it must be tried alone. `kept`: what
    the last commit said of the input that it kept; None where the memory is not made of that input.
    `tiered`: names the object that holds its memory and that input, where these are not in the
    store; `state` is then None, and `bring_back` comes first.
    """

    fence: str
    applied: int
    state: SessionState | None
    crashes: int = 0
    kept: str | None = None
    tiered: str | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit leaves of the input that it has taken in: chunks from `first` on.

    `said` is told to the next owner as it is.
    """

    first: int
    said: str = ""


class CommitResult(Enum):
    """What a commit did; a lost ownership is an exception, not a result."""

    COMMITTED = "committed"
    ALREADY = "already"
    REFUSED = "refused"  # a flush: the stream goes on; a question: nobody waits for it any more


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A question on its way to whoever owns the session; answered after chunk `barrier`.

    `before`: what its conversation holds, None at its beginning. `live`: a client was connected
    when the question was found. `wall_zero`: Unix time of media second 0, where the stream came in
    as it happened. `origin`: whose request it is, for logs and traces.
    """

    ask_id: str
    kind: AskKind
    barrier: int
    body: dict[str, Any]
    conversation: str | None = None
    before: dict[str, Any] | None = None
    live: bool = False
    wall_zero: float | None = None
    origin: dict[str, str] = {}


class OpenWork(msgspec.Struct, frozen=True, kw_only=True):
    """What of a session waits besides chunks.

    `flush_at`: the stream has ended after this chunk and that is not in memory yet.
    """

    asks: list[Ask]
    flush_at: int | None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for an ask: a JSON body, or an error's code, message and field."""

    ask_id: str
    body: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    error_field: str | None = None
