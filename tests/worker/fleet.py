"""Worker processes of a test: start, kill, end. Every process is ended with the fleet."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

from ttm_server.config import Settings

TESTS = Path(__file__).parent.parent
PASSED_ON = (
    *("lease_ttl_s", "max_batch", "max_live_sessions", "commit_every_steps", "commit_every_s"),
    *("idle_release_s", "input_capacity_chunks", "quarantine_after", "quarantine_s"),
    *("events_capacity", "asks_capacity", "step_timeout_s"),
)


class Fleet:
    """Processes on one server; each has a place, in which it can be started again."""

    def __init__(self, url: str, settings: Settings, log: Path, **lab: object) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.starts = 0
        self.statuses: list[int] = []  # of those that were started again
        self._log = log.open("ab")
        told = {f"TTM_{name.upper()}": str(getattr(settings, name)) for name in PASSED_ON}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TTM_")}
        self.environment = (
            kept
            | told
            | {"TTM_REDIS_URL": url, "OMP_NUM_THREADS": "1"}
            | {"PYTHONPATH": os.pathsep.join([str(TESTS), *kept.get("PYTHONPATH", "").split()])}
            | {f"LAB_{name.upper()}": str(value) for name, value in lab.items()}
        )

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker."""
        self.starts += 1
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.lab_worker"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.processes.append(process)
        return process

    def kill(self, place: int) -> None:
        """SIGKILL, and wait for the end."""
        self.processes[place].send_signal(signal.SIGKILL)
        self.processes[place].wait()

    def restart_ended(self) -> int:
        """Start again what has ended; how many that were."""
        ended = [place for place, one in enumerate(self.processes) if one.poll() is not None]
        for place in ended:
            self.statuses.append(self.processes[place].returncode)
            self.processes[place] = self.start()
            del self.processes[-1]
        return len(ended)

    @contextlib.asynccontextmanager
    async def kept_running(self) -> AsyncIterator[None]:
        """Start again what ends, as a supervisor would."""

        async def watch() -> None:
            while True:
                self.restart_ended()
                await asyncio.sleep(0.05)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._log.close()
