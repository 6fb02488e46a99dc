"""An MCP server that lets an agent ask the memories. Knows only the REST client, no server insides.

Three tools, all reading: `list_sessions`, `ask_memory`, `get_timeline`. Needs the package `mcp`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any, Literal, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from ttm_client.rest import Client
from ttm_protocol.errors import TTMError

T = TypeVar("T")

INSTRUCTIONS = (
    "ttmserve has watched and listened to live streams and keeps a fixed-size memory of each. "
    "Call list_sessions to find a session, then ask_memory with a question in plain English about "
    "what was seen or heard earlier: whether, when, how often, what before or after what. Trust "
    "the answer's state: only 'answered' is a finding, with its evidence. 'not_seen' means that it "
    "did not happen as far as memory knows, 'may_have_forgotten' that memory no longer covers it, "
    "'cannot_tell' that this kind of question is not supported: ask more simply. All times are "
    "seconds since the start of that session's stream."
)
_READING = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

SessionId = Annotated[str, Field(description="A session_id from list_sessions.")]
Since = Annotated[
    float | None, Field(description="Only what happened from this second of the stream on.", ge=0)
]
Until = Annotated[
    float | None, Field(description="Only what happened up to this second of the stream.", ge=0)
]


class SessionLine(BaseModel):
    """One session, as an agent needs it."""

    session_id: str
    status: Literal["live", "idle", "ended", "quarantined"] = Field(
        description="live: a client is streaming; idle: none is; ended: the stream is complete; "
        "quarantined: set aside, it cannot be asked for a while."
    )
    created_at: float = Field(description="Unix seconds.")
    media_s: float = Field(description="Seconds of media in memory so far.")
    lag_chunks: int = Field(description="Half-second chunks that are not in memory yet.")


class Sessions(BaseModel):
    """The newest sessions, newest first."""

    sessions: list[SessionLine]
    total: int = Field(description="How many there are in all.")


class WhenIt(BaseModel):
    """When it happened."""

    start_s: float
    end_s: float
    ago_s: float = Field(description="Seconds before as_of_s.")
    uncertainty_s: float = Field(description="The times may be off by this much.")


class Entry(BaseModel):
    """Something that memory holds."""

    modality: Literal["video", "audio", "gap"] = Field(
        description="video: seen; audio: heard; gap: media is missing here."
    )
    label: str
    start_s: float
    end_s: float
    score: float
    count: int = Field(description="How many times it was noticed.")


class MemoryAnswer(BaseModel):
    """What memory answers."""

    state: Literal["answered", "not_seen", "may_have_forgotten", "cannot_tell"]
    answer: str
    confidence: float = Field(description="From 0 to 1.")
    when: WhenIt | None = None
    evidence: list[Entry]
    as_of_s: float = Field(description="Memory had reached this second when it answered.")
    coverage_since_s: float = Field(description="Memory reaches back to this second.")


class MemoryTimeline(BaseModel):
    """All that memory holds, oldest first."""

    events: list[Entry]
    coverage_since_s: float = Field(description="Memory reaches back to this second.")


def make_server(url: str, api_key: str | None = None) -> MCPServer[None]:
    """The MCP server for the ttmserve at `url`; it connects when a tool is called."""
    client = Client(url, api_key)

    @asynccontextmanager
    async def lifespan(_server: MCPServer[None]) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await client.close()

    server: MCPServer[None] = MCPServer(
        "ttmserve",
        title="ttmserve: memory of live video and sound",
        instructions=INSTRUCTIONS,
        version=version("ttmserve"),
        lifespan=lifespan,
        log_level="WARNING",
    )

    @server.tool(annotations=_READING)
    async def list_sessions(
        limit: Annotated[int, Field(description="At most this many.", ge=1, le=500)] = 50,
    ) -> Sessions:
        """List the streams that can be asked about, newest first, with how much each has seen."""
        found = await _told(client.sessions())
        newest = sorted(found, key=lambda info: float(info["created_at"]), reverse=True)
        lines = [SessionLine.model_validate(info) for info in newest[:limit]]
        return Sessions(sessions=lines, total=len(found))

    @server.tool(annotations=_READING)
    async def ask_memory(
        session_id: SessionId,
        question: Annotated[
            str,
            Field(
                description="In plain English, about earlier events, for instance 'When did the "
                "dog bark?', 'What did you see before the cup?', 'How many times did a bell ring?'"
            ),
        ],
        since_s: Since = None,
        until_s: Until = None,
    ) -> MemoryAnswer:
        """Ask what was seen or heard earlier in a session; answers with evidence, or says no.

        Read `state` first: only "answered" is a finding.
        """
        body = await _told(client.ask(session_id, question, since_s, until_s))
        return MemoryAnswer.model_validate(body)

    @server.tool(annotations=_READING)
    async def get_timeline(session_id: SessionId) -> MemoryTimeline:
        """List everything a session's memory holds, with times; for an overview, not one answer."""
        body = await _told(client.timeline(session_id))
        entries = sorted(body["events"], key=lambda event: float(event["start_s"]))
        return MemoryTimeline(
            events=[Entry.model_validate(entry) for entry in entries],
            coverage_since_s=body["coverage_since_s"],
        )

    return server


async def _told(call: Awaitable[T]) -> T:
    """The call's result; what the server refuses becomes a tool error in plain text."""
    try:
        return await call
    except TTMError as error:
        raise ToolError(error.message) from error


def serve_mcp(url: str, api_key: str | None = None, http_port: int | None = None) -> None:
    """Serve until standard input ends, or on loopback at /mcp where a port is given."""
    server: MCPServer[Any] = make_server(url, api_key)
    if http_port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=http_port, stateless_http=True)
