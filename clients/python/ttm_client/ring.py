"""Chunks that were sent and are not yet durable, for resending. Does no input or output."""

from __future__ import annotations

from collections import OrderedDict

from ttm_server.errors import ProtocolError
from ttm_server.protocol import Chunk

KEEP_S = 10.0  # past `durable`, so that a server that falls back a little can be served again


class ChunkRing:
    """Numbers chunks, keeps what may have to be sent again, and counts credits."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Chunk] = OrderedDict()
        self._newest = 0
        self._to_send = 1
        self.durable = 0
        self.applied = 0
        self.credits = 0

    @property
    def next_seq(self) -> int:
        """The number that the next new chunk gets."""
        return self._newest + 1

    def add(self, chunk: Chunk) -> None:
        """Keep a new chunk, which must carry `next_seq`."""
        assert chunk.seq == self.next_seq
        self._kept[chunk.seq] = chunk
        self._newest = chunk.seq

    def start_at(self, next_seq: int) -> None:
        """The server said from where it wants chunks; raises ProtocolError where they are gone."""
        if self._newest == 0 and not self._kept:
            self._newest = next_seq - 1
        elif next_seq <= self._newest and next_seq not in self._kept:
            raise ProtocolError(
                f"next_seq: the server asks for chunk {next_seq}, which is no longer kept",
                field="next_seq",
            )
        elif next_seq > self._newest + 1:
            raise ProtocolError(
                f"next_seq: the server asks for chunk {next_seq}, but {self._newest} is the newest",
                field="next_seq",
            )
        self._to_send = next_seq
        self.durable = next_seq - 1

    def acknowledge(self, durable: int, applied: int) -> None:
        """Take an ack; forgets chunks that ended more than KEEP_S before the last durable one."""
        self.durable = max(self.durable, durable)
        self.applied = max(self.applied, applied)
        last = self._kept.get(self.durable)
        if last is None:
            return
        while self._kept:
            seq, chunk = next(iter(self._kept.items()))
            if seq >= self.durable or chunk.end_s > last.end_s - KEEP_S:
                return
            del self._kept[seq]

    def take(self) -> Chunk | None:
        """The next chunk to send now, or None: nothing waits, or credits do not allow it."""
        if self._to_send > self._newest or self._to_send - self.durable > self.credits:
            return None
        chunk = self._kept[self._to_send]
        self._to_send += 1
        return chunk

    @property
    def waiting(self) -> int:
        """Chunks that have been added and not been sent."""
        return self._newest - self._to_send + 1
