"""Bytes from the event loop to one decoder thread, bounded. Knows where a container begins only.

The loop's side never blocks: it asks :meth:`BytePipe.room` before it takes more from its socket.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from ttm_protocol.errors import MediaError
from ttm_server.waiting import happens_within

EBML = b"\x1a\x45\xdf\xa3"
FTYP = b"ftyp"
PIPE_BYTES = 1024 * 1024
# Bytes of which no picture and no sound came: a header that never ends, or garbage.
BARREN_BYTES = 4 * 1024 * 1024
_HEAD_BYTES = 8


def begins_container(data: bytes) -> bool:
    """Whether these are the first bytes of a WebM/Matroska or an MP4 stream."""
    return data[:4] == EBML or data[4:8] == FTYP


class BytePipe:
    """One recorder's stream after another: a message that begins a container ends the one before.

    `read` makes it a file for PyAV; it blocks in the decoder's thread. What is waiting is at most
    `most_bytes` and one message.
    """

    def __init__(self, most_bytes: int = PIPE_BYTES, barren_bytes: int = BARREN_BYTES) -> None:
        self._most_bytes = most_bytes
        self._barren_bytes = barren_bytes
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._room.set()
        self._lock = threading.Condition()
        self._pieces: deque[memoryview | None] = deque()  # None: the container ends
        self._size_bytes = 0
        self._since_yield_bytes = 0
        self._is_begun = False
        self._is_over = False  # nothing more will come
        self._is_aborted = False

    # --- the event loop's side --------------------------------------------------------------------

    def put(self, data: bytes) -> None:
        """Add a message's bytes."""
        if not data:
            return
        with self._lock:
            if self._is_begun and begins_container(data):
                self._pieces.append(None)
            self._is_begun = True
            self._pieces.append(memoryview(data))
            self._size_bytes += len(data)
            if self._size_bytes >= self._most_bytes:
                self._room.clear()
            self._lock.notify_all()

    async def room(self, within_s: float) -> bool:
        """Wait until less than `most_bytes` wait; False where they do not within that time."""
        return await happens_within(self._room, within_s)

    def finish(self) -> None:
        """No more will come; what is there is still read."""
        with self._lock:
            self._is_over = True
            self._lock.notify_all()

    def abort(self) -> None:
        """The thread finds the end at once, wherever it is."""
        with self._lock:
            self._is_over = self._is_aborted = True
            self._pieces.clear()
            self._size_bytes = 0
            self._room.set()
            self._lock.notify_all()

    # --- the thread's side ------------------------------------------------------------------------

    def next_container(self) -> bytes:
        """Skip what is left of a container; the next one's first 8 bytes, which stay unread.

        Fewer, or none, where nothing more comes. Raises MediaError where too much is skipped.
        """
        while self.read(1 << 16):
            pass
        with self._lock:
            if self._pieces and self._pieces[0] is None:
                self._pieces.popleft()
            while True:
                head = self._head()
                if len(head) >= _HEAD_BYTES or self._is_over or None in self._pieces:
                    return head
                self._lock.wait()

    def begin(self) -> bytes:
        """Wait for the first container: as :meth:`next_container`, with nothing to skip."""
        with self._lock:
            while len(self._head()) < _HEAD_BYTES and not self._is_over:
                if None in self._pieces:
                    break
                self._lock.wait()
            return self._head()

    def read(self, most: int) -> bytes:
        """1 to `most` bytes, when there are some; none at the end of the container.

        Raises MediaError where many bytes came and gave no media.
        """
        with self._lock:
            while not self._pieces and not self._is_over:
                self._lock.wait()
            if not self._pieces or self._pieces[0] is None:
                return b""
            piece = self._pieces.popleft()
            assert piece is not None
            if len(piece) > most:
                self._pieces.appendleft(piece[most:])
                piece = piece[:most]
            self._size_bytes -= len(piece)
            self._since_yield_bytes += len(piece)
            barren = self._since_yield_bytes > self._barren_bytes
            if self._size_bytes < self._most_bytes and not self._room.is_set():
                self._tell_room()
        if barren:
            raise MediaError(
                f"media: {self._barren_bytes} bytes and neither a picture nor sound in them",
                field="media",
            )
        return bytes(piece)

    def yielded(self) -> None:
        """The bytes so far gave media."""
        self._since_yield_bytes = 0

    def _head(self) -> bytes:
        head = b""
        for piece in self._pieces:
            if piece is None or len(head) >= _HEAD_BYTES:
                break
            head += bytes(piece[:_HEAD_BYTES])
        return head[:_HEAD_BYTES]

    def _tell_room(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._room.set)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return
