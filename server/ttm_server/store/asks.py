"""Questions on their way to whoever owns a session, and the replies. Knows nothing of the model.

Both are bounded in number and vanish by themselves after their deadline.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

import msgspec

from ttm_protocol.errors import AnswerTimeout, Fenced, Overloaded, StoreUnavailable
from ttm_server.store.codes import Code
from ttm_server.store.keys import SessionKeys, new_id, session_keys
from ttm_server.store.ownership import checked_fence
from ttm_server.store.quarantine import quarantined
from ttm_server.store.ready import hint_ready
from ttm_server.store.sessions import not_found
from ttm_server.store.types import Ask, Kind, Reply
from ttm_server.store.watching import Watching

log = logging.getLogger(__name__)

MAX_TIMEOUT_S = 3600.0
GRACE_S = 5.0  # how long the keys outlive the last deadline in them
POLL_S = 0.5


class _Body(msgspec.Struct, frozen=True):
    kind: Kind
    body: dict[str, Any]


_body = msgspec.json.Decoder(_Body)
_reply = msgspec.json.Decoder(Reply)


class Asks(Watching):
    """The store's part for questions."""

    async def ask(self, sid: str, kind: Kind, body: dict[str, Any], timeout_s: float) -> str:
        """Leave a question, to be answered after every chunk that is durable now; returns its id.

        Raises SessionNotFound, Quarantined, and Overloaded when too many questions of the session
        are open.
        """
        if not (math.isfinite(timeout_s) and 0.0 < timeout_s <= MAX_TIMEOUT_S):
            raise ValueError(f"timeout_s: {timeout_s} is not in 0..{MAX_TIMEOUT_S:g}")
        keys = session_keys(sid)
        ask_id = new_id()
        code, rest = await self._edge.script(
            "ask",
            [keys.meta, *_four(keys), keys.lease],
            ask_id,
            msgspec.json.encode(_Body(kind, body)),
            max(1, round(timeout_s * 1000)),
            self._settings.asks_capacity,
            keys.wake_in,
            round(GRACE_S * 1000),
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
            async with self.watch(sid) as wake:
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
        """Questions that can still be answered in time, earliest deadline first.

        `deadline_s` is on Redis's clock. Raises SessionNotFound.
        """
        keys = session_keys(sid)
        code, rest = await self._edge.script("pending", [keys.meta, keys.asks, keys.ask_bodies])
        if code is Code.GONE:
            raise not_found()
        flat = rest[0]
        return [_to_ask(*flat[start : start + 3]) for start in range(0, len(flat), 3)]

    async def reply(self, sid: str, fence: str, reply: Reply) -> bool:
        """Answer a question; False when nobody waits for it any more.

        Raises Fenced when another worker owns the session, SessionNotFound when it was deleted.
        """
        keys = session_keys(sid)
        code, _ = await self._edge.script(
            "reply",
            [keys.meta, *_four(keys)],
            checked_fence(fence),
            reply.ask_id,
            msgspec.json.encode(reply),
            keys.wake_out,
            round(GRACE_S * 1000),
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.FENCED:
            raise Fenced("another worker owns the session")
        return code is Code.OK

    async def _drop(self, keys: SessionKeys, ask_id: str) -> None:
        # Without this it would vanish at its deadline; with it there is room for the next sooner.
        try:
            await self._edge.script("drop", _four(keys), ask_id)
        except StoreUnavailable as error:
            log.debug("a question is left to its deadline: %s", error)


def _four(keys: SessionKeys) -> list[str]:
    return [keys.asks, keys.ask_bodies, keys.replies, keys.reply_bodies]


def _to_ask(ask_id: bytes, deadline_ms: int, stored: bytes) -> Ask:
    barrier, _, encoded = stored.partition(b" ")
    body = _body.decode(encoded)
    return Ask(
        ask_id=ask_id.decode(),
        kind=body.kind,
        barrier=int(barrier),
        deadline_s=deadline_ms / 1000,
        body=body.body,
    )
