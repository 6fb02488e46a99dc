"""Questions on their way to whoever owns a session, and the replies. Knows nothing of the model.

Both are bounded in number and vanish by themselves after their deadline. Where a conversation
stands lies beside them: the reply to one of its questions stores it, and the next is given it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ttm_protocol.errors import (
    AnswerTimeout,
    BadRequest,
    Fenced,
    Overloaded,
    StoreUnavailable,
)
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import SessionKeys, new_id, session_keys
from ttm_server.store.ownership import GRACE_S, checked_fence
from ttm_server.store.quarantine import quarantined
from ttm_server.store.ready import hint_ready
from ttm_server.store.sessions import not_found
from ttm_server.store.types import Ask, AskKind, OpenWork, Reply
from ttm_server.store.wall_clock import is_live, wall_zero
from ttm_server.store.watching import Watching

log = logging.getLogger(__name__)

MAX_TIMEOUT_S = 3600.0
POLL_S = 0.5
MAX_CONVERSATIONS = 32  # of one session
CONVERSATION_KEPT_S = 600.0  # after its session's last reply to any
_CONVERSATION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class _Body(msgspec.Struct, frozen=True):
    kind: AskKind
    body: dict[str, Any]
    origin: dict[str, str] = {}


_body = msgspec.json.Decoder(_Body)
_reply = msgspec.json.Decoder(Reply)
_context = msgspec.json.Decoder(dict[str, Any])


class Asks(Part):
    """The store's part for questions."""

    def __init__(self, edge: Edge, settings: Settings, watching: Watching) -> None:
        super().__init__(edge, settings)
        self._watching = watching

    async def ask(
        self,
        sid: str,
        kind: AskKind,
        body: dict[str, Any],
        timeout_s: float,
        conversation: str | None = None,
        origin: Mapping[str, str] | None = None,
    ) -> str:
        """Leave a question, to be answered after every chunk that is durable now; returns its id.

        Questions of one `conversation` are answered in the order in which they were asked, each
        with what the one before left. `origin` is handed on as it is. Raises SessionNotFound,
        Quarantined, Overloaded when too many questions of the session are open, and BadRequest for
        what can be no conversation's id.
        """
        if conversation is not None and not _CONVERSATION.fullmatch(conversation):
            raise BadRequest(
                "conversation: 1 to 64 letters, digits, _ and - are allowed", field="conversation"
            )
        if not (math.isfinite(timeout_s) and 0.0 < timeout_s <= MAX_TIMEOUT_S):
            raise ValueError(f"timeout_s: {timeout_s} is not in 0..{MAX_TIMEOUT_S:g}")
        keys = session_keys(sid)
        ask_id = new_id()
        code, rest = await self._edge.script(
            "ask",
            [keys.meta, *keys.questions, keys.lease],
            ask_id,
            msgspec.json.encode(_Body(kind, body, dict(origin or {}))),
            max(1, round(timeout_s * 1000)),
            self._settings.asks_capacity,
            keys.wake_in,
            round(GRACE_S * 1000),
            conversation or "",
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.QUARANTINED:
            raise quarantined(rest[0])
        if code is Code.FULL:
            raise Overloaded(f"questions: at most {self._settings.asks_capacity} may be open")
        if not rest[2]:
            await hint_ready(self._edge, sid, urgent=True)
        return ask_id

    async def wait_reply(self, sid: str, ask_id: str, timeout_s: float) -> Reply:
        """The reply to a question; the question is forgotten however this ends.

        Raises AnswerTimeout when none came in time, SessionNotFound when the session was deleted.
        """
        keys = session_keys(sid)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        try:
            async with self._watching.watch(sid) as wake:
                while True:
                    code, rest = await self._edge.script(
                        "take", [keys.meta, keys.asks, keys.reply_bodies], ask_id
                    )
                    if code is Code.GONE:
                        raise not_found()
                    if code is Code.OK:
                        return _reply.decode(rest[0])
                    left_s = until_s - loop.time()
                    if code is Code.LOST or left_s <= 0:
                        raise AnswerTimeout(f"no answer within {timeout_s:g} s")
                    await wake.wait(min(left_s, POLL_S))
        finally:
            await self._drop(keys, ask_id)

    async def pending_asks(self, sid: str) -> list[Ask]:
        """The questions of `open_work`."""
        return (await self.open_work(sid)).asks

    async def open_work(self, sid: str) -> OpenWork:
        """Questions that can still be answered in time, earliest deadline first; and a due flush.

        Of a conversation only the first: the next one is there once that is answered. Raises
        SessionNotFound.
        """
        keys = session_keys(sid)
        code, rest = await self._edge.script(
            "pending", [keys.meta, keys.asks, keys.ask_bodies, keys.conversations]
        )
        if code is Code.GONE:
            raise not_found()
        connection, beat_ms, now_ms, record, flush_at, flat = rest
        live, zero = is_live(connection, beat_ms, now_ms), wall_zero(record)
        told = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        asks = [_to_ask(*one, live, zero) for one in told]
        return OpenWork(asks=asks, flush_at=None if flush_at < 0 else flush_at)

    async def reply(
        self,
        sid: str,
        fence: str,
        reply: Reply,
        conversation: str | None = None,
        context: dict[str, Any] | None = None,
    ) -> bool:
        """Answer a question; False when nobody waits for it any more.

        `context`: where its `conversation` stands now, stored with the answer or not at all; None:
        where it stood before. Raises Fenced when another worker owns the session, SessionNotFound
        when it was deleted.
        """
        keys = session_keys(sid)
        is_told = conversation is not None and context is not None
        code, _ = await self._edge.script(
            "reply",
            [keys.meta, *keys.questions, keys.conversations],
            checked_fence(fence),
            reply.ask_id,
            msgspec.json.encode(reply),
            keys.wake_out,
            round(GRACE_S * 1000),
            conversation or "",
            msgspec.json.encode(context) if is_told else b"",
            MAX_CONVERSATIONS,
            round(CONVERSATION_KEPT_S * 1000),
            keys.wake_in,
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.FENCED:
            raise Fenced("another worker owns the session")
        return code is Code.OK

    async def _drop(self, keys: SessionKeys, ask_id: str) -> None:
        # Without this it would vanish at its deadline; with it there is room for the next sooner.
        try:
            await self._edge.script("drop", keys.questions, ask_id)
        except StoreUnavailable as error:
            log.debug("a question is left to its deadline: %s", error)


def _to_ask(
    ask_id: bytes, stored: bytes, context: bytes | None, live: bool, zero: float | None
) -> Ask:
    _, barrier, conversation, encoded = stored.split(b" ", 3)
    body = _body.decode(encoded)
    return Ask(
        ask_id=ask_id.decode(),
        kind=body.kind,
        barrier=int(barrier),
        body=body.body,
        conversation=conversation.decode() or None,
        before=None if context is None else _context.decode(context),
        live=live,
        wall_zero=zero,
        origin=body.origin,
    )
