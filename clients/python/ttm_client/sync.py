"""The SDK without asyncio: the same names, each call waits. Knows only the asynchronous one.

    with Client("http://127.0.0.1:8000") as client, client.session() as session:
        session.stream("film.mp4")
        print(session.ask("When did somebody speak?"))

Every Client has a thread of its own, in which its event loop and all callbacks run.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from ttm_client import client, session
from ttm_client.source import MediaChunk, Source
from ttm_client.streaming import Notice, Report, StreamProgress
from ttm_protocol.answers import Answer, SessionInfo, Summary, Taught, Things, Timeline, Words

T = TypeVar("T")
CLOSED_WITHIN_S = 10.0


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="ttm-client", daemon=True
        )
        self._thread.start()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine's result; an interrupt cancels it."""
        if threading.current_thread() is self._thread or self._loop.is_closed():
            call.close()
            raise RuntimeError(
                "this client is closed"
                if self._loop.is_closed()
                else "a callback runs in the client's own thread and cannot wait for the client"
            )
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSED_WITHIN_S)
        self._loop.close()


class Client:
    """:class:`ttm_client.Client` whose calls wait; from any thread but a callback's."""

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        self._loop = _Loop()
        self._client = client.Client(base_url, api_key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and end the thread."""
        try:
            self._loop.run(self._client.close())
        finally:
            self._loop.close()

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._client.base_url

    def session(self, session_id: str | None = None, *, temporary: bool = False) -> Session:
        """A session to stream into and to ask: `with client.session() as session: …`."""
        return Session(self._loop, self._client.session(session_id, temporary=temporary))

    def create_session(self) -> dict[str, Any]:
        """A new session: `session_id`, `ticket`, `ticket_expires_s`, `stream_url`."""
        return self._loop.run(self._client.create_session())

    def info(self, session_id: str) -> dict[str, Any]:
        """One session's status, positions, gaps, model and memory."""
        return self._loop.run(self._client.info(session_id))

    def sessions(self) -> list[dict[str, Any]]:
        """Every session, oldest first."""
        return self._loop.run(self._client.sessions())

    def delete(self, session_id: str) -> None:
        """Delete a session and every key of it."""
        self._loop.run(self._client.delete(session_id))

    def ask(
        self,
        session_id: str,
        question: str,
        since_s: float | None = None,
        until_s: float | None = None,
        conversation: str | None = None,
        picture: bytes | str | Path | None = None,
    ) -> dict[str, Any]:
        """Ask about the past, within `[since_s, until_s]` media seconds where given."""
        return self._loop.run(
            self._client.ask(session_id, question, since_s, until_s, conversation, picture)
        )

    def timeline(self, session_id: str) -> dict[str, Any]:
        """What memory holds, decoded: `events` and `coverage_since_s`."""
        return self._loop.run(self._client.timeline(session_id))

    def summary(
        self, session_id: str, since_s: float | None = None, until_s: float | None = None
    ) -> dict[str, Any]:
        """What happened within `[since_s, until_s]` media seconds, by stretches of time."""
        return self._loop.run(self._client.summary(session_id, since_s, until_s))

    def words(
        self, session_id: str, since_s: float | None = None, until_s: float | None = None
    ) -> dict[str, Any]:
        """What was said and written: `words`, `coverage_since_s` and `words_until_s`."""
        return self._loop.run(self._client.words(session_id, since_s, until_s))

    def words_vtt(
        self, session_id: str, since_s: float | None = None, until_s: float | None = None
    ) -> str:
        """The same as captions, a WebVTT file."""
        return self._loop.run(self._client.words_vtt(session_id, since_s, until_s))

    def things(self, session_id: str) -> dict[str, Any]:
        """The taught things: `things` and their `limit`."""
        return self._loop.run(self._client.things(session_id))

    def teach(
        self,
        session_id: str,
        name: str,
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> dict[str, Any]:
        """Bind what was just seen or heard, or what was there in a stretch of time, to a name."""
        return self._loop.run(self._client.teach(session_id, name, since_s, until_s))

    def forget(self, session_id: str, name: str) -> None:
        """Forget a taught name."""
        self._loop.run(self._client.forget(session_id, name))

    def vocabulary(self) -> dict[str, Any]:
        """What the server's senses can recognise: `preset` and `senses`."""
        return self._loop.run(self._client.vocabulary())

    def export_memory(self, session_id: str) -> bytes:
        """The committed memory as a safetensors file."""
        return self._loop.run(self._client.export_memory(session_id))

    def import_memory(self, session_id: str, file: bytes) -> dict[str, Any]:
        """Put an exported memory in the place of the session's own."""
        return self._loop.run(self._client.import_memory(session_id, file))

    def fork(self, session_id: str) -> dict[str, Any]:
        """A new session with a copy of this one's committed memory."""
        return self._loop.run(self._client.fork(session_id))

    def ready(self) -> bool:
        """Whether the server says that it can serve."""
        return self._loop.run(self._client.ready())


class Session:
    """:class:`ttm_client.Session` whose calls wait; made by :meth:`Client.session`."""

    def __init__(self, loop: _Loop, wrapped: session.Session) -> None:
        self._loop = loop
        self._session = wrapped

    def __enter__(self) -> Self:
        self._loop.run(self._session.__aenter__())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.run(self._session.__aexit__(*exc_info))

    @property
    def id(self) -> str:
        """The session's id."""
        return self._session.id

    def stream(
        self,
        source: Source | Iterable[MediaChunk] | str | Path,
        *,
        speed: float | None = None,
        live: bool | None = None,
        resume: bool = False,
        on_progress: Report | None = None,
        on_event: Notice | None = None,
        give_up_after_s: float = 30.0,
    ) -> StreamProgress:
        """As :meth:`ttm_client.Session.stream`; callbacks run in the client's thread."""
        return self._loop.run(
            self._session.stream(
                source,
                speed=speed,
                live=live,
                resume=resume,
                on_progress=on_progress,
                on_event=on_event,
                give_up_after_s=give_up_after_s,
            )
        )

    def ask(
        self,
        question: str,
        *,
        since_s: float | None = None,
        until_s: float | None = None,
        conversation: str | None = None,
        picture: bytes | str | Path | None = None,
    ) -> Answer:
        """As :meth:`ttm_client.Session.ask`."""
        return self._loop.run(
            self._session.ask(
                question,
                since_s=since_s,
                until_s=until_s,
                conversation=conversation,
                picture=picture,
            )
        )

    def conversation(self) -> Conversation:
        """Questions that may lean on the one before ("and before that?")."""
        return Conversation(self._loop, self._session.conversation())

    def timeline(self) -> Timeline:
        """What memory holds, decoded."""
        return self._loop.run(self._session.timeline())

    def summary(self, *, since_s: float | None = None, until_s: float | None = None) -> Summary:
        """As :meth:`ttm_client.Session.summary`."""
        return self._loop.run(self._session.summary(since_s=since_s, until_s=until_s))

    def words(self, *, since_s: float | None = None, until_s: float | None = None) -> Words:
        """What was said and written, as far as memory holds it."""
        return self._loop.run(self._session.words(since_s=since_s, until_s=until_s))

    def words_vtt(self, *, since_s: float | None = None, until_s: float | None = None) -> str:
        """The same as captions, a WebVTT file."""
        return self._loop.run(self._session.words_vtt(since_s=since_s, until_s=until_s))

    def teach(
        self, name: str, *, since_s: float | None = None, until_s: float | None = None
    ) -> Taught:
        """As :meth:`ttm_client.Session.teach`."""
        return self._loop.run(self._session.teach(name, since_s=since_s, until_s=until_s))

    def things(self) -> Things:
        """The taught things."""
        return self._loop.run(self._session.things())

    def forget(self, name: str) -> None:
        """As :meth:`ttm_client.Session.forget`."""
        self._loop.run(self._session.forget(name))

    def info(self) -> SessionInfo:
        """Status, positions, gaps, model and memory."""
        return self._loop.run(self._session.info())

    def export_memory(self) -> bytes:
        """The committed memory as a safetensors file."""
        return self._loop.run(self._session.export_memory())

    def import_memory(self, file: bytes) -> SessionInfo:
        """Put an exported memory in the place of this session's; the session afterwards."""
        return self._loop.run(self._session.import_memory(file))

    def fork(self) -> Session:
        """A new session with a copy of this one's committed memory."""
        return Session(self._loop, self._loop.run(self._session.fork()))

    def delete(self) -> None:
        """Delete the session and everything of it."""
        self._loop.run(self._session.delete())


class Conversation:
    """:class:`ttm_client.Conversation` whose calls wait."""

    def __init__(self, loop: _Loop, wrapped: session.Conversation) -> None:
        self._loop = loop
        self._conversation = wrapped

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self._conversation.id

    def ask(
        self,
        question: str,
        *,
        since_s: float | None = None,
        until_s: float | None = None,
        picture: bytes | str | Path | None = None,
    ) -> Answer:
        """As :meth:`ttm_client.Conversation.ask`."""
        return self._loop.run(
            self._conversation.ask(question, since_s=since_s, until_s=until_s, picture=picture)
        )
