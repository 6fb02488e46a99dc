"""Sessions stream through five hosts while one after the other is cut off; the judge looks at all.

The order: a worker's host, the gateway's, the store's. Workers have the engine whose state is a
hash chain, so that a chunk that is lost, doubled or late gives another state for ever after.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from both_sides import Store
from crash.clients import ResendingClient, SdkClient
from crash.controls import FULL
from crash.faults import Done, Session, is_up
from crash.journal import Entry, read_journals
from crash.judge import judge
from crash.laboratory import ended, look
from crash.ledger import Ledger
from crash.processes import Program, Programs
from crash.source import ChunkSource
from hosts.network import Network
from hosts.stack import (
    GATEWAY,
    GATEWAY_PORT,
    STORE,
    UP_WITHIN_S,
    WORKERS,
    add_programs,
    door,
    running_store,
    store_url,
    until_listening,
    variables,
)
from hosts.standstill import owned_by, stood_still, told
from ttm_protocol.errors import TTMError
from ttm_server.config import Settings

CALM_S = 12.0  # before the first outage and after each
HOLD_AT = 0.6  # of an outage: its victim has noticed it by then, and tries its commits again
WAKE_AFTER_S = 1.0
LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One experiment. `rate`: chunks per second of each session.

    `control`: which of `crash.controls` the workers have.
    """

    folder: Path
    sessions: int = 8
    sdk_sessions: int = 2
    rate: float = 8.0
    lease_s: float = 5.0
    worker_away_s: float = 30.0
    gateway_away_s: float = 30.0
    store_away_s: float = 10.0
    seed: int = 1
    control: str = FULL
    done_within_s: float = 180.0  # after the last outage


@dataclass(frozen=True, slots=True)
class Outage:
    """A host was away between two moments of the monotonic clock."""

    host: str
    from_s: float
    until_s: float


@dataclass(slots=True)
class _Run:
    options: Options
    network: Network
    programs: Programs
    outages: list[Outage] = field(default_factory=list)

    async def outage(self, host: str, away_s: float, zombie: Program | None = None) -> None:
        """Cut a host off, bring it back, and let things calm down.

        `zombie`: a worker there, which is made to stop right before one of the commits that it
        tries in vain meanwhile, and wakes when its host is back and others have gone on.
        """
        from_s = time.monotonic()
        await asyncio.to_thread(self.network.cut, host)
        await asyncio.sleep(away_s * HOLD_AT)
        if zombie is not None:
            zombie.signal(signal.SIGUSR1)
        await asyncio.sleep(away_s * (1 - HOLD_AT))
        await asyncio.to_thread(self.network.join, host)
        self.outages.append(Outage(host, from_s, time.monotonic()))
        if zombie is not None:
            await asyncio.sleep(WAKE_AFTER_S)
            zombie.signal(signal.SIGUSR2)
            zombie.signal(signal.SIGCONT)
        await asyncio.sleep(CALM_S)


async def run(options: Options, network: Network) -> dict[str, Any]:
    """The experiment, on the clients' host; -> the verdict."""
    folder = options.folder
    settings = Settings(redis_url=store_url(network), lease_ttl_s=options.lease_s)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_store(network, folder / "data"))
        store = await Store.connect(store_url(network), settings)
        await stack.enter_async_context(store)
        programs = await stack.enter_async_context(Programs())
        arguments = ("crash.worker_process", f"{folder}/{{name}}.journal", options.control)
        own = variables(network, folder, options.lease_s)
        add_programs(programs, network, own, folder, *arguments)
        await _until_up(programs, network)
        sessions = [await _session(store, network, options, n) for n in range(options.sessions)]
        experiment = _Run(options, network, programs)
        started_s = time.monotonic()
        clients = [asyncio.create_task(session.client.run()) for session in sessions]
        try:
            await asyncio.sleep(CALM_S)
            zombie = programs.of("worker")[0]
            await experiment.outage(WORKERS[0], options.worker_away_s, zombie)
            await experiment.outage(GATEWAY, options.gateway_away_s)
            await experiment.outage(STORE, options.store_away_s)
            for session in sessions:
                session.ledger.stop_producing()
            await asyncio.wait(clients, timeout=options.done_within_s)
            await _until_flushed(store, sessions, options.done_within_s)
        finally:
            for session in sessions:
                session.ledger.stop_producing()
            await ended(clients)
        took_s = time.monotonic() - started_s
        found = [await look(store, session.ledger) for session in sessions]
        members = programs.members
        exits = [f"{one.kind} {one.index}: {status}" for one in members for status in one.exits]
    entries = read_journals(folder)
    verdict = judge(
        found,
        [Done(outage.from_s, "cut_host", outage.host) for outage in experiment.outages],
        {},  # type: ignore[arg-type]
        (),
        entries,
        lease_s=options.lease_s,
        durability="everysec",
        took_s=took_s,
    )
    del verdict["recovery"], verdict["faults"]
    sids = [session.ledger.sid for session in sessions]
    return (
        {"store": server, "lease_s": options.lease_s}
        | verdict
        | {"ended_by_themselves": exits}
        | _after(entries, experiment.outages, sids, options.lease_s)
    )


