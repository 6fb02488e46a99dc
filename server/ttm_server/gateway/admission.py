"""How many streams one client may have open at this gateway. Knows names of clients, no socket."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections import Counter

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from ttm_protocol.errors import AuthError, RateLimited
from ttm_server.config import Settings
from ttm_server.gateway.guard import key_of

_TAG_BYTES = 12
_V6_CLIENT_BITS = 64  # what one customer usually gets


class Admission:
    """Counts open streams by client.

    A client at its limit may still open a further stream of a session that it streams already: the
    newer one supersedes the older, whose end the server may not have noticed yet.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()
        self._sessions: Counter[tuple[str, str]] = Counter()

    def enter(self, client: str, session_id: str) -> None:
        """Note a stream of a client; raises RateLimited where it has as many as it may have."""
        again = self._sessions[client, session_id] > 0
        if self._open[client] >= self._most * (2 if again else 1):
            self._tidy(client, session_id)
            raise RateLimited(
                f"streams: {self._most} of this client are open at this server already; "
                "end one of them first"
            )
        self._open[client] += 1
        self._sessions[client, session_id] += 1

    def leave(self, client: str, session_id: str) -> None:
        """Forget a stream that :meth:`enter` noted."""
        self._open[client] -= 1
        self._sessions[client, session_id] -= 1
        self._tidy(client, session_id)

    def _tidy(self, client: str, session_id: str) -> None:
        """Keep no client that has nothing open."""
        if not self._open[client]:
            del self._open[client]
        if not self._sessions[client, session_id]:
            del self._sessions[client, session_id]


def client_of(connection: HTTPConnection, settings: Settings) -> str:
    """Whose connection this is: the key's that it carries, else its address's."""
    key = key_of(connection.headers, settings)
    if key is not None:
        return _name(key)
    host = "" if connection.client is None else connection.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host}"
    if address.version == 4:
        return f"address {address}"
    return f"address {ipaddress.ip_network((address, _V6_CLIENT_BITS), strict=False)}"


def tagged(ticket: str, connection: HTTPConnection, settings: Settings) -> str:
    """A ticket that tells, to those who know the key, with which key it was asked for."""
    key = key_of(connection.headers, settings)
    return ticket if key is None else f"{ticket}.{_tag(key, ticket)}"


def untagged(ticket: str, settings: Settings) -> tuple[str, str | None]:
    """The store's ticket and the client that asked for it, where it tells.

    Raises AuthError for a tag that none of the keys has made.
    """
    plain, dot, tag = ticket.partition(".")
    if not dot:
        return ticket, None
    found = None
    for key in settings.api_keys:
        if hmac.compare_digest(_tag(key, plain).encode(), tag.encode("utf-8", "replace")):
            found = _name(key)
    if found is None:
        raise AuthError("ticket: unknown, used or expired", field="ticket")
    return plain, found


def _tag(key: SecretStr, ticket: str) -> str:
    secret = key.get_secret_value().encode()
    digest = hmac.digest(secret, b"ticket " + ticket.encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(digest[:_TAG_BYTES]).decode()


def _name(key: SecretStr) -> str:
    return "key " + hashlib.sha256(key.get_secret_value().encode()).hexdigest()
