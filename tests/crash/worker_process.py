"""`python -m crash.worker_process JOURNAL CONTROL`: a real worker with the chain engine.

As the product's own worker process, less the model, so that it starts fast. It writes a journal,
and SIGUSR1 makes it stop itself (as SIGSTOP) right before its next commit: the worst zombie there
is, since the commit is the first thing it does when it wakes. SIGUSR2 takes that back.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from chain import ChainEngine, slow_senses
from crash.controls import scripts_for
from crash.journal import Journal, Kind
from ttm_model.slow import Job
from ttm_protocol.errors import Fenced, StoreUnavailable, TTMError
from ttm_server.config import Settings, load_settings
from ttm_server.store import Acquired, CommitResult, Store, WorkerStore
from ttm_server.worker.worker import Worker

NOTICED_EVERY = 16
MOST_S = 0.3


def how_long(_job: Job) -> float:
    """What a slow sense takes, another time in each process: mostly little, now and then long."""
    return min(MOST_S, random.expovariate(1 / 0.008))


class RecordedStore:
    """A worker's store that writes down what became of its sessions."""

    def __init__(self, store: WorkerStore, journal: Journal) -> None:
        self._store = store
        self.journal = journal
        self.hold_next = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def acquire(self, sid: str, *args: Any, **options: Any) -> Acquired | None:
        acquired = await self._store.acquire(sid, *args, **options)
        if acquired is not None:
            self.journal.note("acquired", sid, new=acquired.applied)
        return acquired

    async def release(self, sid: str, *args: Any, **options: Any) -> None:
        await self._store.release(sid, *args, **options)
        self.journal.note("released", sid)

    async def commit(
        self, sid: str, fence: str, prev_seq: int, new_seq: int, *args: Any, **options: Any
    ) -> CommitResult:
        if self.hold_next:
            self.hold_next = False
            self.journal.note("holding", sid, prev_seq, new_seq)
            os.kill(os.getpid(), signal.SIGSTOP)
        try:
            result = await self._store.commit(sid, fence, prev_seq, new_seq, *args, **options)
        except Fenced as error:
            kind: Kind = "conflict" if "is at chunk" in error.message else "fenced"
            self.journal.note(kind, sid, prev_seq, new_seq)
            raise
        except StoreUnavailable:
            self.journal.note("failed", sid, prev_seq, new_seq)
            raise
        self.journal.note("committed", sid, prev_seq, new_seq)
        return result

    async def flush(self, sid: str, fence: str, seq: int, *args: Any) -> CommitResult:
        result = await self._store.flush(sid, fence, seq, *args)
        if result is CommitResult.REFUSED:
            self.journal.note("went_on", sid, seq, seq)
        else:
            self.journal.note("flushed", sid, seq, seq)
        return result

    def hold(self, wanted: bool) -> None:
        self.hold_next = wanted


async def serve(settings: Settings, journal: Journal, control: str) -> None:
    assert settings.redis_url is not None
    scripts = scripts_for(control)
    async with await Store.connect(settings.redis_url, settings, scripts=scripts) as whole:
        store = RecordedStore(whole.worker, journal)
        engine = ChainEngine(slow_senses(how_long), NOTICED_EVERY)
        worker = Worker(store, engine, settings)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, worker.stop)
        loop.add_signal_handler(signal.SIGUSR1, store.hold, True)
        loop.add_signal_handler(signal.SIGUSR2, store.hold, False)
        journal.note("up")
        await worker.run()


def main() -> int:
    settings = load_settings()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        asyncio.run(serve(settings, Journal(Path(sys.argv[1])), sys.argv[2]))
    except TTMError as error:
        sys.stderr.write(f"ttmserve worker: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
