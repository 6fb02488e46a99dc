"""Reads `redis_url`: one server, Sentinels or a cluster. Knows no connection.

    redis://H:P/DB, rediss://…, unix://…                       one server
    redis+sentinel://[USER:PASSWORD@]H:P,H:P/SERVICE[/DB]       the master that Sentinels name
    redis+cluster://[USER:PASSWORD@]H:P,H:P                     a cluster; any of its nodes
    rediss+sentinel://…, rediss+cluster://…                     the same over TLS

A Sentinel's own password goes into `?sentinel_password=…` (and `sentinel_username`). Over TLS the
certificate of whoever answers is checked, with `?ssl_ca_certs=FILE` against that authority;
`ssl_certfile` and `ssl_keyfile` are shown to a server that asks, and `ssl_check_hostname=no` is for
nodes that are announced by addresses which their certificates do not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from ttm_protocol.errors import ConfigError

Address = tuple[str, int]

SENTINEL = ("redis+sentinel://", "rediss+sentinel://")
CLUSTER = ("redis+cluster://", "rediss+cluster://")
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
SENTINEL_PORT = 26379
CLUSTER_PORT = 6379
MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Account:
    """Who to log in as; None where nobody is asked."""

    username: str | None = None
    password: str | None = None

    def options(self) -> dict[str, str]:
        """Keyword arguments of a redis-py connection."""
        named = {"username": self.username, "password": self.password}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom to trust and what to show; `ssl` False: there is no TLS."""

    ssl: bool = False
    files: tuple[tuple[str, str], ...] = ()
    check_hostname: bool = True

    def options(self) -> dict[str, Any]:
        """Keyword arguments of a redis-py connection over TLS; none without TLS."""
        if not self.ssl:
            return {}
        return {"ssl_check_hostname": self.check_hostname, **dict(self.files)}


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """The master of `service`, as these Sentinels name it."""

    sentinels: tuple[Address, ...]
    service: str
    db: int
    account: Account
    sentinel_account: Account
    tls: Tls


@dataclass(frozen=True, slots=True)
class ClusterUrl:
    """Nodes of a cluster through which the others are found."""

    seeds: tuple[Address, ...]
    account: Account
    tls: Tls


def read_sentinel_url(url: str) -> SentinelUrl:
    """Parts of a `redis+sentinel://` URL; raises ConfigError."""
    where, path, options = _split(url)
    account, sentinels = _hosts(where, SENTINEL_PORT)
    service, _, db = path.strip("/").partition("/")
    if not service:
        raise _wrong("the name of the service is missing: redis+sentinel://HOST:PORT,…/SERVICE")
    if db and not db.isdecimal():
        raise _wrong(f"{db!r} is not the number of a database")
    theirs = Account(options.pop("sentinel_username", None), options.pop("sentinel_password", None))
    tls = _tls(url, options)
    return SentinelUrl(sentinels, unquote(service), int(db or 0), account, theirs, tls)


def read_cluster_url(url: str) -> ClusterUrl:
    """Parts of a `redis+cluster://` URL; raises ConfigError."""
    where, path, options = _split(url)
    if path not in ("", "0"):
        raise _wrong("a cluster has no other database than 0")
    account, seeds = _hosts(where, CLUSTER_PORT)
    return ClusterUrl(seeds, account, _tls(url, options))


def _split(url: str) -> tuple[str, str, dict[str, str]]:
    """Login and hosts, path, options."""
    rest, _, query = url.partition("://")[2].partition("?")
    where, _, path = rest.partition("/")
    options = {name: values[-1] for name, values in parse_qs(query).items()}
    return where, path, options


def _tls(url: str, options: dict[str, str]) -> Tls:
    """What is left of a URL's options; raises ConfigError for any that is not known."""
    if not url.startswith("rediss"):
        if options:
            raise _wrong(f"{min(options)}: no such option")
        return Tls()
    files = tuple((name, options.pop(name)) for name in TLS_FILES if name in options)
    check = options.pop("ssl_check_hostname", "yes")
    if check not in ("yes", "no"):
        raise _wrong("ssl_check_hostname: yes or no")
    if options:
        raise _wrong(f"{min(options)}: no such option")
    return Tls(True, files, check == "yes")


def _hosts(where: str, default_port: int) -> tuple[Account, tuple[Address, ...]]:
    login, _, hosts = where.rpartition("@")
    username, _, password = login.partition(":")
    account = Account(unquote(username) or None, unquote(password) or None)
    found = tuple(_address(part, default_port) for part in hosts.split(",") if part)
    if not found:
        raise _wrong("no host is given")
    return account, found


def _address(text: str, default_port: int) -> Address:
    host, separator, port = text.rpartition(":")
    if not separator or text.endswith("]"):  # a bare name, or a bare IPv6 address in brackets
        host, port = text, str(default_port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 1 <= int(port) <= MAX_PORT:
        raise _wrong(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"redis_url: {what}", field="redis_url")
