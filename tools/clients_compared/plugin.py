"""Runs the store's tests over another client of Redis.

    pip install coredis==6.9.0 valkey-glide==2.6.0
    PYTHONPATH=tools CLIENT=coredis python -m pytest -p clients_compared.plugin tests/store

`CLIENT` is `coredis`, `coredis_mended` or `glide`. Pub/sub stays with our own client: what is
compared is commands.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from ttm_server.store import facade, links
from ttm_server.store.clients import Greeting

_own = links.open_links


def _open(url: str, greeting: Greeting | None = None) -> links.Links:
    own = _own(url, greeting)  # reads the URL, connects nowhere
    name = os.environ["CLIENT"]  # each is imported alone, and need not be installed
    kind: Any = importlib.import_module(f"clients_compared.{name}_link").Link
    work = kind(url, links.MAX_CONNECTIONS, greeting)
    blocking = kind(url, links.MAX_BLOCKING_CONNECTIONS, None)
    return links.Links(work, blocking, own.signals)


def install() -> None:
    """Let every store that is opened from here on use the client that CLIENT names."""
    for module in (links, facade):
        module.open_links = _open  # type: ignore[attr-defined]


install()
