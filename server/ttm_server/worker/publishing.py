"""Commit steps and reply to questions: the way from a live session back into the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from ttm_model.errors import ModelError
from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable, TTMError, outcome_of
from ttm_server.store import Store
from ttm_server.store.types import Ask, Reply, SessionState
from ttm_server.worker.engine import Engine
from ttm_server.worker.session import LiveSession

log = logging.getLogger(__name__)

T = TypeVar("T")
InModelThread = Callable[[Callable[[], T]], Awaitable[T]]


class Publisher:
    """Commits and replies; marks a session lost when it is no longer ours."""

    def __init__(self, store: Store, engine: Engine[Any], in_model: InModelThread[Any]) -> None:
        self._store = store
        self._engine = engine
        self._in_model = in_model

    async def commit(self, session: LiveSession[Any]) -> bool:
        """Commit everything applied so far, all or nothing; False when it did not happen.

        A store that is away leaves the session dirty, so the next round tries again: the same
        commit may have arrived, which the script answers with ALREADY.
        """
        taken = session.snapshot()
        events, media_s = list(session.events), session.media_s
        taken_at_s = time.monotonic()
        memory = await self._in_model(lambda: self._engine.dump(taken.state))
        record = SessionState(
            seq=taken.seq,
            memory=memory,
            media_s=media_s,
            gaps=taken.gaps,
            model=self._engine.model_info,
            shape=self._engine.memory_info,
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

    async def reply(self, session: LiveSession[Any], ask: Ask) -> None:
        """Answer one question from the newest committed state.

        So an answer is never ahead of the store: whoever asks again, or exports the memory, from
        whichever worker, finds at least what this answer was given from.
        """
        told = session.committed
        reply = await self._answer(told.state, ask)
        if reply.body is not None and ask.kind == "question":
            body = reply.body | {"as_of_seq": told.seq, "gaps": msgspec.to_builtins(told.gaps)}
            reply = Reply(ask_id=ask.ask_id, body=body)
        try:
            await self._store.reply(session.session_id, session.fence, reply)
        except (Fenced, SessionNotFound):
            session.lost = True
        except StoreUnavailable as error:
            log.warning("reply: store unavailable: %s", error)

    async def _answer(self, state: Any, ask: Ask) -> Reply:
        def work() -> dict[str, Any]:
            if ask.kind == "timeline":
                return self._engine.timeline(state)
            if ask.kind == "summary":
                return self._engine.summary(state, ask.body["since_s"], ask.body["until_s"])
            return self._engine.answer(state, ask.body)

        try:
            return Reply(ask_id=ask.ask_id, body=await self._in_model(work))
        except ModelError as error:
            return refusal(ask, TTMError(str(error)))
        except Exception:
            log.exception("a question failed")
            return refusal(ask, TTMError("the question could not be answered"))


def refusal(ask: Ask, error: TTMError) -> Reply:
    """The reply that tells an asker why there is no answer."""
    return Reply(ask_id=ask.ask_id, error_code=outcome_of(error).code, error_message=error.message)
