"""No memory left, no disk left, a clock that jumps: refused clearly, and then it goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from both_sides import Store
from servers import make_server
from store.clusters import ask, sync_always, wait_until
from store.folding import chunk, event, folded, send, session_with, state
from store.streaming import LONG_S, apply, stream
from ttm_protocol.errors import Fenced, StoreUnavailable, outcome_of
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer, IngestStatus

DISK_BYTES = 8 << 20
BIG = b"\xa5" * 200_000
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
DAY_S = 86_400


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"input_capacity_chunks": 256})


async def fill(store: Store, sid: str, connection: str) -> tuple[int, StoreUnavailable]:
    """Send big chunks until one is refused: the last that was stored, and the refusal."""
    seq = (await store.session(sid)).durable_seq
    while True:
        try:
            stored = await store.ingest(sid, connection, chunk(seq + 1), BIG)
        except StoreUnavailable as error:
            return seq, error
        assert stored.status is IngestStatus.STORED
        seq += 1


async def until_stored(store: Store, sid: str, connection: str, seq: int) -> None:
    async with asyncio.timeout(LONG_S):
        while True:
            try:
                await store.ingest(sid, connection, chunk(seq), BIG)
                return
            except StoreUnavailable:
                await asyncio.sleep(0.05)


async def test_memory_is_full_until_chunks_are_applied(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 0)
    used = int(raw.info("memory")["used_memory"])
    raw.config_set("maxmemory", used + 4_000_000)
    try:
        last, error = await fill(store, sid, connection)
        assert last > 1
        assert "memory is full" in str(error)
        assert outcome_of(error).retryable
        assert (await store.progress(sid, connection, "0-0")).durable == last  # it is still live
        owned = await store.acquire(sid, "me", 30.0)
        assert owned is not None
        assert len(await store.read_chunks(sid, 0, 256)) == last
        await store.commit(sid, owned.fence, 0, last, state(last), [event(last)])
        assert (await store.progress(sid, connection, "0-0")).applied == last
        await until_stored(store, sid, connection, last + 1)
    finally:
        raw.config_set("maxmemory", "0")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, half full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount a tmpfs")
    try:
        (folder / "ballast").write_bytes(bytes(DISK_BYTES // 2))
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("kind", ["valkey", "redis"])
async def test_a_full_disk(kind: str, disk: Path, settings: Settings) -> None:
    with make_server(kind, disk / "data") as server:
        async with await Store.connect(server.url, settings) as store:
            sid, connection = await session_with(store, 3)
            owned = await store.acquire(sid, "me", 60.0)
            assert owned is not None
            last, error = await fill(store, sid, connection)
            assert last > 3
            assert "disk" in str(error)
            assert outcome_of(error).retryable
            with pytest.raises(StoreUnavailable, match="disk"):
                await store.commit(sid, owned.fence, 0, 3, state(3), [])
            assert (await store.session(sid)).durable_seq == last  # reading goes on

            (disk / "ballast").unlink()
            await until_stored(store, sid, connection, last + 1)
            await store.commit(sid, owned.fence, 0, last, state(last), [])
            sync_always(server)
            await store.release(sid, owned.fence)  # a write, and with it all before it
            server.kill()
            server.start()
            info = await store.session(sid)
            assert (info.durable_seq, info.applied_seq) == (last + 1, last)
            assert await store.read_chunks(sid, last, 9) == [(last + 1, BIG)]


async def test_a_full_disk_and_strict_durability(disk: Path, settings: Settings) -> None:
    """With `appendfsync always` the server ends itself rather than break its word."""
    strict = settings.model_copy(update={"durability": "strict"})
    with make_server("valkey", disk / "data", appendfsync="always") as server:
        async with await Store.connect(server.url, strict) as store:
            sid, connection = await session_with(store, 3)
            announced, _ = await fill(store, sid, connection)
            assert announced > 3
            (disk / "ballast").unlink()
            server.kill()  # so that it can be started again
            server.start()
            opened = await store.open_stream(sid)
            assert opened.next_seq >= announced + 1
            chunks = await store.read_chunks(sid, 3, 256)
            assert [data for _, data in chunks] == [BIG] * (opened.next_seq - 4)


def offset(clock: Path, by_s: int) -> None:
    """Set the server's wall clock so much ahead of the machine's."""
    clock.write_text(f"{by_s:+d}")


class TestClock:
    """The wall clock of the server's machine is set while sessions are live."""

    @pytest.fixture
    def clock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A file with the offset of the server's clock."""
        if not FAKETIME.exists():
            pytest.skip("no libfaketime (Debian: apt-get install libfaketime)")
        path = tmp_path / "offset"
        path.write_text("+0")
        monkeypatch.setenv("LD_PRELOAD", str(FAKETIME))
        monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(path))
        monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
        monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        return path

    @pytest.fixture
    def server(
        self, tmp_path: Path, clock: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[EmbeddedServer]:
        # Debian's redis-server does not start under libfaketime: its allocator reads the clock.
        with make_server("valkey", tmp_path / "data") as started:
            monkeypatch.delenv("LD_PRELOAD")
            yield started

    @staticmethod
    async def set_clock(server: EmbeddedServer, clock: Path, by_s: int) -> None:
        before = int(ask(server.port, "TIME")[0])
        offset(clock, by_s)
        await asyncio.to_thread(
            wait_until, "it", lambda: abs(int(ask(server.port, "TIME")[0]) - before) > DAY_S / 2
        )

    async def test_forward(self, server: EmbeddedServer, clock: Path, settings: Settings) -> None:
        """All leases end at once, which costs work and nothing else; live sessions stay."""
        async with await Store.connect(server.url, settings) as store:
            sid, connection = await session_with(store, 2)
            unused = (await store.create_session()).session_id
            owned = await store.acquire(sid, "one", 30.0)
            assert owned is not None
            await self.set_clock(server, clock, 10 * DAY_S)  # beyond `session_ttl_s`
            other = await store.acquire(sid, "two", 30.0)
            assert other is not None
            with pytest.raises(Fenced):
                await store.commit(sid, owned.fence, 0, 2, state(2), [])
            await store.commit(sid, other.fence, 0, 2, state(2), [])
            await store.release(sid, other.fence)
            for by_s in (0, 20, 40):
                await store.progress(sid, connection, "0-0")  # the gateway's heartbeat
                offset(clock, 10 * DAY_S + by_s)
                store._parts.ready._looked_for_unused_s = float("-inf")
                await store.sweep()
            assert [info.session_id for info in await store.sessions(9)] == [sid]
            assert unused != sid
            await send(store, sid, connection, [3])

    async def test_back(self, server: EmbeddedServer, clock: Path, settings: Settings) -> None:
        """Leases of the future are cut, and heartbeats go on."""
        async with await Store.connect(server.url, settings) as store:
            sid, connection = await session_with(store, 2)
            owned = await store.acquire(sid, "dead", 0.5)
            assert owned is not None
            await self.set_clock(server, clock, -10 * DAY_S)
            progress = await store.progress(sid, connection, "0-0")
            assert progress.current
            assert (await store.session(sid)).status == "live"
            async with asyncio.timeout(LONG_S):
                while await store.acquire(sid, "other", 30.0) is None:
                    store._parts.ready._looked_for_unused_s = float("-inf")
                    await store.sweep()
                    await asyncio.sleep(0.05)
            await send(store, sid, connection, [3])
            assert (await store.session(sid)).status == "live"
            await store.release(sid, owned.fence)

    async def test_to_and_fro_while_a_session_streams(
        self, server: EmbeddedServer, clock: Path, settings: Settings
    ) -> None:
        async with await Store.connect(server.url, settings) as store:
            sid = (await store.create_session()).session_id
            async with asyncio.timeout(LONG_S):
                sender = asyncio.create_task(stream(store, sid, 100, 0.01))
                worker = asyncio.create_task(apply(store, sid, 100))
                for days in (10, -10, 3, 0):
                    offset(clock, days * DAY_S)
                    await asyncio.sleep(0.15)
                    store._parts.ready._looked_for_unused_s = float("-inf")
                    await store.sweep()
                await asyncio.gather(sender, worker)
            found = await store.read_state(sid)
            assert found is not None
            assert found.memory == folded(sid, 100)
