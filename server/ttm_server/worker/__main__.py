"""`python -m ttm_server.worker`: one worker process, configured by `TTM_*` variables."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from prometheus_client import start_http_server

from ttm_model.engines.lite import LiteEngine
from ttm_model.errors import ModelError
from ttm_server.config import Settings, load_settings
from ttm_server.errors import ConfigError, TTMError
from ttm_server.store import Store
from ttm_server.worker.metrics import WorkerMetrics
from ttm_server.worker.worker import Worker

log = logging.getLogger("ttm_server.worker")


async def serve(settings: Settings) -> None:
    """Run one worker until SIGTERM or SIGINT; raises TTMError when it cannot start."""
    if settings.redis_url is None:
        raise ConfigError("redis_url: TTM_REDIS_URL is not set", field="redis_url")
    engine = await asyncio.to_thread(LiteEngine, settings.device, settings.threads, settings.sound)
    metrics = WorkerMetrics()
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, "127.0.0.1", metrics.registry)
    store = await Store.connect(settings.redis_url, settings)
    try:
        worker = Worker(store, engine, settings, metrics)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        log.info("worker %s ready on %s", worker.owner, engine.device)
        await worker.run()
    finally:
        await store.close()


def main() -> int:
    """Start; the exit status is 0 after an orderly stop, 2 for a bad setting, 1 otherwise."""
    try:
        settings = load_settings()
    except ConfigError as error:
        sys.stderr.write(f"ttmserve worker: {error}\n")
        return 2
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        asyncio.run(serve(settings))
    except (TTMError, ModelError) as error:
        sys.stderr.write(f"ttmserve worker: {error}\n")
        return 2 if isinstance(error, ConfigError) else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
