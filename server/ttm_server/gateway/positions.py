"""How far one connection's session is known to be, and how long chunks took. Knows no store."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from ttm_protocol.errors import Restarting
from ttm_server.gateway.metrics import Metrics


class Positions:
    """The newest `durable` and `applied` that were seen; `moved` is set when `applied` moves."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._arrivals: deque[tuple[int, float]] = deque()  # (seq, when) of what is not applied
        self._applied = -1
        self.durable = 0
        self.moved = asyncio.Event()

    @property
    def lag_chunks(self) -> int:
        """Durable chunks that are not in committed memory yet; 0 while nothing is known."""
        return max(0, self.durable - self._applied) if self._applied >= 0 else 0

    def stored(self, seq: int, arrived_s: float) -> None:
        """A chunk is durable that arrived then (monotonic seconds)."""
        self._arrivals.append((seq, arrived_s))

    def advance(self, durable: int, applied: int) -> None:
        """Note what the store said."""
        while self._arrivals and self._arrivals[0][0] <= applied:
            _, arrived_s = self._arrivals.popleft()
            self._metrics.ingest_to_applied.observe(time.monotonic() - arrived_s)
        self.durable = max(self.durable, durable)
        if applied > self._applied:
            self._applied = applied
            self.moved.set()


def check_not_back(durable: int, known: int) -> None:
    """A store that knows less than it said before was replaced by an older copy of itself.

    `known`: what it had said before it was asked. The client reads the new `next_seq` when it
    connects again. Raises Restarting.
    """
    if durable < known:
        raise Restarting(
            f"the store fell back from chunk {known} to {durable}; reconnect and send from the "
            "new next_seq"
        )
