"""What the end of a stream connection means: try again, or an error for good. Knows no socket."""

from __future__ import annotations

import random

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ttm_protocol.errors import (
    AuthError,
    Overloaded,
    PolicyError,
    ProtocolError,
    SessionNotFound,
    Superseded,
    TooBig,
    TTMError,
    error_of_code,
    outcome_of,
)
from ttm_protocol.messages import Error

FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 2.0  # between attempts to connect
STEADY_S = 5.0  # a connection that lived this long was a good one

# Closes whose `error` did not come through: these do not become better by trying again. A session
# that was taken over, above all, must not be taken back.
_FINAL_CLOSES: dict[int, type[TTMError]] = {
    1008: PolicyError,
    1009: TooBig,
    4400: ProtocolError,
    4404: SessionNotFound,
    4409: Superseded,
}
_FINAL_STATUSES = (400, 403, 404)


class Lost(Exception):
    """The connection went away; the session goes on with the next one."""


def error_of_message(message: Error) -> Exception:
    """What the server's `error` means to a stream: Lost, or the error itself."""
    if message.retryable or message.code == outcome_of(AuthError).code:
        return Lost(f"{message.code}: {message.message}")  # every attempt has its own ticket
    return error_of_code(message.code, message.message)


def error_of_close(closed: ConnectionClosed) -> Exception:
    """What a close without an `error` means to a stream: Lost, or an error."""
    code, reason = (0, "") if closed.rcvd is None else (closed.rcvd.code, closed.rcvd.reason)
    if code in _FINAL_CLOSES:
        return _FINAL_CLOSES[code](reason or f"the server closed the stream with {code}")
    return Lost(str(closed))


def error_of_handshake(refused: InvalidHandshake) -> Exception:
    """What a refused handshake means to a stream: Lost, or an error."""
    if isinstance(refused, InvalidStatus) and refused.response.status_code in _FINAL_STATUSES:
        body = bytes(refused.response.body or b"").decode(errors="replace")
        status = refused.response.status_code
        return PolicyError(f"the server refused the stream with HTTP {status}: {body[:500]}")
    return Lost(str(refused))


class Patience:
    """How long to wait before the next attempt, and when to give up."""

    def __init__(self, give_up_after_s: float) -> None:
        self._give_up_after_s = give_up_after_s
        self._failing_since_s: float | None = None
        self._attempts = 0

    def pause_s(self, now_s: float, good: bool, why: Exception) -> float:
        """Seconds to wait after a connection that ended; `good`: it has brought the stream on.

        Raises Overloaded where nothing has been good for too long.
        """
        if good or self._failing_since_s is None:
            self._failing_since_s, self._attempts = now_s, 0
        if now_s - self._failing_since_s > self._give_up_after_s:
            raise Overloaded(f"no progress for {self._give_up_after_s:g} s: {why}") from why
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2.0**self._attempts)
        self._attempts = min(self._attempts + 1, 10)
        return pause_s * random.uniform(0.5, 1.0)
