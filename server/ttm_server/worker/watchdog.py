"""Notices a piece of work that never ends. Knows not what the work is, nor how to end it."""

from __future__ import annotations

import math
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

LOOK_EVERY_S = 1.0
LOOKS_WITHIN_LIMIT = 4  # at least, where the limit is short


@dataclass(frozen=True, slots=True)
class Hang:
    """One piece of work that runs beyond the limit: where, how long, and what it is doing."""

    name: str
    running_s: float
    stack: str


@dataclass(eq=False, slots=True)
class _Piece:
    name: str
    thread: int = field(default_factory=threading.get_ident)
    started_s: float = field(default_factory=time.monotonic)
    looks: int = 0


class Watchdog:
    """A thread that looks at the work under way while this is entered; a limit of 0: no thread.

    A piece of work is told to `hung`, once, when it was found running by so many looks in a row
    that it has run for `limit_s` at least. Looks are counted, not seconds: a process that was
    stopped, or had no processor, did not look either, so that its work is not blamed for it.
    """

    def __init__(self, limit_s: float, hung: Callable[[Hang], None]) -> None:
        self._hung = hung
        self._every_s = min(LOOK_EVERY_S, limit_s / LOOKS_WITHIN_LIMIT)
        # The first look may come the moment after the work began.
        self.patience_looks = 1 + math.ceil(limit_s / self._every_s) if limit_s else 0
        self._pieces: set[_Piece] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @contextmanager
    def watching(self, name: str) -> Iterator[None]:
        """Watch what this thread does inside; `name` is for the report."""
        piece = _Piece(name)
        with self._lock:
            self._pieces.add(piece)
        try:
            yield
        finally:
            with self._lock:
                self._pieces.discard(piece)

    def look(self) -> None:
        """Look once at everything under way; the thread's work, and a test's."""
        with self._lock:
            for piece in self._pieces:
                piece.looks += 1
            overdue = [piece for piece in self._pieces if piece.looks == self.patience_looks]
        for piece in overdue:
            running_s = time.monotonic() - piece.started_s
            self._hung(Hang(piece.name, running_s, _stack(piece.thread)))

    def _watch(self) -> None:
        while not self._ended.wait(self._every_s):
            self.look()

    def __enter__(self) -> Self:
        if self.patience_looks:
            self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        if self.patience_looks:
            self._thread.join()


def _stack(thread: int) -> str:
    frame = sys._current_frames().get(thread)
    return "" if frame is None else "".join(traceback.format_stack(frame))