def _after(
    entries: list[Entry], outages: list[Outage], sids: list[str], lease_s: float
) -> dict[str, Any]:
    """What each outage cost, and what a cut worker tried when it was back."""
    worker, gateway, store = outages
    name = "worker-0-1"
    owned = owned_by(entries, name, worker.from_s)
    others = [sid for sid in sids if sid not in owned]
    noticed = [
        round(entry.at_s - worker.from_s, 2)
        for entry in entries
        if entry.process == name
        and entry.kind == "failed"
        and worker.from_s < entry.at_s < worker.until_s
    ]
    late = [
        entry
        for entry in entries
        if entry.process == name and worker.until_s < entry.at_s < gateway.from_s
    ]
    return {
        "worker_cut": {
            "away_s": round(worker.until_s - worker.from_s, 1),
            "its_commits_failed_meanwhile": len(noticed),
            "first_failed_after_s": min(noticed, default=None),
            "its_sessions": told(stood_still(entries, owned, worker.from_s, but=name), lease_s),
            "other_sessions": told(stood_still(entries, others, worker.from_s, but=name), lease_s),
            "its_late_commits_refused": sum(entry.kind == "fenced" for entry in late),
            "its_late_commits_taken": _stale(entries, late, owned),
        },
        "gateway_cut": {
            "away_s": round(gateway.until_s - gateway.from_s, 1),
            "from_its_return": told(stood_still(entries, sids, gateway.until_s), lease_s),
        },
        "store_cut": {
            "away_s": round(store.until_s - store.from_s, 1),
            "from_its_return": told(stood_still(entries, sids, store.until_s), lease_s),
        },
    }


def _stale(entries: list[Entry], late: list[Entry], owned: set[str]) -> int:
    """Commits that a cut worker got through for a session before it had acquired it again."""
    again: set[str] = set()
    count = 0
    for entry in late:
        if entry.kind == "acquired":
            again.add(entry.sid)
        elif entry.kind == "committed" and entry.sid in owned - again:
            count += 1
    return count


async def _session(store: Store, network: Network, options: Options, number: int) -> Session:
    rng = random.Random(f"session/{options.seed}/{number}")
    sid = (await store.create_session()).session_id
    ledger = Ledger(number, sid, ChunkSource(options.seed, number), options.rate)
    where: Any = door(network)
    if number < options.sdk_sessions:
        return Session(ledger, SdkClient(ledger, where), where)
    return Session(ledger, ResendingClient(ledger, where, rng), where)


async def _until_up(programs: Programs, network: Network) -> None:
    async with asyncio.timeout(UP_WITHIN_S):
        while not all(is_up(program) for program in programs.members):
            _none_gave_up(programs.members)
            await asyncio.sleep(0.05)
    await until_listening(network.address(GATEWAY), GATEWAY_PORT)


def _none_gave_up(members: list[Program]) -> None:
    for program in members:
        if len(program.exits) > 2:
            raise RuntimeError(f"{program.kind} does not start: {program.said()}")


async def _until_flushed(store: Store, sessions: list[Session], within_s: float) -> None:
    with contextlib.suppress(TimeoutError, TTMError):
        async with asyncio.timeout(within_s):
            for session in sessions:
                while (await look(store, session.ledger)).kept_chunks:
                    await asyncio.sleep(LOOK_EVERY_S)
