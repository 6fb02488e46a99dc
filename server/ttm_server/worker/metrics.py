"""The worker's Prometheus metrics: base units, never labelled by session."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

MODEL_LABELS = ("preset", "checkpoint", "schema")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class WorkerMetrics:
    """One worker's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.ready = Gauge(
            "ttm_worker_ready", "1 while this worker can answer, else 0", registry=self.registry
        )
        self.sessions_capacity = Gauge(
            "ttm_sessions_capacity",
            "Sessions that this worker owns at once, at most",
            registry=self.registry,
        )
        self.model = Gauge(
            "ttm_model_info",
            "1; the labels name the model and the schema of the memories that it continues",
            MODEL_LABELS,
            registry=self.registry,
        )
        self.sessions_active = Gauge(
            "ttm_sessions_active", "Sessions this worker owns", registry=self.registry
        )
        self.batch_size = Histogram(
            "ttm_batch_size",
            "Sessions in one step",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128),
            registry=self.registry,
        )
        self.step_seconds = Histogram(
            "ttm_step_seconds", "One batched step", buckets=SECONDS, registry=self.registry
        )
        self._encode_seconds = Histogram(
            "ttm_encode_seconds",
            "The encoders' part of one batched step, by modality",
            ("modality",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.queue_wait_seconds = Histogram(
            "ttm_queue_wait_seconds",
            "From a chunk decoded to its step",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.state_lag_chunks = Gauge(
            "ttm_state_lag_chunks",
            "Applied chunks that are not committed yet, all sessions together",
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "ttm_commit_seconds",
            "One commit, from taking the state to the store's answer",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.trials = Counter(
            "ttm_trials",
            "Sessions stepped alone after their worker died, by result",
            ("result",),
            registry=self.registry,
        )
        self.quarantined = Counter(
            "ttm_quarantined", "Sessions found or put in quarantine", registry=self.registry
        )
        self.sessions_lost = Counter(
            "ttm_sessions_lost",
            "Sessions that were another worker's, or gone, when this one came to them again",
            registry=self.registry,
        )
        self.states_refused = Counter(
            "ttm_states_refused",
            "Stored memories that this model cannot continue",
            registry=self.registry,
        )
        self.slow_seconds = Histogram(
            "ttm_slow_seconds",
            "One job of a slow sense, decoding included",
            ("sense",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.slow_waiting = Gauge(
            "ttm_slow_waiting",
            "Jobs that wait for their turn",
            ("sense",),
            registry=self.registry,
        )
        self.slow_left_out = Counter(
            "ttm_slow_left_out",
            "Jobs that came to nothing, by reason: missing media, an error of the sense",
            ("sense", "reason"),
            registry=self.registry,
        )
        self.tiered = Counter(
            "ttm_tiered_sessions",
            "Sessions moved out of the store, and back in",
            ("direction",),
            registry=self.registry,
        )
        self.tier_errors = Counter(
            "ttm_tier_errors",
            "Sessions that could not be moved, objects that could not be deleted, by error code",
            ("direction", "code"),
            registry=self.registry,
        )
        self.tier_seconds = Histogram(
            "ttm_tier_seconds",
            "One session on its way, its object included",
            ("direction",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.tier_left_over = Gauge(
            "ttm_tier_left_over",
            "Objects that may not be needed any more: deleted once that is sure",
            registry=self.registry,
        )
        self.flushes = Counter(
            "ttm_flushes", "Ends of streams, by result", ("result",), registry=self.registry
        )
        self.commits = Counter(
            "ttm_commits", "Commits by result", ("result",), registry=self.registry
        )
        self._redis_seconds = Histogram(
            "ttm_redis_seconds",
            "Time of store operations",
            ("op",),
            buckets=SECONDS,
            registry=self.registry,
        )
        # From zero on: a rate over a series that appears only with its first count misses it.
        for direction in ("out", "in"):
            self.tiered.labels(direction)
        for result in ("committed", "refused"):
            self.commits.labels(result)
        for result in ("committed", "already", "refused", "put_off"):
            self.flushes.labels(result)
        for result in ("passed", "failed", "put_off"):
            self.trials.labels(result)

    def observe_redis(self, op: str, seconds: float) -> None:
        """Record one operation of the store; made to be passed to `Store.connect` as `observe`."""
        self._redis_seconds.labels(op).observe(seconds)

    def encoded(self, modality: str, seconds: float) -> None:
        """Record the encoders' part of a step."""
        self._encode_seconds.labels(modality).observe(seconds)
