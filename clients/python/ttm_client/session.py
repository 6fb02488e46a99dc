"""One session as an object: stream into it, ask it. Knows no socket and no media format."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from ttm_client.rest import Rest
from ttm_client.source import MediaChunk, Source
from ttm_client.streaming import Notice, Report, StreamProgress, stream
from ttm_protocol.answers import (
    Answer,
    SessionInfo,
    Summary,
    Taught,
    Things,
    Timeline,
    Words,
    from_plain,
)
from ttm_protocol.errors import BadRequest, Overloaded
from ttm_protocol.messages import Gap, Picture

CAUGHT_UP_WITHIN_S = 30.0
POLL_S = 0.1


class Session:
    """`async with client.session() as session:` a new one, or an existing one by its id.

    Leaving it keeps the session: its memory can be asked for as long as the server has it; unless
    it is `temporary`, then it is deleted. Every call raises the TTMError that the server names:
    SessionNotFound, AuthError, Overloaded, AnswerTimeout, StoreUnavailable …
    """

    def __init__(
        self, client: Rest, session_id: str | None = None, *, temporary: bool = False
    ) -> None:
        self._client = client
        self._id = session_id
        self._temporary = temporary

    async def __aenter__(self) -> Self:
        if self._id is None:
            self._id = str((await self._client.create_session())["session_id"])
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._temporary and self._id is not None:
            await self.delete()

    def __await__(self) -> Generator[Any, None, dict[str, Any]]:
        """`await client.session(id)`: the same as `await client.info(id)`."""
        return self._client.info(self.id).__await__()

    @property
    def id(self) -> str:
        """The session's id; BadRequest for a new one that has not been entered yet."""
        if self._id is None:
            raise BadRequest("session: a new one begins with `async with client.session() as …`")
        return self._id

    async def stream(
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
        """Send everything from a source and wait until all of it is in committed memory.

        `source`: a Source, chunks, or a name as :func:`~ttm_client.sources.open_source` takes it.
        A live source ends when it does or is told to `stop()`. `speed`: None sends as fast as the
        server takes it (a live source always does), 1.0 in real time. A lost connection is resumed
        from where the server says; `give_up_after_s` without any progress raises Overloaded.

        A session that has media already goes on after it: the source's zero is put there. With
        `resume`, the source is the one that was cut short: what the session has of it is skipped.
        `on_progress` and `on_event` (what the server noticed) are called in the event loop.

        Raises MediaError for a source that fails, Superseded where another client has taken the
        session over.
        """
        given: Iterable[MediaChunk]
        if isinstance(source, str | Path):
            from ttm_client.sources import open_source  # noqa: PLC0415  (loads FFmpeg's libraries)

            given = open_source(source)
        else:
            given = source
        if live is None:
            live = isinstance(given, Source) and given.live
        had_s = await self._had_s()
        chunks = _skipping(given, had_s) if resume else _moved(given, had_s)
        try:
            return await stream(
                self._client,
                self.id,
                chunks,
                speed=None if live else speed,
                live=live,
                on_progress=on_progress,
                on_event=on_event,
                give_up_after_s=give_up_after_s,
            )
        except BaseException:
            if live and isinstance(given, Source):
                given.stop()  # its devices and threads go with the stream
            raise

    async def ask(
        self,
        question: str,
        *,
        since_s: float | None = None,
        until_s: float | None = None,
        conversation: str | None = None,
        picture: bytes | str | Path | None = None,
    ) -> Answer:
        """Ask about the past; waits for every chunk that is durable by now.

        `since_s`, `until_s`: only what happened within, in media-clock seconds. Questions with the
        same `conversation` id may lean on the one before. `picture`: a JPEG, PNG or WebP file
        (bytes or path) that the question is about, as in "when did you see this?".
        `answer.state` says whether it is one. Raises BadRequest for a question that is empty or
        too long and for a picture that is none, RequestTooBig for one above 512 KiB.
        """
        body = await self._client.ask(self.id, question, since_s, until_s, conversation, picture)
        return from_plain(body, Answer)

    def conversation(self) -> Conversation:
        """Questions that may lean on the one before ("and before that?")."""
        return Conversation(self, secrets.token_urlsafe(12))

    async def timeline(self) -> Timeline:
        """What memory holds, decoded."""
        return from_plain(await self._client.timeline(self.id), Timeline)

    async def summary(
        self, *, since_s: float | None = None, until_s: float | None = None
    ) -> Summary:
        """What happened, by stretches of time; waits for every chunk that is durable by now.

        Raises BadRequest where `until_s` lies before `since_s`.
        """
        return from_plain(await self._client.summary(self.id, since_s, until_s), Summary)

    async def words(self, *, since_s: float | None = None, until_s: float | None = None) -> Words:
        """What was said and written, as far as memory holds it."""
        return from_plain(await self._client.words(self.id, since_s, until_s), Words)

    async def words_vtt(self, *, since_s: float | None = None, until_s: float | None = None) -> str:
        """The same as captions, a WebVTT file."""
        return await self._client.words_vtt(self.id, since_s, until_s)

    async def teach(
        self, name: str, *, since_s: float | None = None, until_s: float | None = None
    ) -> Taught:
        """Bind what was just seen or heard, or what was there in that time, to a name.

        More examples of one name make it surer. Raises CannotTeach where nothing was there then,
        or no room is left.
        """
        return from_plain(await self._client.teach(self.id, name, since_s, until_s), Taught)

    async def things(self) -> Things:
        """The taught things."""
        return from_plain(await self._client.things(self.id), Things)

    async def forget(self, name: str) -> None:
        """Forget a taught name; raises ThingNotFound where it is none."""
        await self._client.forget(self.id, name)

    async def info(self) -> SessionInfo:
        """Status, positions, gaps, model and memory."""
        return from_plain(await self._client.info(self.id), SessionInfo)

    async def export_memory(self) -> bytes:
        """The committed memory as a safetensors file."""
        return await self._client.export_memory(self.id)

    async def import_memory(self, file: bytes) -> SessionInfo:
        """Put an exported memory in the place of this session's; the session afterwards.

        Raises BadRequest for a file that is none, StateIncompatible for another model's.
        """
        return from_plain(await self._client.import_memory(self.id, file), SessionInfo)

    async def fork(self) -> Session:
        """A new session with a copy of this one's committed memory."""
        return Session(self._client, str((await self._client.fork(self.id))["session_id"]))

    async def delete(self) -> None:
        """Delete the session and everything of it."""
        await self._client.delete(self.id)

    async def _had_s(self) -> float:
        """Media-clock seconds that the session has, once all that is durable has been applied."""
        until_s = time.monotonic() + CAUGHT_UP_WITHIN_S
        info = await self.info()
        while info.lag_chunks:
            if time.monotonic() > until_s:
                raise Overloaded(
                    f"session {self.id}: {info.lag_chunks} chunks of an earlier stream still wait "
                    f"for a worker after {CAUGHT_UP_WITHIN_S:g} s"
                )
            await asyncio.sleep(POLL_S)
            info = await self.info()
        return info.media_s


class Conversation:
    """Questions to one session that the server reads one after another."""

    def __init__(self, session: Session, conversation_id: str) -> None:
        self._session = session
        self.id = conversation_id

    async def ask(
        self,
        question: str,
        *,
        since_s: float | None = None,
        until_s: float | None = None,
        picture: bytes | str | Path | None = None,
    ) -> Answer:
        """As :meth:`Session.ask`; the server forgets a conversation after ten minutes."""
        return await self._session.ask(
            question, since_s=since_s, until_s=until_s, conversation=self.id, picture=picture
        )


def _moved(chunks: Iterable[MediaChunk], by_s: float) -> Iterator[MediaChunk]:
    """The chunks with every time `by_s` later."""
    for chunk in chunks:
        if by_s == 0.0:
            yield chunk
            continue
        pictures = tuple(Picture(picture.t + by_s, picture.data) for picture in chunk.pictures)
        gap = chunk.gap
        if gap is not None:
            gap = Gap(gap.t0 + by_s, gap.t1 + by_s, gap.reason)
        yield replace(chunk, t=chunk.t + by_s, pictures=pictures, gap=gap)


def _skipping(chunks: Iterable[MediaChunk], until_s: float) -> Iterator[MediaChunk]:
    """The chunks that begin at `until_s` or later, within a rounding."""
    for chunk in chunks:
        if chunk.t > until_s - 0.01:
            yield chunk
