"""Where short conversations about a session stand. Knows no question: it keeps plain values."""

from __future__ import annotations

from typing import Any

import msgspec

from ttm_server.store.codes import Code
from ttm_server.store.edge import Part
from ttm_server.store.keys import session_keys
from ttm_server.store.sessions import not_found

MAX_TALKS = 32
KEEP_S = 600.0


class Talks(Part):
    """The store's part for conversations: bounded in number, gone after a while."""

    async def remember(self, sid: str, conversation: str, value: dict[str, Any]) -> None:
        """Keep where a conversation stands; raises SessionNotFound."""
        keys = session_keys(sid)
        code, _ = await self._edge.script(
            "remember",
            [keys.meta, keys.talks],
            conversation,
            msgspec.json.encode(value),
            MAX_TALKS,
            round(KEEP_S * 1000),
        )
        if code is Code.GONE:
            raise not_found()

    async def recall(self, sid: str, conversation: str) -> dict[str, Any] | None:
        """What `remember` kept last, or None."""
        keys = session_keys(sid)
        stored = await self._edge.command("HGET", keys.talks, conversation, repeatable=True)
        return None if stored is None else msgspec.json.decode(stored, type=dict[str, Any])
