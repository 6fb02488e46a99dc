"""Runs real processes, hurts them by a plan and gathers what is left of the sessions.

One store server, gateways and workers as processes of their own, clients in this process behind
proxies that break connections. `run` is the whole experiment; the judge reads what it returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from both_sides import Store
from crash.clients import API_KEY, ResendingClient, SdkClient
from crash.controls import FULL
from crash.faults import Done, Faults, Session, is_up
from crash.journal import read_journal, read_journals, tried_after_holding
from crash.judge import Found, judge
from crash.ledger import Ledger
from crash.plan import Fault, FaultKind, make_plan
from crash.processes import Program, Programs, cpu_of
from crash.proxy import Proxy
from crash.source import ChunkSource
from ttm_protocol.errors import StoreUnavailable, TTMError
from ttm_protocol.messages import MAX_SEQ
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

UP_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
MOST_LOOKED_AT = 1000
TRIED_WITHIN_S = 10.0
FLUSHED_WITHIN_S = 20.0
STARTS_TRIED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One experiment. `rate`: chunks per second of each session; `least` raises the plan's counts.

    `quiet_s`: how long nothing may move, after the faults, before the rest is given up.
    """

    folder: Path
    seconds: float
    seed: int
    sessions: int = 12
    sdk_sessions: int = 3
    gateways: int = 2
    workers: int = 3
    rate: float = 16.0
    lease_s: float = 1.0
    durability: str = "everysec"
    control: str = FULL
    least: Mapping[FaultKind, int] = field(default_factory=dict)
    only: frozenset[FaultKind] | None = None
    quiet_s: float = 60.0
    variables: Mapping[str, str] = field(default_factory=dict)

    def plan(self) -> list[Fault]:
        """The faults of this experiment."""
        plan = make_plan(self.seed, self.seconds, self.least)
        return [fault for fault in plan if self.only is None or fault.kind in self.only]


async def run(options: Options) -> dict[str, Any]:
    """The experiment from the start of its processes to the end of the last; -> the verdict."""
    await asyncio.to_thread(_make_folder, options.folder)
    fsync = "always" if options.durability == "strict" else "everysec"
    server = EmbeddedServer(options.folder / "data", fsync=fsync)
    await asyncio.to_thread(server.start)
    try:
        return await _Laboratory(options, server).run()
    finally:
        await asyncio.to_thread(server.stop)


