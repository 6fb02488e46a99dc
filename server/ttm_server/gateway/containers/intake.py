"""From a connection's bytes to chunks for the store. Knows neither socket nor store.

Takes the place of :class:`~ttm_server.gateway.intake.Intake`, with the same three calls for those
who store: `take`, `stored`, `close`.
"""

from __future__ import annotations

import time

from ttm_protocol.errors import MediaError
from ttm_protocol.messages import Chunk, End, encode_chunk, validate_chunk
from ttm_server.gateway.containers.decoder import Beginning, Decoder, stuck
from ttm_server.gateway.containers.handoff import Handoff
from ttm_server.gateway.containers.pipe import BytePipe
from ttm_server.gateway.containers.slots import Decoders
from ttm_server.gateway.intake import Received
from ttm_server.gateway.metrics import Metrics

STUCK_S = 20.0
LOOK_S = 1.0


class MediaIntake:
    """Starts a decoder, in a place that was taken for it and that its thread gives back."""

    def __init__(
        self,
        session_id: str,
        decoders: Decoders,
        metrics: Metrics,
        most: int,
        beginning: Beginning,
    ) -> None:
        self._sid = session_id
        self._decoders = decoders
        self._metrics = metrics
        self._pipe = BytePipe()
        self._handoff = Handoff(most)
        self._end: End | None = None
        self._taken = False
        self._outage_s: float | None = None
        self._beginning = beginning
        self.thread = Decoder(self._pipe, self._handoff, metrics).start(
            self._begin, lambda: decoders.leave(session_id)
        )

    async def feed(self, data: bytes) -> None:
        """Take a message's bytes; waits while the decoder has enough to do.

        Raises MediaError where the decoder takes nothing although chunks are taken from it.
        """
        if self._outage_s is None:
            self._outage_s = self._decoders.outage_s(self._sid)
        self._decoders.heard(self._sid)
        self._metrics.webm_bytes.inc(len(data))
        self._pipe.put(data)
        waited_s = 0.0
        while not await self._pipe.room(LOOK_S):
            waited_s = 0.0 if self._handoff.waits else waited_s + LOOK_S
            if waited_s >= STUCK_S:
                raise stuck(waited_s)

    def end(self, message: End) -> None:
        """Nothing follows; what is there becomes chunks."""
        self._end = message
        self._decoders.ended(self._sid)
        self._pipe.finish()

    async def take(self) -> Received | End:
        """The next chunk, and `end` after the last; :meth:`stored` once the store has it.

        Raises MediaError for media that cannot be decoded.
        """
        chunk = await self._handoff.take()
        if chunk is None:
            if self._end is None:
                raise MediaError("media: the stream ended without `end`", field="media")
            return self._end
        validate_chunk(chunk)
        payload = encode_chunk(chunk)
        self._taken = True
        self._metrics.chunks_received.inc()
        light = Chunk(seq=chunk.seq, t=chunk.t, d=chunk.d)
        return Received(light, payload, time.monotonic())

    def stored(self) -> None:
        """The store has what was taken last."""
        self._taken = False

    def close(self) -> None:
        """End the thread, wherever it is; count what it had made and nobody took."""
        self._pipe.abort()
        left = self._handoff.abort() + self._taken
        self._metrics.chunks_dropped.labels("unstored").inc(left)

    def _begin(self) -> Beginning:
        """Asked by the thread with the first bytes: an outage lies before them."""
        known = self._beginning
        if known.zero_s is not None or known.end_s is None:
            return known
        start_s = known.end_s + (self._outage_s or 0.0)
        return Beginning(known.next_seq, known.end_s, start_s)
