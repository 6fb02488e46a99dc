"""A gateway and a worker as processes on one store, with everything that they write."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from servers import free_port

TESTS = Path(__file__).parents[1]


@dataclass
class Processes:
    """Both, running; `logs` are whole once they have ended."""

    base: str
    probes: str
    gateway: asyncio.subprocess.Process
    worker: asyncio.subprocess.Process
    logs: dict[str, Path]

    def lines(self, name: str) -> list[str]:
        """What a process has written so far."""
        return self.logs[name].read_text().splitlines()

    async def stop(self) -> dict[str, int | None]:
        """SIGTERM to the gateway, then to the worker; -> their exit statuses."""
        for process in (self.gateway, self.worker):
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                await process.wait()
        return {"gateway": self.gateway.returncode, "worker": self.worker.returncode}


@contextlib.asynccontextmanager
async def processes(folder: Path, url: str, **variables: str) -> AsyncIterator[Processes]:
    """Start both and wait until they are ready; the worker's engine is the lab's hash chain."""
    port, probes = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TTM_")}
    told = kept | {
        "TTM_REDIS_URL": url,
        "TTM_PORT": str(port),
        "TTM_WORKER_METRICS_PORT": str(probes),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(TESTS), kept.get("PYTHONPATH", "")]),
    }
    logs = {name: folder / f"{name}.log" for name in ("gateway", "worker")}
    started = {}
    for name, module in (("gateway", "ttm_server.gateway"), ("worker", "worker.lab_worker")):
        with logs[name].open("wb") as log:
            started[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module), env=told | variables, stdout=log, stderr=log
            )
    running = Processes(
        f"http://127.0.0.1:{port}", f"http://127.0.0.1:{probes}", logs=logs, **started
    )
    try:
        await _ready(running)
        yield running
    finally:
        for process in started.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _ready(running: Processes) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
        while True:
            for name in ("gateway", "worker"):
                assert getattr(running, name).returncode is None, running.logs[name].read_text()
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(f"{running.base}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)
