"""A lock on a data folder that a child process can go on holding. Knows no server."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

from ttm_protocol.errors import ConfigError

LOCK_NAME = "ttmserve.lock"
# A server whose owner has just died needs a moment to write out its data.
WAIT_FOR_ORPHAN_S = 15.0


class FolderLock:
    """An exclusive `flock`; it stays taken while any process has the file open that took it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fd = -1

    def fileno(self) -> int:
        """Descriptor to pass to a child that shall hold the lock too."""
        return self._fd

    def take(self) -> None:
        """Make the folder where it is missing and lock it.

        Waits for a server whose owner is dead. Raises ConfigError when the folder is in use.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(self._folder / LOCK_NAME, flags, 0o600)
        except OSError as error:
            raise ConfigError(
                f"data_dir: {self._folder}: {error.strerror}", field="data_dir"
            ) from None
        until_s = time.monotonic() + WAIT_FOR_ORPHAN_S
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                owner, server = self._read_pids()
                if (owner and _alive(owner)) or time.monotonic() > until_s:
                    self.close()
                    who = f"process {owner} (server {server})" if owner else "another process"
                    raise ConfigError(
                        f"data_dir: {self._folder} is in use by {who}", field="data_dir"
                    ) from None
                time.sleep(0.05)

    def write_pids(self, server: int) -> None:
        """Say who uses the folder: this process, with the server `server`."""
        text = json.dumps({"owner": os.getpid(), "server": server}).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, text, 0)

    def close(self) -> None:
        """Let go of the lock here; a child that has it keeps it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read_pids(self) -> tuple[int, int]:
        try:
            pids = json.loads(os.pread(self._fd, 4096, 0))
            return int(pids["owner"]), int(pids["server"])
        except (ValueError, KeyError, TypeError):
            return 0, 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
