"""Programs that are kept running, and end with this process however it ends. Knows no protocol."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
STOP_TIMEOUT_S = 15.0
RESTART_AFTER_S = 0.05
POLL_S = 0.02
MEASURE_EVERY_S = 0.5

# Runs in the child before it becomes the program: PR_SET_PDEATHSIG = 1, SIGKILL = 9, which ends
# a stopped process too. The parent may have died before the call, hence the look afterwards.
_LAUNCHER = """
import ctypes, os, runpy, sys
parent = int(sys.argv.pop(1))
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@dataclass(slots=True)
class Program:
    """One program; each start is a new process with a name of its own.

    `arguments` may hold `{name}`. Its output goes to `folder`/NAME.log. `prefix` is a command that
    becomes the program, such as one that puts it on another host.
    """

    kind: str
    index: int
    module: str
    folder: Path
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    restart: bool = True
    prefix: Sequence[str] = ()
    starts: int = 0
    exits: list[int] = field(default_factory=list)  # of processes that ended by themselves
    cpu_s: float = 0.0  # of the processes that have ended, as far as they were looked at
    _cpu_now_s: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _killed: bool = False
    _due_s: float = 0.0

    @property
    def name(self) -> str:
        """Of the present process, or of the last one."""
        return f"{self.kind}-{self.index}-{self.starts}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def stopped(self) -> bool:
        """Whether SIGSTOP holds it."""
        return self.running and _state_of(self.pid) == "T"

    def said(self) -> str:
        """The end of what the last process wrote."""
        return (self.folder / f"{self.name}.log").read_text(errors="replace")[-1000:]

    def start(self) -> None:
        self.starts += 1
        self.cpu_s, self._cpu_now_s = self.cpu_s + self._cpu_now_s, 0.0
        self._killed = False
        command = [*self.prefix, sys.executable, "-c", _LAUNCHER, str(os.getpid()), self.module]
        command += [argument.format(name=self.name) for argument in self.arguments]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=os.environ | {"PYTHONPATH": _path()} | dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the laboratory, which ends its programs
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal where it runs; SIGKILL waits for the end."""
        if self._process is None or not self.running:
            return
        if number in (signal.SIGKILL, signal.SIGTERM):
            self._killed = True
        self._process.send_signal(number)
        if number is signal.SIGKILL:
            self._process.wait()

    def measure(self) -> float:
        """Seconds of processor time of all its processes up to now, or a moment ago."""
        if self.running:
            self._cpu_now_s = cpu_of(self.pid) or self._cpu_now_s
        return self.cpu_s + self._cpu_now_s

    def look(self) -> None:
        """Start it again a moment after its end."""
        if self._process is None or self.running:
            return
        now_s = time.monotonic()
        if self._due_s == 0.0:
            if not self._killed:
                self.exits.append(self._process.returncode)
            self._due_s = now_s + RESTART_AFTER_S
        if self.restart and now_s >= self._due_s:
            self._due_s = 0.0
            self.start()


class Programs:
    """All programs of a laboratory: `async with`, which ends them."""

    def __init__(self) -> None:
        self.members: list[Program] = []
        self._keeper: asyncio.Task[None] | None = None

    def of(self, kind: str) -> list[Program]:
        return [program for program in self.members if program.kind == kind]

    def add(self, program: Program) -> None:
        program.start()
        self.members.append(program)

    async def __aenter__(self) -> Programs:
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._keeper is not None
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        for program in self.members:
            program.signal(signal.SIGCONT)
            program.signal(signal.SIGTERM)
        until_s = time.monotonic() + STOP_TIMEOUT_S
        while any(program.running for program in self.members) and time.monotonic() < until_s:
            await asyncio.sleep(POLL_S)
        for program in self.members:
            program.signal(signal.SIGKILL)

    async def _keep(self) -> None:
        measured_s = 0.0
        while True:
            for program in self.members:
                program.look()
            if time.monotonic() - measured_s > MEASURE_EVERY_S:
                measured_s = time.monotonic()
                for program in self.members:
                    program.measure()
            await asyncio.sleep(POLL_S)


def _path() -> str:
    return os.pathsep.join([str(TESTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])


def cpu_of(pid: int) -> float:
    """Seconds of processor time of a process; 0 for one that is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _state_of(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]
