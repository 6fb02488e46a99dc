"""One line per thing a worker did, written so that a SIGKILL loses none. Knows no meaning.

The monotonic clock is one for all processes of a machine, so that lines of several can be compared.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal[
    *("up", "acquired", "committed", "fenced", "conflict", "released", "holding"),
    *("flushed", "went_on", "failed"),
]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a worker did at `at_s`. `process` names its file; 0 stands for no position."""

    at_s: float
    process: str
    kind: str
    sid: str = "-"
    prev: int = 0
    new: int = 0


class Journal:
    """Appends to a file with one system call a line."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, kind: Kind, sid: str = "-", prev: int = 0, new: int = 0) -> None:
        """Add a line with the time of now."""
        line = f"{time.monotonic():.6f} {kind} {sid} {prev} {new}\n"
        os.write(self._fd, line.encode())


def read_journals(folder: Path) -> list[Entry]:
    """Every line of every journal in a folder, in order of time."""
    entries = [entry for path in folder.glob("*.journal") for entry in _read(path)]
    return sorted(entries, key=lambda entry: entry.at_s)


def read_journal(folder: Path, process: str) -> list[Entry]:
    """What one process did, in order."""
    return list(_read(folder / f"{process}.journal"))


def tried_after_holding(entries: Sequence[Entry]) -> bool:
    """Whether a worker that stopped before a commit knows by now what became of it."""
    kinds = [entry.kind for entry in entries]
    last = len(kinds) - 1 - kinds[::-1].index("holding")
    tried = ("committed", "fenced", "conflict", "failed")
    return any(kind in tried for kind in kinds[last:])


def _read(path: Path) -> Iterator[Entry]:
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) == 5:
            yield Entry(
                float(words[0]), path.stem, words[1], words[2], int(words[3]), int(words[4])
            )
