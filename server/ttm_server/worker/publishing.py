"""Commit steps and reply to questions: the way from a live session back into the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

from ttm_model.asking import Asking
from ttm_model.questions.understand import Context, remembered
from ttm_protocol.answers import MissingMedia, to_plain
from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable, TTMError, outcome_of
from ttm_server.logs import about
from ttm_server.store import WorkerStore
from ttm_server.store.types import Ask, Reply, SessionState
from ttm_server.tracing import span
from ttm_server.worker.decoding import ChunkDecoders
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.session import LiveSession, Snapshot

log = logging.getLogger(__name__)

S = TypeVar("S")


class Publisher(Generic[S]):
    """Commits and replies; marks a session lost when it is no longer ours."""

    def __init__(self, store: WorkerStore, model: ModelThread[S], decoders: ChunkDecoders) -> None:
        self._store = store
        self._model = model
        self._decoders = decoders

    async def commit(self, session: LiveSession[S]) -> bool:
        """Commit everything applied so far, all or nothing; False when it did not happen.

        A store that is away leaves the session dirty, so the next round tries again: the same
        commit may have arrived, which the script answers with ALREADY.
        """
        with (
            about(session_id=session.session_id),
            span("commit", session_id=session.session_id, seq=session.applied),
        ):
            return await self._commit(session)

    async def _commit(self, session: LiveSession[S]) -> bool:
        taken = session.snapshot()
        events = list(session.events)
        taken_at_s = time.monotonic()
        record = await self.record(taken)
        try:
            await self._store.commit(
                session.session_id,
                session.fence,
                session.committed.seq,
                taken.seq,
                record,
                events,
                taken.kept,
            )
        except (Fenced, SessionNotFound) as error:
            log.info("commit refused, letting the session go: %s", error)
            session.lost = True
            return False
        except StoreUnavailable as error:
            log.warning("commit: store unavailable: %s", error)
            return False
        session.committed = taken
        session.dirty_since_s = taken_at_s
        del session.events[: len(events)]
        return True

    async def record(self, taken: Snapshot[S]) -> SessionState:
        """A state as it is stored."""
        return SessionState(
            seq=taken.seq,
            memory=await self._model.dump(taken.state),
            media_s=taken.media_s,
            gaps=taken.gaps,
            model=self._model.model_info,
            shape=self._model.memory_info,
        )

    async def reply(self, session: LiveSession[S], ask: Ask) -> None:
        """Answer one question from the newest committed state.

        So an answer is never ahead of the store: whoever asks again, or exports the memory, from
        whichever worker, finds at least what this answer was given from. What the answer leaves for
        the conversation is stored with it and does not reach the client.
        """
        session.replying += 1
        try:
            with asked(session.session_id, ask):
                began_s = time.monotonic()
                await self._reply(session, ask)
                took_ms = (time.monotonic() - began_s) * 1000
                log.info("a %s was answered in %.0f ms", ask.kind, took_ms)
        finally:
            session.replying -= 1

    async def _reply(self, session: LiveSession[S], ask: Ask) -> None:
        told = session.committed
        context: Context | None = None
        try:
            body, context = await self._answer(told, ask)
            reply = Reply(ask_id=ask.ask_id, body=body)
        except TTMError as error:
            reply = refusal(ask, error)
        except Exception:
            log.exception("a question failed")
            reply = refusal(ask, TTMError("the question could not be answered"))
        await self._send(session, ask, reply, context)

    async def refuse(self, session: LiveSession[S], ask: Ask, error: TTMError) -> None:
        """Tell an asker why there is no answer."""
        await self._send(session, ask, refusal(ask, error), None)

    async def _send(
        self, session: LiveSession[S], ask: Ask, reply: Reply, context: Context | None
    ) -> None:
        kept = None if context is None else context.to_plain()
        try:
            await self._store.reply(
                session.session_id, session.fence, reply, ask.conversation, kept
            )
        except (Fenced, SessionNotFound):
            session.lost = True
        except StoreUnavailable as error:
            log.warning("reply: store unavailable: %s", error)
            session.ask_again(ask)

    async def _answer(self, told: Snapshot[S], ask: Ask) -> tuple[dict[str, Any], Context | None]:
        """The reply's body, and where its conversation stands after it."""
        since_s, until_s = ask.body.get("since_s"), ask.body.get("until_s")
        if ask.kind == "timeline":
            return to_plain(await self._model.timeline(told.state)), None
        if ask.kind == "summary":
            return to_plain(await self._model.summary(told.state, since_s, until_s)), None
        if ask.kind == "things":
            return await self._model.things(told.state), None
        if ask.kind == "words":
            return await self._model.words(told.state, since_s, until_s), None
        encoded = ask.body.get("picture")
        picture = None if encoded is None else await self._decoders.picture(encoded)
        text = str(ask.body["question"])
        before = None if ask.before is None else Context.from_plain(ask.before)
        taught = await self._model.things(told.state)
        names = [str(thing["name"]) for thing in taught.get("things", ())]
        understood = await self._model.understand(text, before, names, picture is not None)
        asking = Asking(text, understood, since_s, until_s, ask.live, ask.wall_zero, picture)
        answer = await self._model.answer(told.state, asking)
        gaps = tuple(MissingMedia(t0=gap.t0, t1=gap.t1, reason=gap.reason) for gap in told.gaps)
        answer = replace(answer, as_of_seq=told.seq, gaps=gaps)
        return to_plain(answer), remembered(understood, answer, before)


@contextmanager
def asked(sid: str, ask: Ask) -> Iterator[None]:
    """Log and trace what is done inside as a part of the request that asked."""
    with (
        about(session_id=sid, request_id=ask.origin.get("request_id")),
        span(f"answer {ask.kind}", parent=ask.origin, session_id=sid),
    ):
        yield


def refusal(ask: Ask, error: TTMError) -> Reply:
    """The reply that tells an asker why there is no answer."""
    return Reply(
        ask_id=ask.ask_id,
        error_code=outcome_of(error).code,
        error_message=error.message,
        error_field=error.field,
    )
