"""Child processes of the all-in-one server: start, watch, restart, end. Knows no protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ttm_server.secret_files import SUFFIX
from ttm_server.store.bound_process import BoundProcess

STOP_WITHIN_S = 15.0
RESTART_AFTER_S = 0.5
MAX_RESTART_AFTER_S = 30.0
STABLE_S = 30.0  # a child that lived this long starts again at once


@dataclass(slots=True)
class Child:
    """One program that is kept running, and that gets SIGTERM should this process die.

    `stage`: those with a lower one are stopped, and have ended, before the next ones.
    """

    name: str
    module: str
    environment: Mapping[str, str]
    stage: int = 0
    stop_within_s: float = STOP_WITHIN_S
    started_s: float = 0.0
    failures: int = 0
    due_s: float = 0.0
    _bound: BoundProcess | None = None

    def start(self) -> None:
        """Start the program in a process of its own; the one before must have ended."""
        if self._bound is not None:
            self._bound.forget()
        command = [sys.executable, "-m", self.module]
        self._bound = BoundProcess(command, environment=self.environment)
        self.started_s = time.monotonic()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        assert self._bound is not None
        return self._bound.process

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return None if self._bound is None else self._bound.process.poll()

    def end_by(self, deadline_s: float) -> None:
        """Wait until the deadline (monotonic), then SIGKILL."""
        try:
            self.process.wait(max(0.1, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Children:
    """Several programs; one that ends is started again, later and later if it keeps failing."""

    members: list[Child] = field(default_factory=list)

    def add(
        self,
        name: str,
        module: str,
        environment: Mapping[str, str],
        *,
        stage: int = 0,
        stop_within_s: float = STOP_WITHIN_S,
    ) -> Child:
        """Start another program with these variables on top of this process's."""
        # A file that names one of these variables gave way to what they say here.
        overruled = {variable + SUFFIX for variable in environment}
        inherited = {key: value for key, value in os.environ.items() if key not in overruled}
        child = Child(name, module, inherited | dict(environment), stage, stop_within_s)
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
        """End all of them, stage by stage; SIGKILL what does not end in time."""
        for stage in sorted({child.stage for child in self.members}):
            members = [child for child in self.members if child.stage == stage]
            for child in members:
                if child.exit_status is None:
                    child.process.send_signal(signal.SIGTERM)
            asked_s = time.monotonic()
            for child in members:
                child.end_by(asked_s + child.stop_within_s)
