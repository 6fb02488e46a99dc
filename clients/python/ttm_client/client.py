"""The client: a server's REST calls, and its sessions as objects. Knows no socket and no media."""

from __future__ import annotations

from ttm_client.rest import Rest
from ttm_client.session import Session


class Client(Rest):
    """`async with Client("http://127.0.0.1:8000", api_key=None) as client: …`."""

    def session(self, session_id: str | None = None, *, temporary: bool = False) -> Session:
        """A session to stream into and to ask: `async with client.session() as session: …`.

        Without an id a new one. A `temporary` one is deleted on leaving. Nothing is asked of the
        server before it is entered; whether an id exists shows with the first call.
        """
        return Session(self, session_id, temporary=temporary)
