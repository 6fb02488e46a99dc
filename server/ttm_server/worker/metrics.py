"""The worker's Prometheus metrics: base units, never labelled by session."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class WorkerMetrics:
    """One worker's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.ready = Gauge(
            "ttm_worker_ready", "1 while this worker can answer, else 0", registry=self.registry
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
        self.flushes = Counter(
            "ttm_flushes", "Ends of streams, by result", ("result",), registry=self.registry
        )
        self.commits = Counter(
            "ttm_commits", "Commits by result", ("result",), registry=self.registry
        )
