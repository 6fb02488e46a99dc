"""Starts a child process that ends when this one does, however this one ends. Knows no server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

# Runs in the child, before it becomes the program: PR_SET_PDEATHSIG = 1, SIGTERM = 15. The parent
# may have died before the call, hence the look at the parent afterwards. Not a preexec_fn: that
# runs Python between fork and exec, which may deadlock where other threads hold locks.
_LAUNCHER = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, 15, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class BoundProcess:
    """A running program that gets SIGTERM when this process dies (on Linux; elsewhere it stays).

    It runs in `folder` with the variables `environment` (both as this process's where None), its
    output is appended to `log_path` (else it goes where this process's goes), and it keeps the
    descriptors `keep_fds` open. Raises OSError when it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        log_path: Path | None = None,
        keep_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._let_go = threading.Event()
        started = threading.Event()
        result: list[subprocess.Popen[bytes] | OSError] = []

        # The kernel sends the signal when the *thread* that started a process ends, so the process
        # is started by a thread that stays.
        def keep() -> None:
            try:
                result.append(_open(command, folder, log_path, keep_fds, environment))
            except OSError as error:
                result.append(error)
            started.set()
            self._let_go.wait()

        self._keeper = threading.Thread(target=keep, name="bound-process", daemon=True)
        self._keeper.start()
        started.wait()
        if isinstance(result[0], OSError):
            self._end_keeper()
            raise result[0]
        self._process = result[0]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process, for signals and its exit status."""
        return self._process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself or was ended."""
        return self._process.poll() is not None

    def stop(self, timeout_s: float) -> None:
        """SIGTERM, and SIGKILL where that has not ended it after `timeout_s`."""
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._end()

    def forget(self) -> None:
        """Let go of a program that has ended by itself."""
        assert self.ended
        self._end()

    def _end(self) -> None:
        self._process.wait()
        self._end_keeper()

    def _end_keeper(self) -> None:
        self._let_go.set()
        self._keeper.join()


def _open(
    command: Sequence[str],
    folder: Path | None,
    log_path: Path | None,
    keep_fds: Sequence[int],
    environment: Mapping[str, str] | None,
) -> subprocess.Popen[bytes]:
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())]
    with contextlib.ExitStack() as stack:
        log_file = None if log_path is None else stack.enter_context(log_path.open("ab"))
        return subprocess.Popen(  # noqa: S603  # our own words, no shell
            [*launcher, *command],
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=None if log_file is None else subprocess.STDOUT,
            cwd=folder,
            env=None if environment is None else dict(environment),
            pass_fds=keep_fds,
            # Ctrl-C goes to the whole foreground group; this one shall end after its owner.
            start_new_session=True,
        )
