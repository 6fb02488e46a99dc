"""How many decoders a gateway runs, and when each session's media last came. Knows no media."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict

from ttm_protocol.errors import Overloaded
from ttm_server.gateway.metrics import Metrics

MAX_REMEMBERED = 1024
MAX_OUTAGE_S = 3600.0


class Decoders:
    """At most `most` at once; a thread that has not ended keeps its place.

    A session that has one may have a second beyond that: its newer connection supersedes the older,
    whose thread has not ended yet.
    """

    def __init__(self, most: int, metrics: Metrics) -> None:
        self.most = most
        self._metrics = metrics
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._last_s: OrderedDict[str, float] = OrderedDict()

    def enter(self, session_id: str) -> None:
        """Take a place; raises Overloaded where there is none."""
        with self._lock:
            again = self._running[session_id] == 1
            if self._running.total() >= self.most * (2 if again else 1):
                self._tidy(session_id)
                raise Overloaded(
                    f"media: {self.most} webm streams are decoded at this server already; try "
                    "later or send media `chunks`",
                    field="media",
                )
            self._running[session_id] += 1
        self._metrics.webm_decoders.inc()

    def leave(self, session_id: str) -> None:
        """Give the place back; called by the thread as its last act."""
        with self._lock:
            self._running[session_id] -= 1
            self._tidy(session_id)
        self._metrics.webm_decoders.dec()

    def heard(self, session_id: str) -> None:
        """Media of this session came."""
        self._last_s[session_id] = time.monotonic()
        self._last_s.move_to_end(session_id)
        while len(self._last_s) > MAX_REMEMBERED:
            self._last_s.popitem(last=False)

    def ended(self, session_id: str) -> None:
        """Its client said `end`: what follows later follows without an outage."""
        self._last_s.pop(session_id, None)

    def outage_s(self, session_id: str) -> float:
        """For how long nothing came from a session that did not end; 0 where it is not known."""
        last_s = self._last_s.get(session_id)
        return 0.0 if last_s is None else min(time.monotonic() - last_s, MAX_OUTAGE_S)

    def _tidy(self, session_id: str) -> None:
        if not self._running[session_id]:
            del self._running[session_id]
