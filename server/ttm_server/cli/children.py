"""Child processes of the all-in-one server: start, watch, restart, end. Knows no protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

STOP_TIMEOUT_S = 15.0
RESTART_AFTER_S = 0.5
MAX_RESTART_AFTER_S = 30.0
STABLE_S = 30.0  # a child that lived this long starts again at once

# Runs in the child before it becomes the program: SIGTERM (15) when the parent dies, on Linux.
_LAUNCHER = """
import ctypes, runpy, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@dataclass(slots=True)
class Child:
    """One program that is kept running."""

    name: str
    module: str
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    failures: int = 0
    due_s: float = 0.0

    def start(self) -> None:
        """Start the program in a process of its own."""
        command = [sys.executable, "-c", _LAUNCHER, self.module]
        self.process = subprocess.Popen(command, env=dict(self.environment))  # noqa: S603
        self.started_s = time.monotonic()

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return None if self.process is None else self.process.poll()


@dataclass(slots=True)
class Children:
    """Several programs; one that ends is started again, later and later if it keeps failing."""

    members: list[Child] = field(default_factory=list)

    def add(self, name: str, module: str, environment: Mapping[str, str]) -> Child:
        """Start another program with these variables on top of this process's."""
        child = Child(name, module, os.environ | dict(environment))
        child.start()
        self.members.append(child)
        return child

    def restart_ended(self) -> list[tuple[str, int]]:
        """Start ended programs again when due; -> names and statuses of those that just ended."""
        ended = []
        now_s = time.monotonic()
        for child in self.members:
            status = child.exit_status
            if status is None:
                continue
            if child.due_s == 0.0:
                ended.append((child.name, status))
                child.failures = 0 if now_s - child.started_s > STABLE_S else child.failures + 1
                wait_s = RESTART_AFTER_S * 2 ** max(0, child.failures - 1)
                child.due_s = now_s + min(MAX_RESTART_AFTER_S, wait_s)
            elif now_s >= child.due_s:
                child.due_s = 0.0
                child.start()
        return ended

    def stop(self) -> None:
        """End all of them in order, gateways before workers; SIGKILL what does not end in time."""
        for child in self.members:
            if child.process is not None and child.exit_status is None:
                child.process.send_signal(signal.SIGTERM)
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        for child in self.members:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
