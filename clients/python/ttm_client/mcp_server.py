"""An MCP server that lets an agent ask the memories. Knows only the client, no server insides.

Five tools, all reading: `list_sessions`, `ask_memory`, `get_timeline`, `get_summary`, `get_words`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field, RootModel

from ttm_client.client import Client
from ttm_protocol.answers import Answer, SessionInfo, Summary, Timeline, Words, from_plain
from ttm_protocol.errors import TTMError

T = TypeVar("T")

INSTRUCTIONS = (
    "ttmserve has watched and listened to live streams and keeps a fixed-size memory of each. "
    "Call list_sessions to find a session, then ask_memory with a question in plain English about "
    "what was seen or heard earlier: whether, when, how often, what before or after what. Trust "
    "the answer's state: only 'answered' is a finding, with its evidence. 'not_seen' means that it "
    "did not happen as far as memory knows, 'may_have_forgotten' that memory no longer covers it, "
    "'cannot_tell' that memory has no means to know it: ask more simply; 'not_received' that no "
    "picture or no sound came in at that time. Call get_summary to learn what happened over a "
    "longer time, get_words to read what was said and written. All times are "
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


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """The newest sessions, newest first."""

    sessions: list[SessionInfo]
    total: int
    """How many there are in all."""


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
    ) -> RootModel[Sessions]:
        """List the streams that can be asked about, newest first, with how much each has seen."""
        found = await _told(client.sessions())
        infos = from_plain(found, list[SessionInfo])
        newest = sorted(infos, key=lambda info: info.created_at, reverse=True)
        return RootModel(Sessions(sessions=newest[:limit], total=len(infos)))

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
        picture: Annotated[
            str | None,
            Field(
                description="Path of a JPEG, PNG or WebP file on this machine, at most 512 KiB, "
                "for a question about it, for instance 'When did you see this?'"
            ),
        ] = None,
    ) -> RootModel[Answer]:
        """Ask what was seen or heard earlier in a session; answers with evidence, or says no.

        Read `state` first: only "answered" is a finding.
        """
        session = client.session(session_id)
        asked = session.ask(question, since_s=since_s, until_s=until_s, picture=picture)
        return RootModel(await _told(asked))

    @server.tool(annotations=_READING)
    async def get_timeline(session_id: SessionId) -> RootModel[Timeline]:
        """List everything a session's memory holds, with times; for an overview, not one answer."""
        return RootModel(await _told(client.session(session_id).timeline()))

    @server.tool(annotations=_READING)
    async def get_summary(
        session_id: SessionId, since_s: Since = None, until_s: Until = None
    ) -> RootModel[Summary]:
        """Sum up what was seen and heard in a session, or in a part of it, by stretches of time.

        For "what happened?"; to learn about one thing use ask_memory.
        """
        session = client.session(session_id)
        return RootModel(await _told(session.summary(since_s=since_s, until_s=until_s)))

    @server.tool(annotations=_READING)
    async def get_words(
        session_id: SessionId, since_s: Since = None, until_s: Until = None
    ) -> RootModel[Words]:
        """Read what was said and what was written in a session, word for word, with times.

        It may hold words that were understood wrongly: `p` says how sure each passage is. What was
        said in the last seconds may still be missing, see `words_until_s`.
        """
        session = client.session(session_id)
        return RootModel(await _told(session.words(since_s=since_s, until_s=until_s)))

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
