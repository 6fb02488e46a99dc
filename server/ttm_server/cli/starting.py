"""Waits until a stack that was just started can answer, and says what it waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx

from ttm_protocol.errors import Overloaded, Restarting
from ttm_server.cli.children import Children

POLL_S = 0.1
READY_TIMEOUT_S = 300.0  # a slow machine loads a model in a minute or two


def wait_until_ready(
    base_url: str, children: Children, say: Callable[[str], None], stopping: threading.Event
) -> None:
    """Return once `/readyz` says so; `say` hears what is waited for, each thing once.

    Raises Overloaded where a process ends before that, or where it takes READY_TIMEOUT_S; and
    Restarting once `stopping` is set.
    """
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    heard: set[str] = set()
    with httpx.Client(base_url=base_url, trust_env=False) as http:
        while time.monotonic() < deadline_s:
            for child in children.members:
                if child.exit_status is not None:
                    raise Overloaded(
                        f"the {child.name} ended with status {child.exit_status}; see above why"
                    )
            missing = _missing(http)
            if missing is None:
                return
            for what in missing:
                phase = what.partition(" since ")[0]
                if phase not in heard:
                    heard.add(phase)
                    say(phase)
            if stopping.wait(POLL_S):
                raise Restarting("stopped before it was ready")
    told = "; ".join(sorted(heard)) or "the gateway"
    raise Overloaded(f"not ready within {READY_TIMEOUT_S:g} s; waited for {told}")


def _missing(http: httpx.Client) -> list[str] | None:
    """What the gateway waits for; None where it is ready, nothing where it does not answer yet."""
    try:
        response = http.get("/readyz")
        return None if response.is_success else list(response.json().get("waiting_for") or ())
    except (httpx.HTTPError, ValueError):
        return []
