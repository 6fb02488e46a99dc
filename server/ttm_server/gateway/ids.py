"""What a session id may look like, so that nothing else reaches a store key. Knows no session."""

from __future__ import annotations

import re

from ttm_protocol.errors import SessionNotFound

_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_session_id(session_id: str, field: str = "session_id") -> str:
    """The id itself; raises SessionNotFound for one that cannot belong to any session."""
    if not _SESSION_ID.fullmatch(session_id):
        raise SessionNotFound(f"{field}: no such session", field=field)
    return session_id
