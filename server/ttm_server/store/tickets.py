"""Single-use tickets that let a browser open a stream. Knows no connection and no API key."""

from __future__ import annotations

import secrets

from ttm_protocol.errors import AuthError, SessionNotFound
from ttm_server.store.edge import Part
from ttm_server.store.keys import session_keys, ticket_key

TICKET_BYTES = 24
MAX_TICKET_CHARS = 128


class Tickets(Part):
    """The store's part for tickets."""

    async def issue_ticket(self, sid: str) -> tuple[str, float]:
        """A new ticket for a session and its lifetime in seconds; raises SessionNotFound."""
        if not await self._exists(sid):
            raise SessionNotFound("session_id: no such session", field="session_id")
        ticket = secrets.token_urlsafe(TICKET_BYTES)
        ttl_s = self._settings.ticket_ttl_s
        ttl_ms = max(1, round(ttl_s * 1000))
        await self._edge.command("SET", ticket_key(ticket), sid, "PX", ttl_ms, repeatable=True)
        return ticket, ttl_s

    async def redeem_ticket(self, ticket: str) -> str:
        """The session id of a ticket, which is worth nothing afterwards.

        Raises AuthError for one that is unknown, used, expired or of a deleted session.
        """
        refused = AuthError("ticket: unknown, used or expired", field="ticket")
        if not 1 <= len(ticket) <= MAX_TICKET_CHARS or not ticket.isascii():
            raise refused
        sid = await self._edge.command("GETDEL", ticket_key(ticket))
        if sid is None or not await self._exists(sid.decode()):
            raise refused
        return str(sid.decode())

    async def _exists(self, sid: str) -> bool:
        meta = session_keys(sid).meta
        return bool(await self._edge.command("EXISTS", meta, repeatable=True))
