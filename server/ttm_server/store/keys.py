"""Every key and channel name of ttmserve, and the ids in them. Knows no connection.

All keys of a session share the hash tag `{sid}`, so a script that takes keys of one session only
runs on any Redis Cluster. What spans sessions (index, ready sets, tickets) is never touched by a
session's script.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from ttm_protocol.errors import SessionNotFound

PREFIX = "ttm:"
INDEX = PREFIX + "sessions"
MODEL = PREFIX + "model"  # the model that a worker announced last
LEASES = PREFIX + "leases"  # when each lease is expected to run out
WORKERS = PREFIX + "{workers}:alive"  # until when each worker's last sign of life counts
WORKERS_SAID = PREFIX + "{workers}:said"
LEFT_OVER = PREFIX + "tier:left"  # objects of moved sessions that may have to be deleted, by when
LISTED = PREFIX + "tier:listed"  # expires when all objects are to be listed again
READY = PREFIX + "ready:0"  # one shard: it holds idle sessions with new work only

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_CHARS = 26  # 26 * 5 = 130 bits
_ID = re.compile(r"[a-z0-9]{16,64}", re.ASCII)


def new_id() -> str:
    """An unguessable id of 130 random bits: lower-case letters and digits only."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_CHARS))


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys and channels of one session; every key carries the session's hash tag."""

    sid: str
    meta: str
    input: str
    state: str
    events: str
    lease: str
    asks: str
    ask_bodies: str
    replies: str
    reply_bodies: str
    conversations: str
    wake_in: str
    wake_out: str

    @property
    def all(self) -> list[str]:
        """Every key that a session can have (channels are not keys)."""
        session = [self.meta, self.input, self.state, self.events, self.lease]
        return [*session, *self.questions, self.conversations]

    @property
    def questions(self) -> list[str]:
        """Open questions and replies nobody has taken yet, as the scripts take them."""
        return [self.asks, self.ask_bodies, self.replies, self.reply_bodies]


def check_session_id(sid: str, field: str = "session_id") -> str:
    """The id itself; raises SessionNotFound, naming `field`, for what can be no session's."""
    if not _ID.fullmatch(sid):
        # Anything else (a brace, say) could name keys of another hash slot.
        raise SessionNotFound(f"{field}: no such session", field=field)
    return sid


def session_keys(sid: str) -> SessionKeys:
    """Keys of a session; raises SessionNotFound for a text that can be no session id."""
    check_session_id(sid)
    tag = f"{PREFIX}{{{sid}}}:"
    return SessionKeys(
        sid=sid,
        meta=tag + "meta",
        input=tag + "in",
        state=tag + "state",
        events=tag + "events",
        lease=tag + "lease",
        asks=tag + "asks",
        ask_bodies=tag + "ask_bodies",
        replies=tag + "replies",
        reply_bodies=tag + "reply_bodies",
        conversations=tag + "conversations",
        wake_in=tag + "wake:in",
        wake_out=tag + "wake:out",
    )


def ticket_key(ticket: str) -> str:
    """Where a ticket is kept: under its hash, so that a dump of Redis holds no usable ticket."""
    return PREFIX + "ticket:" + hashlib.sha256(ticket.encode()).hexdigest()


def model_key(schema: str) -> str:
    """Where workers announce that they can continue memories of this schema."""
    return PREFIX + "model:" + hashlib.sha256(schema.encode()).hexdigest()
