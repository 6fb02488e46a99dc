"""One tree of errors and one table that gives each its wire code, close code and HTTP status.

Knows nothing of sockets, HTTP frameworks or Redis; the edges translate with :func:`outcome_of`, and
who is told an error with :func:`error_of_code`.

    TTMError
    ├── ProtocolError          a message that breaks the protocol
    │   ├── TooBig             larger than a limit
    │   ├── PolicyError        well formed, but not allowed now
    │   └── StartTimeout       no `start` message in time
    ├── BadRequest             a REST request with a bad field
    │   └── RequestTooBig      a REST body larger than its limit
    ├── AuthError              no key, a wrong key, a used or expired ticket
    │   └── OriginError        a browser page from an origin that is not on the list
    ├── SessionNotFound        no such session, or deleted
    ├── Superseded             a newer connection has taken the session
    ├── Overloaded             a bounded queue is full: try later
    │   ├── RateLimited        one client asks too often
    │   └── AnswerTimeout      no worker answered a question in time
    ├── Restarting             this process is going away: reconnect
    ├── NotReady               nothing here can answer yet: says what is waited for
    ├── Fenced                 another worker owns the session now
    ├── Quarantined            its chunks end the worker again and again
    ├── StateIncompatible      a stored memory that this model cannot continue
    ├── CannotTeach            there is nothing to bind a name to, or no room for another
    ├── ThingNotFound          no thing of this name was taught
    ├── MediaError             a picture or sound that cannot be decoded
    ├── ConfigError            a setting that is unknown or out of range
    ├── TierDamaged            a memory that was moved out, whose object is missing or damaged
    └── StoreUnavailable       the Redis server cannot be reached
        └── TierUnavailable    the folder or object storage of idle sessions cannot be reached
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class TTMError(Exception):
    """Base of every error that ttmserve raises on purpose; its text is safe to show to a client."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class ProtocolError(TTMError):
    """A message breaks the protocol; names the field and the limit."""


class TooBig(ProtocolError):
    """A message or a part of it is larger than its limit."""


class PolicyError(ProtocolError):
    """A message is well formed but not allowed in this state of the connection."""


class StartTimeout(ProtocolError):
    """The client did not send `start` in time."""


class BadRequest(TTMError):
    """A REST request carries a bad field; names the field and the limit."""


class RequestTooBig(BadRequest):
    """A REST request body is larger than its limit."""


class AuthError(TTMError):
    """No key, a wrong key, or a ticket that is unknown, used or expired."""


class OriginError(AuthError):
    """A browser page from an origin outside the allow-list."""


class SessionNotFound(TTMError):
    """There is no such session (or it has been deleted)."""


class Superseded(TTMError):
    """A newer connection has taken this session over."""


class Overloaded(TTMError):
    """A bounded queue is full; the same call may succeed later."""


class RateLimited(Overloaded):
    """One client asks more often than its limit."""


class AnswerTimeout(Overloaded):
    """No worker answered a question within its time limit."""


class Restarting(TTMError):
    """This process is going away; the session goes on elsewhere."""


class NotReady(TTMError):
    """What is needed to answer is not there (yet); `waiting_for` names it, in words."""

    def __init__(
        self, message: str, *, field: str | None = None, waiting_for: Sequence[str] = ()
    ) -> None:
        super().__init__(message, field=field)
        self.waiting_for = list(waiting_for)


class Fenced(TTMError):
    """Another worker has acquired the session; what this one holds is stale."""


class Quarantined(TTMError):
    """A session whose chunks end its worker again and again; it is set aside for a while."""


class StateIncompatible(TTMError):
    """A stored memory has another schema than the running model."""


class CannotTeach(TTMError):
    """A name cannot be bound: nothing was seen or heard then, or the table of things is full."""


class ThingNotFound(TTMError):
    """No thing of this name has been taught."""


class MediaError(TTMError):
    """A picture or a sound cannot be decoded."""


class ConfigError(TTMError):
    """A setting is unknown or out of range."""


class StoreUnavailable(TTMError):
    """The Redis server cannot be reached or refuses to write."""


class TierUnavailable(StoreUnavailable):
    """The place to which idle sessions are moved cannot be reached, or is not known here."""


class TierDamaged(TTMError):
    """A session's memory was moved out of the store, and its object is missing or damaged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one kind of error shows itself at the edges."""

    code: str
    close_code: int
    http_status: int
    retryable: bool


# Looked up along the class's bases, so a subclass without a row behaves as its parent.
OUTCOMES: dict[type[TTMError], Outcome] = {
    ProtocolError: Outcome("bad_message", 4400, 400, False),
    TooBig: Outcome("too_big", 1009, 413, False),
    PolicyError: Outcome("policy", 1008, 400, False),
    StartTimeout: Outcome("start_timeout", 4408, 408, True),
    BadRequest: Outcome("bad_request", 4400, 422, False),
    RequestTooBig: Outcome("too_big", 1009, 413, False),
    AuthError: Outcome("unauthenticated", 4401, 401, False),
    OriginError: Outcome("origin_refused", 1008, 403, False),
    SessionNotFound: Outcome("no_such_session", 4404, 404, False),
    Superseded: Outcome("superseded", 4409, 409, False),
    Overloaded: Outcome("overloaded", 1013, 503, True),
    RateLimited: Outcome("rate_limited", 4429, 429, True),
    AnswerTimeout: Outcome("answer_timeout", 1013, 503, True),
    Restarting: Outcome("restarting", 1012, 503, True),
    NotReady: Outcome("not_ready", 1013, 503, True),
    Fenced: Outcome("fenced", 1012, 503, True),
    Quarantined: Outcome("quarantined", 1008, 409, False),
    StateIncompatible: Outcome("state_incompatible", 1008, 409, False),
    CannotTeach: Outcome("cannot_teach", 1008, 409, False),
    ThingNotFound: Outcome("no_such_thing", 4404, 404, False),
    MediaError: Outcome("bad_media", 4400, 422, False),
    ConfigError: Outcome("bad_config", 1008, 500, False),
    StoreUnavailable: Outcome("store_unavailable", 1013, 503, True),
    TierUnavailable: Outcome("tier_unavailable", 1013, 503, True),
    TierDamaged: Outcome("tier_damaged", 1008, 409, False),
    TTMError: Outcome("error", 1008, 500, False),
}


def outcome_of(error: TTMError | type[TTMError]) -> Outcome:
    """The row of :data:`OUTCOMES` for an error or its class, inherited from its nearest base."""
    kind = error if isinstance(error, type) else type(error)
    for base in kind.__mro__:
        if base in OUTCOMES:
            return OUTCOMES[base]
    raise AssertionError(f"{kind!r} is not a TTMError")


def error_of_code(code: str, message: str, *, field: str | None = None) -> TTMError:
    """The error whose row of :data:`OUTCOMES` has this code; TTMError for an unknown one."""
    for kind, outcome in OUTCOMES.items():
        if outcome.code == code:
            return kind(message, field=field)
    return TTMError(message, field=field)
