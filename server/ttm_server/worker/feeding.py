"""Bring one session's chunks and questions in: fetch, decode off the event loop, queue, bounded."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from ttm_protocol.errors import Fenced, SessionNotFound, StoreUnavailable
from ttm_server.logs import about
from ttm_server.store import WorkerStore
from ttm_server.waiting import happens_within
from ttm_server.worker.decoding import ChunkDecoders
from ttm_server.worker.gate import Gate
from ttm_server.worker.session import LiveSession

log = logging.getLogger(__name__)

PREFETCH_CHUNKS = 4
POLL_S = 0.5
RETRY_S = 0.25


class Feeder:
    """Feeds live sessions; `work` is set whenever a session has something to do.

    Decodes only while `gate` is open: a decoder's bug can end the process, which must not happen
    while another session is tried.
    """

    def __init__(
        self,
        store: WorkerStore,
        decoders: ChunkDecoders,
        work: asyncio.Event,
        gate: Gate,
    ) -> None:
        self._store = store
        self._decoders = decoders
        self._work = work
        self._gate = gate

    async def feed(self, session: LiveSession[Any]) -> None:
        """Run until the session is lost; a store that is away is waited for."""
        with about(session_id=session.session_id):
            await self._until_lost(session)

    async def _until_lost(self, session: LiveSession[Any]) -> None:
        while not session.lost:
            try:
                await self._feed(session)
            except StoreUnavailable as error:
                log.warning("feed: store unavailable: %s", error)
                await asyncio.sleep(RETRY_S)
            except (Fenced, SessionNotFound) as error:
                log.info("letting a session go: %s", error)
                session.lost = True
            except Exception:
                session.lost = True  # whoever acquires it next starts from what was committed
                log.exception("feeding a session failed")

    async def _feed(self, session: LiveSession[Any]) -> None:
        # What is there already need not wait for a subscription; nothing is missed by this, since
        # the first look after it finds what came in between.
        await self._fetch_chunks(session)
        await self.fetch_asks(session)
        async with self._store.watch(session.session_id, "in") as wake:
            while not session.lost:
                full = len(session.decoded) >= PREFETCH_CHUNKS
                moved = not full and await self._fetch_chunks(session)
                await self.fetch_asks(session)
                if full or len(session.decoded) >= PREFETCH_CHUNKS:
                    await happens_within(session.room, POLL_S)
                    session.room.clear()
                elif not moved:
                    await wake.wait(POLL_S)

    async def fetch_chunks(self, session: LiveSession[Any], count: int) -> bool:
        """Fetch, decode and queue up to `count` chunks, whatever the gate; whether there were any.

        Raises what the store raises.
        """
        found = await self._store.read_chunks(session.session_id, session.fetched, count)
        await self._queue(session, found)
        return bool(found)

    async def _fetch_chunks(self, session: LiveSession[Any]) -> bool:
        room = PREFETCH_CHUNKS - len(session.decoded)
        if room <= 0:
            return False
        found = await self._store.read_chunks(session.session_id, session.fetched, room)
        if not found:
            return False
        async with self._gate.passing():
            await self._queue(session, found)
        self._work.set()
        return True

    async def _queue(self, session: LiveSession[Any], found: list[tuple[int, bytes]]) -> None:
        decoded = await asyncio.gather(*(self._decoders.decode(payload) for _, payload in found))
        for chunk in decoded:
            session.decoded.append(chunk)
            session.fetched = chunk.seq

    async def fetch_asks(self, session: LiveSession[Any]) -> None:
        """Queue the open questions that are not queued or answered yet, and see whether the stream
        has ended; raises SessionNotFound.
        """
        found = await self._store.open_work(session.session_id)
        if found.flush_at != session.flush_at:
            session.flush_at = found.flush_at
            self._work.set()
        for ask in found.asks:
            if ask.ask_id not in session.answered:
                session.asks.setdefault(ask.ask_id, ask)
                self._work.set()