class _Laboratory:
    def __init__(self, options: Options, server: EmbeddedServer) -> None:
        self._options = options
        self._server = server
        self._programs = Programs()
        self._settings = Settings(redis_url=server.url, lease_ttl_s=options.lease_s)
        self._ports = [_free_port() for _ in range(options.gateways)]

    async def run(self) -> dict[str, Any]:
        options = self._options
        async with contextlib.AsyncExitStack() as stack:
            store = await Store.connect(self._server.url, self._settings)
            await stack.enter_async_context(store)
            await stack.enter_async_context(self._programs)
            self._start_programs()
            await self._until_up()
            sessions = [
                await self._session(stack, store, number) for number in range(options.sessions)
            ]
            rng = random.Random(f"faults/{options.seed}")
            faults = Faults(self._server, self._programs, sessions, store, options.lease_s, rng)
            started_s = time.monotonic()
            clients = [asyncio.create_task(session.client.run()) for session in sessions]
            try:
                await faults.run(options.plan())
                await _the_rest(started_s + options.seconds)
                zombie = await faults.hold_one()
                for session in sessions:
                    session.ledger.stop_producing()
                await self._until_done(store, sessions, clients)
                await self._until_flushed(store, sessions)
                await self._wake(zombie)
            finally:
                for session in sessions:
                    session.ledger.stop_producing()
                await ended(clients)
            took_s = time.monotonic() - started_s
            found = [await look(store, session.ledger) for session in sessions]
            cpu_s = self._cpu_s()
        await asyncio.to_thread(_write_faults, options.folder, faults.done)
        verdict = judge(
            found,
            faults.done,
            faults.counts,
            faults.wrong,
            read_journals(options.folder),
            lease_s=options.lease_s,
            durability=options.durability,
            took_s=took_s,
        )
        return (
            {"seed": options.seed, "control": options.control} | verdict | cpu_s | self._processes()
        )

    def _start_programs(self) -> None:
        options = self._options
        variables = {
            "TTM_REDIS_URL": self._server.url,
            "TTM_DATA_DIR": str(options.folder),
            "TTM_API_KEYS": API_KEY,
            "TTM_LEASE_TTL_S": str(options.lease_s),
            "TTM_DURABILITY": options.durability,
            "TTM_CONNECTIONS_PER_CLIENT": "1000",
            "TTM_LOG_LEVEL": "warning",
            "OMP_NUM_THREADS": "1",
        } | dict(options.variables)
        for index, port in enumerate(self._ports):
            own = variables | {"TTM_PORT": str(port)}
            self._programs.add(Program("gateway", index, "ttm_server.gateway", options.folder, own))
        arguments = (f"{options.folder}/{{name}}.journal", options.control)
        for index in range(options.workers):
            self._programs.add(
                Program(
                    "worker", index, "crash.worker_process", options.folder, variables, arguments
                )
            )

    async def _until_up(self) -> None:
        async with asyncio.timeout(UP_WITHIN_S):
            while not all(is_up(program) for program in self._programs.members):
                for program in self._programs.members:
                    if len(program.exits) > STARTS_TRIED:
                        raise RuntimeError(f"{program.kind} does not start: {program.said()}")
                await asyncio.sleep(0.05)
            for port in self._ports:
                while not await _listens(port):
                    await asyncio.sleep(0.05)

    async def _session(
        self, stack: contextlib.AsyncExitStack, store: Store, number: int
    ) -> Session:
        options = self._options
        rng = random.Random(f"session/{options.seed}/{number}")
        proxy = await stack.enter_async_context(Proxy(self._ports, rng))
        sid = (await store.create_session()).session_id
        ledger = Ledger(number, sid, ChunkSource(options.seed, number), options.rate)
        if number < options.sdk_sessions:
            return Session(ledger, SdkClient(ledger, proxy), proxy)
        return Session(ledger, ResendingClient(ledger, proxy, rng), proxy)

    async def _wake(self, zombie: Program | None) -> None:
        """Let a worker try its stale commit when nobody is there who would write over it."""
        if zombie is None:
            return
        zombie.signal(signal.SIGCONT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TRIED_WITHIN_S):
                while not tried_after_holding(read_journal(self._options.folder, zombie.name)):
                    await asyncio.sleep(0.05)

    async def _until_done(
        self, store: Store, sessions: list[Session], clients: list[asyncio.Task[None]]
    ) -> None:
        """Until every client has come to its end, or nothing moves any more."""
        moved_at_s, before = time.monotonic(), -1
        while not all(client.done() for client in clients):
            await asyncio.sleep(LOOK_EVERY_S)
            position = 0
            for session in sessions:
                with contextlib.suppress(TTMError):
                    info = await store.session(session.ledger.sid)
                    position += info.applied_seq + info.durable_seq + session.ledger.finished
            if position != before:
                moved_at_s, before = time.monotonic(), position
            elif time.monotonic() - moved_at_s > self._options.quiet_s:
                return

    async def _until_flushed(self, store: Store, sessions: list[Session]) -> None:
        """Until what the ends of the streams left open is in memory, or for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSHED_WITHIN_S):
                for session in sessions:
                    while (await look(store, session.ledger)).kept_chunks:
                        await asyncio.sleep(LOOK_EVERY_S)

    def _cpu_s(self) -> dict[str, Any]:
        """Processor seconds, starts included; `store`: since its last kill, `clients`: this one."""
        kinds = {
            f"{kind}s": sum(program.measure() for program in self._programs.of(kind))
            for kind in ("gateway", "worker")
        }
        pid = self._server.pid
        kinds |= {"store": cpu_of(pid) if pid else 0.0, "clients": time.process_time()}
        return {"cpu_s": {name: round(spent_s, 1) for name, spent_s in kinds.items()}}

    def _processes(self) -> dict[str, Any]:
        members = self._programs.members
        return {
            "starts": {
                kind: sum(program.starts for program in self._programs.of(kind))
                for kind in ("gateway", "worker")
            },
            "ended_by_themselves": [
                f"{program.kind} {program.index}: {status}"
                for program in members
                for status in program.exits
            ],
            "log_lines": dict(_log_lines(self._options.folder)),
        }


def _write_faults(folder: Path, done: list[Done]) -> None:
    """What happened, beside the journals: together they are the trace of a run."""
    lines = (f"{event.at_s:.6f} {event.kind} {event.whom}\n" for event in done)
    (folder / "faults.txt").write_text("".join(lines))


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):  # journals of another run would be taken for this one's
        raise ValueError(f"{folder} is not empty")


async def look(store: Store, ledger: Ledger) -> Found:
    """What the store has of a session now."""
    for _ in range(3):
        try:
            info = await store.session(ledger.sid)
            state = await store.read_state(ledger.sid)
            kept = await store.read_kept(ledger.sid, MAX_SEQ, MOST_LOOKED_AT)
            return Found(ledger, info, state, kept_chunks=len(kept))
        except StoreUnavailable as error:
            trouble = str(error)
        except TTMError as error:
            return Found(ledger, None, None, str(error))
    return Found(ledger, None, None, trouble)


async def _the_rest(until_s: float) -> None:
    await asyncio.sleep(max(0.0, until_s - time.monotonic()))


async def ended(clients: list[asyncio.Task[None]]) -> None:
    """End the clients that are left; raises what a client of the laboratory failed with."""
    for client in clients:
        if not client.done():
            client.cancel()
    for result in await asyncio.gather(*clients, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _log_lines(folder: Path) -> Iterator[tuple[str, int]]:
    """The commonest lines in the programs' logs that are no plain warnings.

    Among them what a worker says that ends because the store is away as it starts.
    """
    counts: dict[str, int] = {}
    for path in folder.glob("*.log"):
        for line in path.read_text(errors="replace").splitlines():
            if " ERROR " in line or re.match(r"(ttmserve|[\w.]+(Error|Exception|Fenced))\b", line):
                words = re.sub(r"^[-0-9 :,]+|\b[a-z2-7]{26}\b|\d+", "", line)[:160]
                counts[words] = counts.get(words, 0) + 1
    yield from sorted(counts.items(), key=lambda item: -item[1])[:12]
