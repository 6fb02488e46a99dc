"""The sending side of a session: one connection at a time puts chunks in. Knows no socket."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from ttm_protocol.errors import ProtocolError, Superseded
from ttm_protocol.messages import MAX_SEQ, Chunk, Event
from ttm_server.config import Settings
from ttm_server.store.codes import Code
from ttm_server.store.edge import Edge, Part
from ttm_server.store.keys import new_id, session_keys
from ttm_server.store.quarantine import quarantined
from ttm_server.store.ready import hint_ready
from ttm_server.store.sessions import not_found
from ttm_server.store.types import Ingested, IngestStatus, Progress, StreamOpened

EVENTS_PER_LOOK = 100
MAX_REMEMBERED = 8192  # connections, of which those that were used last are kept
BEAT_EVERY_S = 3.0  # a fifth of the time after which a connection counts as stale

_event = msgspec.msgpack.Decoder(Event)


class Sending(Part):
    """The store's part for the sending side."""

    def __init__(self, edge: Edge, settings: Settings) -> None:
        super().__init__(edge, settings)
        # With strict durability: how far each connection's session is known to be on disk. Another
        # look at the session may see chunks that their own `ingest` still waits for.
        self._on_disk_at: OrderedDict[str, int] = OrderedDict()

    def _note_on_disk(self, connection: str, seq: int) -> None:
        if not self._is_strict:
            return
        self._on_disk_at[connection] = max(seq, self._on_disk_at.get(connection, 0))
        self._on_disk_at.move_to_end(connection)
        while len(self._on_disk_at) > MAX_REMEMBERED:
            self._on_disk_at.popitem(last=False)  # is looked up again when it is needed

    async def open_stream(self, sid: str) -> StreamOpened:
        """Take the sending side over; the connection before is superseded at the same instant.

        Events are told from here on (`last_event_id`). Raises SessionNotFound, Quarantined.
        """
        keys = session_keys(sid)
        connection = new_id()
        code, rest = await self._edge.script(
            "open", [keys.meta, keys.events], connection, keys.wake_out, durable=True
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.QUARANTINED:
            raise quarantined(rest[0])
        durable, applied, last_event_id = rest
        self._note_on_disk(connection, durable)
        return StreamOpened(
            connection=connection,
            next_seq=durable + 1,
            applied=applied,
            last_event_id=last_event_id.decode(),
        )

    async def close_stream(self, sid: str, connection: str, ended: bool) -> None:
        """Leave the sending side; nothing happens where another connection or nobody has it.

        `ended`: there is no more media for now, so that what a worker still holds open is closed.
        """
        keys = session_keys(sid)
        code, rest = await self._edge.script(
            "close", [keys.meta, keys.lease], connection, int(ended), keys.wake_in
        )
        if code is Code.OK and ended and rest[0] > 0 and not rest[1]:
            await hint_ready(self._edge, sid)

    async def ingest(self, sid: str, connection: str, chunk: Chunk, payload: bytes) -> Ingested:
        """Store one chunk durably, once and in order; `payload` is what a worker will read.

        BUSY: nothing was stored, since as many chunks wait as may wait. Raises SessionNotFound,
        Superseded, Quarantined, and ProtocolError for a seq that leaves a gap or a time that runs
        backwards. With strict durability, StoreUnavailable also means: perhaps stored, but not
        known to be on disk.
        """
        keys = session_keys(sid)
        if not 1 <= chunk.seq <= MAX_SEQ:  # beyond it, Lua's numbers would round
            raise ProtocolError(f"seq: {chunk.seq} is not in 1..{MAX_SEQ}", field="seq")
        code, rest = await self._edge.script(
            "ingest",
            [keys.meta, keys.input, keys.lease],
            connection,
            chunk.seq,
            repr(float(chunk.t)),
            payload,
            self._settings.input_capacity_chunks,
            keys.wake_in,
            int(self._is_strict),
            repr(float(chunk.end_s)),
            durable=True,
        )
        if code is Code.GONE:
            raise not_found()
        if code is Code.SUPERSEDED:
            raise Superseded("a newer connection has taken this session over")
        if code is Code.QUARANTINED:
            raise quarantined(rest[0])
        if code is Code.GAP:
            raise ProtocolError(f"seq: expected {rest[0] + 1}, got {chunk.seq}", field="seq")
        if code is Code.TIME_BACK:
            last_s = float(rest[2])
            raise ProtocolError(
                f"t: {chunk.t} lies before {last_s}, the chunk before it", field="t"
            )
        durable, applied = rest[:2]
        self._note_on_disk(connection, durable)
        if code is Code.DUPLICATE:
            status = IngestStatus.DUPLICATE
        elif code is Code.BUSY:
            status = IngestStatus.BUSY
        else:
            status = IngestStatus.STORED
            if not rest[2]:
                await hint_ready(self._edge, sid)
        return Ingested(status=status, durable=durable, applied=applied)

    async def progress(self, sid: str, connection: str, after_event_id: str) -> Progress:
        """Positions, whether this connection is still the current one, and up to 100 events.

        Also the heartbeat that keeps the session `live`. With strict durability, positions are
        those that are known here to be on disk. Raises SessionNotFound.
        """
        keys = session_keys(sid)
        # A connection that was opened through another store: what is known of it is written now.
        is_unknown = self._is_strict and connection not in self._on_disk_at
        code, rest = await self._edge.script(
            "progress",
            [keys.meta, keys.events],
            connection,
            after_event_id,
            EVENTS_PER_LOOK,
            0 if is_unknown else round(BEAT_EVERY_S * 1000),
            durable=is_unknown,
        )
        if code is Code.GONE:
            raise not_found()
        durable, applied, current, entries = rest
        if self._is_strict:
            if is_unknown and current:
                self._note_on_disk(connection, durable)
            on_disk = self._on_disk_at.get(connection, 0)
            durable, applied = min(durable, on_disk), min(applied, on_disk)
        return Progress(
            durable=durable,
            applied=applied,
            current=bool(current),
            events=[_event.decode(fields[1]) for _, fields in entries],
            last_event_id=entries[-1][0].decode() if entries else after_event_id,
        )
