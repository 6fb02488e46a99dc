"""Commit steps and reply to questions: the way from a live session back into the store."""

from __future__ import annotations

import logging
import time
from typing import Any, Generic, TypeVar

import msgspec

from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable, TTMError, outcome_of
from ttm_server.store import WorkerStore
from ttm_server.store.types import Ask, Reply, SessionState
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.session import LiveSession

log = logging.getLogger(__name__)

S = TypeVar("S")


class Publisher(Generic[S]):
    """Commits and replies; marks a session lost when it is no longer ours."""

    def __init__(self, store: WorkerStore, model: ModelThread[S]) -> None:
        self._store = store
        self._model = model

    async def commit(self, session: LiveSession[S]) -> bool:
        """Commit everything applied so far, all or nothing; False when it did not happen.

        A store that is away leaves the session dirty, so the next round tries again: the same
        commit may have arrived, which the script answers with ALREADY.
        """
        taken = session.snapshot()
        events, media_s = list(session.events), session.media_s
        taken_at_s = time.monotonic()
        memory = await self._model.dump(taken.state)
        record = SessionState(
            seq=taken.seq,
            memory=memory,
            media_s=media_s,
            gaps=taken.gaps,
            model=self._model.model_info,
            shape=self._model.memory_info,
        )
        try:
            await self._store.commit(
                session.session_id,
                session.fence,
                session.committed.seq,
                taken.seq,
                record,
                events,
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

    async def reply(self, session: LiveSession[S], ask: Ask) -> None:
        """Answer one question from the newest committed state.

        So an answer is never ahead of the store: whoever asks again, or exports the memory, from
        whichever worker, finds at least what this answer was given from. What the answer leaves for
        the conversation is stored with it and does not reach the client.
        """
        told = session.committed
        reply = await self._answer(told.state, ask)
        context = None
        if reply.body is not None and ask.kind == "question":
            context = reply.body.pop("understood", None)
            body = reply.body | {"as_of_seq": told.seq, "gaps": msgspec.to_builtins(told.gaps)}
            reply = Reply(ask_id=ask.ask_id, body=body)
        try:
            await self._store.reply(
                session.session_id, session.fence, reply, ask.conversation, context
            )
        except (Fenced, SessionNotFound):
            session.lost = True
        except StoreUnavailable as error:
            log.warning("reply: store unavailable: %s", error)
            session.ask_again(ask)

    async def _answer(self, state: S, ask: Ask) -> Reply:
        try:
            if ask.kind == "timeline":
                body = await self._model.timeline(state)
            else:
                body = await self._model.answer(state, _question(ask))
            return Reply(ask_id=ask.ask_id, body=body)
        except TTMError as error:
            return refusal(ask, error)
        except Exception:
            log.exception("a question failed")
            return refusal(ask, TTMError("the question could not be answered"))


def _question(ask: Ask) -> dict[str, Any]:
    """The engine's body of a question: what the client asked, and what is known at this moment."""
    now: dict[str, Any] = {"live": ask.live, "wall_zero": ask.wall_zero}
    return ask.body | now | ({} if ask.conversation is None else {"before": ask.before})


def refusal(ask: Ask, error: TTMError) -> Reply:
    """The reply that tells an asker why there is no answer."""
    return Reply(ask_id=ask.ask_id, error_code=outcome_of(error).code, error_message=error.message)
