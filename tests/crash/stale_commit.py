"""One zombie, step by step: a worker is stopped right before a commit, and wakes when it is stale.

Two stories: meanwhile another memory was put in the session's place, or another worker took the
session over. Shows which guard of COMMIT holds which of them; `control` takes guards away.
"""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Literal

from both_sides import Store
from chain import dumped
from crash.faults import is_up, state_of
from crash.journal import read_journal, tried_after_holding
from crash.ledger import Ledger
from crash.processes import Program, Programs
from crash.source import ChunkSource, foreign_state
from ttm_protocol.messages import encode_chunk
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, IngestStatus, StreamOpened

Story = Literal["replaced", "taken_over"]
SOON_S = 30.0
LEASE_S = 0.5


async def stale_commit(folder: Path, control: str, story: Story) -> list[str]:
    """What went wrong, in words; nothing where the guards held."""
    server = EmbeddedServer(folder / "data")
    await asyncio.to_thread(server.start)
    try:
        settings = Settings(redis_url=server.url, lease_ttl_s=LEASE_S)
        async with await Store.connect(server.url, settings) as store, Programs() as programs:
            return await _Story(folder, control, server.url, store, programs).run(story)
    finally:
        await asyncio.to_thread(server.stop)


class _Story:
    def __init__(
        self, folder: Path, control: str, url: str, store: Store, programs: Programs
    ) -> None:
        self._folder = folder
        self._control = control
        self._url = url
        self._store = store
        self._programs = programs

    async def run(self, story: Story) -> list[str]:
        store = self._store
        sid = (await store.create_session()).session_id
        self._ledger = ledger = Ledger(0, sid, ChunkSource(1, 0), rate=0.0)
        self._opened = await store.open_stream(sid)
        zombie = await self._worker(0)
        await self._send(20)
        await self._applied(20)
        zombie.signal(signal.SIGUSR1)
        await self._send(28)
        await _until(lambda: zombie.stopped)
        if story == "replaced":
            memory = dumped(foreign_state(random.Random(1)))
            await store.replace_state(sid, state_of(memory))
            ledger.replaced(20, memory)
            position = 20
        else:
            await self._worker(1)
            await self._applied(28)
            await self._send(40)
            await self._applied(40)
            await self._ended(40)
            position = 40
        zombie.signal(signal.SIGCONT)
        await _until(lambda: tried_after_holding(read_journal(self._folder, zombie.name)))
        wrong = await self._look(position)
        if not wrong:
            await self._send(60)
            await self._applied(60)
            wrong = await self._look(60)
        return wrong

    async def _worker(self, index: int) -> Program:
        worker = Program(
            "worker",
            index,
            "crash.worker_process",
            self._folder,
            {"TTM_REDIS_URL": self._url, "TTM_LEASE_TTL_S": str(LEASE_S), "OMP_NUM_THREADS": "1"},
            (f"{self._folder}/{{name}}.journal", self._control),
        )
        self._programs.add(worker)
        await _until(lambda: is_up(worker))
        return worker

    async def _send(self, last: int) -> None:
        ledger, opened = self._ledger, self._opened
        while ledger.sent < last:
            await self._send_one(opened, ledger.sent + 1)

    async def _send_one(self, opened: StreamOpened, seq: int) -> None:
        chunk = self._ledger.take(seq)
        sid = self._ledger.sid
        async with asyncio.timeout(SOON_S):
            while True:
                result = await self._store.ingest(
                    sid, opened.connection, chunk, encode_chunk(chunk)
                )
                if result.status is not IngestStatus.BUSY:
                    return
                await asyncio.sleep(0.02)

    async def _applied(self, position: int) -> None:
        async with asyncio.timeout(SOON_S):
            while (await self._store.session(self._ledger.sid)).applied_seq < position:
                await asyncio.sleep(0.02)

    async def _ended(self, position: int) -> None:
        """Let the stream end, so that no input is kept of which the zombie could fold it again."""
        store, ledger = self._store, self._ledger
        ledger.ends.add(position)
        await store.close_stream(ledger.sid, self._opened.connection, ended=True)
        async with asyncio.timeout(SOON_S):
            while await store.read_kept(ledger.sid, position, 1):
                await asyncio.sleep(0.02)
        self._opened = await store.open_stream(ledger.sid)

    async def _look(self, least: int) -> list[str]:
        state = await self._store.read_state(self._ledger.sid)
        assert state is not None
        if state.seq < least:
            return [f"the session went back from {least} to {state.seq}"]
        if not self._ledger.is_true(state.seq, state.memory):
            return [f"the memory at {state.seq} is not the fold over what was sent"]
        return []


async def _until(condition: object) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)
