"""Objects as files of one folder, each written whole and synced. Knows no session.

`ab/abcd….safetensors`: files lie in folders by the first two characters of their names.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from ttm_protocol.errors import TierUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")
UNFINISHED_FOR_S = 86_400.0
_UNFINISHED = ".unfinished"


class FolderObjects:
    """A folder that all gateways and workers see; it is made with the first object."""

    def __init__(self, folder: Path, unavailable: Callable[[str], TierUnavailable]) -> None:
        self._folder = folder
        self._unavailable = unavailable

    async def put(self, name: str, data: bytes) -> None:
        """As :class:`.objects.Objects` has it."""
        await self._run("put", lambda: self._put(self._path(name), data))

    async def get(self, name: str) -> bytes | None:
        """As :class:`.objects.Objects` has it."""

        def get() -> bytes | None:
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                if not self._folder.is_dir():  # nothing is mounted there, say
                    raise
                return None

        return await self._run("get", get)

    async def delete(self, name: str) -> None:
        """As :class:`.objects.Objects` has it."""

        def delete() -> None:
            self._path(name).unlink(missing_ok=True)
            self._folder.stat()

        await self._run("delete", delete)

    async def names(self) -> AsyncIterator[tuple[str, float]]:
        """As :class:`.objects.Objects` has it; what a crash left unfinished goes after a day."""
        for part in await self._run("list", lambda: sorted(self._folder.glob("[a-z0-9][a-z0-9]"))):
            for entry in await self._run("list", partial(_files, part)):
                yield entry

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _put(self, path: Path, data: bytes) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._folder)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
        try:
            with open(unfinished, "xb", opener=_private) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    async def _run(self, op: str, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            log.warning("tier: %s failed: %s", op, error)
            raise self._unavailable(op) from error


def _files(folder: Path) -> list[tuple[str, float]]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # deleted this moment
                stored_s = entry.stat().st_mtime
                if not entry.name.endswith(_UNFINISHED):
                    found.append((entry.name, stored_s))
                elif time.time() - stored_s > UNFINISHED_FOR_S:
                    os.unlink(entry.path)
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
