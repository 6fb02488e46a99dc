"""The gateway's Prometheus metrics, in base units and never labelled by session.

Knows where they are shown (`/metrics`), not who counts; one registry for each application.
"""

from __future__ import annotations

from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from ttm_protocol.answers import State
from ttm_protocol.errors import OUTCOMES

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_REQUEST_SECONDS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0)
_FAST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)
# A client may close with any code: only these become label values.
_KNOWN_CLOSES = frozenset({1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013})
_OWN_CLOSES = frozenset({4400, 4401, 4404, 4408, 4409, 4429})

# What the clients of this project say, and what is found in their recordings.
_CLIENT_GAPS = ("backpressure", "lost", "late_audio", "late_video")
_DROPS = ("invalid", "overflow", "unstored", "client_other")


class Metrics:
    """Every metric that the gateway counts. `registry` may be shared with other parts."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.sessions_active = Gauge(
            "ttm_sessions_active", "Open stream connections.", registry=self.registry
        )
        self.chunks_received = Counter(
            "ttm_chunks_received", "Valid chunks that arrived.", registry=self.registry
        )
        self.chunks_dropped = Counter(
            "ttm_chunks_dropped",
            "Chunks that were not stored, by reason. `unstored`: their connection ended first, a "
            "client sends them again; `client_*`: gaps that a client reported.",
            ["reason"],
            registry=self.registry,
        )
        self.ingest_to_applied = Histogram(
            "ttm_ingest_to_applied_seconds",
            "From a chunk's arrival until it is in committed memory.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.rejections = Counter(
            "ttm_admission_rejections",
            "Requests and connections that were turned away, by error code.",
            ["reason"],
            registry=self.registry,
        )
        self._ws_closes = Counter(
            "ttm_ws_closes", "Stream connections that ended.", ["code"], registry=self.registry
        )
        self.question = Histogram(
            "ttm_question_seconds",
            "From a question's arrival to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            "ttm_requests",
            "Answered REST requests, by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "ttm_request_seconds",
            "From a REST request's first byte to its answer's last, by route.",
            ["route"],
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self._answers = Counter(
            "ttm_answers", "Answered questions, by state.", ["state"], registry=self.registry
        )
        self.stream_lag = Gauge(
            "ttm_stream_lag_chunks",
            "Durable chunks that are not in committed memory yet, all open streams together.",
            registry=self.registry,
        )
        self.store_up = Gauge(
            "ttm_store_up",
            "1 where the store answered this scrape, else 0 (what is known of it is then old).",
            registry=self.registry,
        )
        self.store_bytes = Gauge(
            "ttm_store_memory_bytes",
            "What the store's data takes; of a Cluster: of one of its masters, which share evenly.",
            registry=self.registry,
        )
        self.store_limit = Gauge(
            "ttm_store_memory_limit_bytes",
            "The store's `maxmemory`, above which it takes nothing new; 0: none is set.",
            registry=self.registry,
        )
        self.workers = Gauge(
            "ttm_workers",
            "Living workers, by state, as they told the store.",
            ["state"],
            registry=self.registry,
        )
        self.webm_decoders = Gauge(
            "ttm_webm_decoders", "Decoder threads that run.", registry=self.registry
        )
        self.webm_bytes = Counter(
            "ttm_webm_bytes", "Bytes of live containers that arrived.", registry=self.registry
        )
        self.webm_cpu = Counter(
            "ttm_webm_cpu_seconds", "Processor time of the decoders.", registry=self.registry
        )
        self.webm_damaged = Counter(
            "ttm_webm_damaged_packets",
            "Packets of live containers that could not be decoded.",
            registry=self.registry,
        )
        self._redis = Histogram(
            "ttm_redis_seconds",
            "Time of store operations.",
            ["op"],
            buckets=_FAST_SECONDS,
            registry=self.registry,
        )

        # From zero on: a rate over a series that appears only with its first count misses it.
        for reason in (*_DROPS, *(f"client_{name}" for name in _CLIENT_GAPS)):
            self.chunks_dropped.labels(reason)
        for closed in (*_KNOWN_CLOSES, *_OWN_CLOSES):
            self._ws_closes.labels(str(closed))
        for state in get_args(State):
            self._answers.labels(state)
        for code in {outcome.code for outcome in OUTCOMES.values()}:
            self.rejections.labels(code)

    def observe_redis(self, op: str, seconds: float) -> None:
        """Record one operation of the store; made to be passed to `Store.connect` as `observe`."""
        self._redis.labels(op).observe(seconds)

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count one REST request; `route` is a template, never a path."""
        self._requests.labels(route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def answered(self, state: str) -> None:
        """Count an answer."""
        self._answers.labels(state).inc()

    def ws_closed(self, code: int) -> None:
        """Count the end of a stream connection."""
        known = code in _KNOWN_CLOSES or code in _OWN_CLOSES
        self._ws_closes.labels(str(code) if known else "other").inc()

    def client_gap(self, reason: str) -> None:
        """Count a gap that a client reported; its free text does not become a label."""
        name = f"client_{reason}" if reason in _CLIENT_GAPS else "client_other"
        self.chunks_dropped.labels(name).inc()

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self.registry)
