"""One worker as a whole process: signals, metrics port, exit status. The engine is an argument."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from ttm_model.errors import ModelError
from ttm_protocol.errors import ConfigError, TTMError
from ttm_server import logs, tracing
from ttm_server.config import Settings, load_settings, secret_texts
from ttm_server.store import Store, WorkerStore
from ttm_server.worker.announcing import announce, described
from ttm_server.worker.engine import Engine, TimesEncoders
from ttm_server.worker.heartbeat import beating
from ttm_server.worker.metrics import MODEL_LABELS, WorkerMetrics
from ttm_server.worker.presence import Presence
from ttm_server.worker.probes import serve_probes
from ttm_server.worker.watchdog import Hang, Watchdog
from ttm_server.worker.worker import Worker

log = logging.getLogger(__name__)

EXIT_WITHIN_S = 14.0  # with the next one below what the all-in-one server waits before it kills
DRAIN_LOG_WITHIN_S = 0.5
LOG_WITHIN_S = 5.0  # it may be the log's pipe that hangs
EXIT_HUNG = 124  # as timeout(1) has it
_BY_SIGNAL = 128  # a shell's exit status for a process that a signal ended

MakeEngine = Callable[[Settings], Engine[Any]]


class _Stopping:
    """The first signal drains; the second ends the process at once, as does a drain that hangs."""

    def __init__(self, presence: Presence) -> None:
        self.presence = presence
        self.worker: Worker[Any] | None = None
        self._asked = False

    def signalled(self, number: int) -> None:
        if self.worker is None:
            os._exit(0)  # still starting: nothing is owned yet
        if self._asked:
            os._exit(_BY_SIGNAL + number)
        self._asked = True
        self.presence.become("draining", "going away")
        self.worker.stop()
        # A thread's timer: a hanging step may hold up the event loop's end.
        _after(EXIT_WITHIN_S, _end_drain)


def _end_drain() -> None:
    """What is left is not handed over: its leases run out, and others go on."""
    _after(DRAIN_LOG_WITHIN_S, os._exit, EXIT_HUNG)
    log.critical("the drain hangs: not over in %g s; every thread's stack follows", EXIT_WITHIN_S)
    faulthandler.dump_traceback()
    os._exit(EXIT_HUNG)


def _end_hung(hang: Hang) -> None:
    """End the process as a crash would: its leases run out, and others go on."""
    _after(LOG_WITHIN_S, os._exit, EXIT_HUNG)
    log.critical("%s hangs: %.1f s at one piece of work\n%s", hang.name, hang.running_s, hang.stack)
    os._exit(EXIT_HUNG)


def _after(delay_s: float, call: Callable[..., None], *arguments: object) -> None:
    timer = threading.Timer(delay_s, call, arguments)
    timer.daemon = True
    timer.start()


async def serve(settings: Settings, make_engine: MakeEngine, worker_id: str) -> None:
    """Run one worker until SIGTERM or SIGINT; raises TTMError when it cannot start."""
    if settings.redis_url is None:
        raise ConfigError("redis_url: TTM_REDIS_URL is not set", field="redis_url")
    presence = Presence(worker_id, settings)
    stopping = _Stopping(presence)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.signalled, number)
    metrics = WorkerMetrics()
    metrics.ready.set_function(lambda: not presence.waits_for())
    if settings.worker_metrics_port:
        where = settings.worker_metrics_host, settings.worker_metrics_port
        serve_probes(*where, metrics.registry, presence.waits_for)
    store = await Store.connect(settings.redis_url, settings, observe=metrics.observe_redis)
    try:
        async with _told(presence, store.worker):
            await _work(store.worker, settings, make_engine, metrics, stopping)
    finally:
        await store.close()


async def _work(
    store: WorkerStore,
    settings: Settings,
    make_engine: MakeEngine,
    metrics: WorkerMetrics,
    stopping: _Stopping,
) -> None:
    """Load the model, then work until told to stop."""
    presence = stopping.presence
    log.info("worker %s: loading the model", presence.worker_id)
    presence.become("starting", "model loading")
    engine = await asyncio.to_thread(make_engine, settings)
    announced = await asyncio.to_thread(described, engine)
    metrics.model.labels(*(announced.model[name] for name in MODEL_LABELS)).set(1)
    metrics.sessions_capacity.set(settings.max_live_sessions)
    if isinstance(engine, TimesEncoders):
        engine.encoded = metrics.encoded
    watchdog = Watchdog(settings.step_timeout_s, _end_hung)
    worker = Worker(store, engine, settings, metrics, watchdog.watching, owner=presence.worker_id)
    stopping.worker = worker
    presence.become("ready")
    log.info("worker %s ready", worker.owner)
    announcing = asyncio.create_task(announce(store, announced))
    try:
        with watchdog:
            async with beating(settings.step_timeout_s):
                await worker.run()
    finally:
        announcing.cancel()


@contextlib.asynccontextmanager
async def _told(presence: Presence, store: WorkerStore) -> AsyncIterator[None]:
    """While inside, the store hears signs of life; after an end in order, that they are over."""
    keeping = asyncio.create_task(presence.keep(store))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await presence.leave(store)


def run(make_engine: MakeEngine) -> int:
    """Read the settings and serve; the exit status is 0 after a drain, 2 for a bad setting, 1 else.

    130 or 143 where a second signal cut the drain short; 124 where a step, a decoder or the drain
    hung.
    """
    try:
        settings = load_settings()
    except ConfigError as error:
        sys.stderr.write(f"ttmserve worker: {error}\n")
        return 2
    worker_id = secrets.token_hex(8)
    told = {"worker_id": worker_id}
    logs.configure(settings.log_level, settings.log_format, secret_texts(settings), told)
    try:
        tracing.configure(settings.otlp_endpoint, "ttmserve-worker", worker_id)
        asyncio.run(serve(settings, make_engine, worker_id))
    except (TTMError, ModelError) as error:
        log.critical("%s", error)
        return 2 if isinstance(error, ConfigError) else 1
    finally:
        tracing.shutdown()
    return 0
