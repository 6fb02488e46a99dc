"""Chunks on their way: waiting, sent, and durable but kept a while. Does no input or output.

A chunk gets its number when it is sent, so that what waits can still be dropped. Whatever number
the server asks for next, the ring goes on from it: further back than what it keeps, it says which
stretch is lost.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace

from ttm_client.source import MediaChunk
from ttm_protocol.errors import Superseded
from ttm_protocol.messages import Chunk, Gap

KEEP_S = 10.0  # past `durable`, so that a server that falls back a little can be served again
FULL_S = 10.0  # a live chunk that has waited for more than this loses its pictures
MOST_S = 20.0  # and one that has waited for more than this is dropped
TIMES_KEPT = 65_536  # chunks whose end is remembered; nine hours of half seconds

BACKPRESSURE, LOST, SEVERAL = "backpressure", "lost", "several"


class ChunkRing:
    """Numbers chunks, keeps what may have to be sent again, and counts credits.

    `live`: the source cannot wait, so what has to wait for too long is dropped, pictures first.
    Holds at most KEEP_S of durable chunks, as many sent ones as the server gives credits, and of a
    live source MOST_S of waiting ones; who fills it from another source looks at `waiting`.
    """

    def __init__(self, *, live: bool = False) -> None:
        self._live = live
        self._sent: OrderedDict[int, MediaChunk] = OrderedDict()
        self._waiting: deque[MediaChunk] = deque()
        self._ends_s: deque[float] = deque(maxlen=TIMES_KEPT)  # of the chunks up to next_seq - 1
        self._lost_from_s: float | None = None  # to be told with the next chunk there is
        self._begun = False
        self.next_seq = 1  # of the next chunk that is sent for the first time
        self.durable = 0
        self.applied = 0
        self.credits = 0
        self.thinned = 0  # chunks that lost their pictures
        self.dropped = 0  # chunks that were dropped as a whole
        self.lost_s = 0.0  # media that the server lost and that was not kept here

    @property
    def waiting(self) -> int:
        """Chunks that have been added and are to be sent."""
        return len(self._waiting)

    def add(self, media: MediaChunk) -> None:
        """Let a new chunk wait for its turn."""
        if self._lost_from_s is not None:
            media = self._telling_loss(media, self._lost_from_s)
            self._lost_from_s = None
        self._waiting.append(media)
        if self._live:
            self._shrink()

    def take(self) -> Chunk | None:
        """The next chunk to send now, or None: nothing waits, or credits do not allow it."""
        if not self._waiting or self.next_seq - self.durable > self.credits:
            return None
        media = self._waiting.popleft()
        chunk = media.numbered(self.next_seq)
        self._sent[self.next_seq] = media
        self._ends_s.append(media.t + media.d)
        self.next_seq += 1
        self._begun = True
        return chunk

    def acknowledge(self, durable: int, applied: int) -> None:
        """Take an ack; forgets chunks that ended more than KEEP_S before the last durable one."""
        self.durable = max(self.durable, durable)
        self.applied = max(self.applied, applied)
        last = self._sent.get(self.durable)
        if last is None:
            return
        while self._sent:
            seq, media = next(iter(self._sent.items()))
            if seq >= self.durable or media.t + media.d > last.t + last.d - KEEP_S:
                return
            del self._sent[seq]

    def start_at(self, next_seq: int) -> None:
        """The server said from where it wants chunks; what it does not have waits again.

        Raises Superseded where it has chunks that this ring has not sent.
        """
        if self._begun and next_seq > self.next_seq:
            raise Superseded(
                f"next_seq: the server asks for chunk {next_seq}, but {self.next_seq - 1} is the "
                "newest sent from here: another client has streamed into this session"
            )
        if self._begun:
            self._go_back(next_seq)
        self.next_seq = next_seq
        self.durable = next_seq - 1
        self.applied = min(self.applied, self.durable)

    def _go_back(self, next_seq: int) -> None:
        oldest = next(iter(self._sent), self.next_seq)
        again = [self._sent.pop(seq) for seq in list(self._sent) if seq >= next_seq]
        for _ in range(min(self.next_seq - next_seq, len(self._ends_s))):
            self._ends_s.pop()
        self._waiting.extendleft(reversed(again))
        if next_seq < oldest:
            # Where the end of the last chunk it has is unknown, the loss is told as too long.
            self._lost_from_s = self._ends_s[-1] if self._ends_s else 0.0
            if self._waiting:
                self._waiting[0] = self._telling_loss(self._waiting[0], self._lost_from_s)
                self._lost_from_s = None
        if self._live:
            self._shrink()

    def _telling_loss(self, media: MediaChunk, from_s: float) -> MediaChunk:
        if from_s >= media.t:
            return media
        self.lost_s += media.t - from_s
        return _with_gap(media, Gap(from_s, media.t, LOST))

    def _shrink(self) -> None:
        """Drop what has waited for too long: pictures first, then whole chunks."""
        if not self._waiting:
            return
        newest_s = self._waiting[-1].t + self._waiting[-1].d
        while len(self._waiting) > 1 and newest_s - self._waiting[0].t > MOST_S:
            gone = self._waiting.popleft()
            self.dropped += 1
            first = _with_gap(self._waiting[0], Gap(gone.t, gone.t + gone.d, BACKPRESSURE))
            self._waiting[0] = first if gone.gap is None else _with_gap(first, gone.gap)
        for place, media in enumerate(self._waiting):
            if newest_s - media.t <= FULL_S:
                return
            if media.pictures:
                gap = Gap(media.t, media.t + media.d, BACKPRESSURE)
                self._waiting[place] = _with_gap(replace(media, pictures=()), gap)
                self.thinned += 1


def _with_gap(media: MediaChunk, gap: Gap) -> MediaChunk:
    """The chunk with this gap as well; a chunk tells one, which then spans both."""
    old = media.gap
    if old is not None:
        reason = gap.reason if gap.reason == old.reason else SEVERAL
        gap = Gap(min(old.t0, gap.t0), max(old.t1, gap.t1), reason)
    return replace(media, gap=gap)
