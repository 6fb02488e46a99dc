"""Carries a plan of faults out on a running laboratory. Knows how to hurt, not what must follow."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis
import redis.asyncio

from both_sides import Store
from chain import MEMORY_INFO, MODEL_INFO, dumped
from crash.clients import ResendingClient, SdkClient
from crash.ledger import Ledger
from crash.plan import Fault
from crash.processes import Program, Programs
from crash.proxy import Proxy
from crash.source import foreign_state
from ttm_protocol.errors import AnswerTimeout, Overloaded, StoreUnavailable
from ttm_server.store import EmbeddedServer, SessionState

READY_WITHIN_S = 20.0  # for a victim to be up; a busy machine starts slowly
LOOKS_AFTER_WAKING = 4
HELD_WITHIN_S = 5.0  # for a worker to come to its next commit
SERVER_AWAY_S = 0.5  # at most
STALL_S = 3.0  # at most
ANSWER_WITHIN_S = 20.0
MEMORY_WITHIN_S = 60.0
SETTLED_S = 3.0  # after which an `everysec` server has written what it was told
UNSETTLED_S = 6.0  # after a kill of the server


@dataclass(frozen=True, slots=True)
class Session:
    """One session of the laboratory: its truth, its client and its proxy."""

    ledger: Ledger
    client: ResendingClient | SdkClient
    proxy: Proxy


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was carried out at `at_s` (monotonic) on a process or session."""

    at_s: float
    kind: str
    whom: str


@dataclass(slots=True)
class Faults:
    """Runs a plan; `done` tells what took place, `wrong` what looks at memories found wrong."""

    server: EmbeddedServer
    programs: Programs
    sessions: Sequence[Session]
    store: Store
    lease_s: float
    rng: random.Random
    done: list[Done] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _later: set[asyncio.Task[None]] = field(default_factory=set)
    _server_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _server_killed_s: float = 0.0
    _server_back_s: float = 0.0

    async def run(self, plan: Sequence[Fault]) -> None:
        """Every fault at its time, or as soon after as its victim is there; then end all pauses."""
        started_s = time.monotonic()
        for fault in plan:
            await asyncio.sleep(max(0.0, started_s + fault.at_s - time.monotonic()))
            await self._one(fault)
        await self.finish()

    async def hold_one(self) -> Program | None:
        """Stop one worker before its next commit and leave it so; None where none commits."""
        for index in range(len(self.programs.of("worker"))):
            victim = await self._victim("worker", index)
            victim.signal(signal.SIGUSR1)
            if await self._held(victim):
                return victim
        return None

    async def finish(self) -> None:
        """Wait until what goes on in the background (pauses, looks, questions) is over."""
        while self._later:
            await asyncio.wait(self._later)

    async def _one(self, fault: Fault) -> None:
        session = self.sessions[fault.target % len(self.sessions)]
        kind, size = fault.kind, fault.size
        if kind == "kill_server":
            self._background(self._kill_server(size * SERVER_AWAY_S))
        elif kind in ("kill_worker", "drain_worker", "pause_worker", "hold_commit"):
            victim = await self._victim("worker", fault.target)
            self._hurt_worker(kind, victim, self.lease_s * (1.2 + 1.3 * size))
        elif kind in ("kill_gateway", "drain_gateway"):
            victim = await self._victim("gateway", fault.target)
            self._note(kind, victim.name)
            victim.signal(signal.SIGKILL if kind == "kill_gateway" else signal.SIGTERM)
        elif kind == "cut":
            self._note(kind, session.ledger.sid, session.proxy.cut())
        elif kind == "stall":
            self._note(kind, session.ledger.sid, session.proxy.stall(0.3 + size * STALL_S))
        elif kind == "restart_client":
            self._note(kind, session.ledger.sid)
            session.client.restart()
        elif kind == "duplicate":
            self._note(kind, session.ledger.sid)
            session.client.duplicate()
        elif kind == "end":
            self._note(kind, session.ledger.sid)
            session.client.end()
        elif kind == "replace":
            self._background(self._replace(session.ledger))
        elif kind == "export":
            self._background(self._export(session.ledger, fork=size < 0.3))
        elif kind == "ask":
            self._background(self._ask(session.ledger))

    def _note(self, kind: str, whom: str, count: int = 1) -> None:
        self.counts[kind] += count
        self.done.append(Done(time.monotonic(), kind, whom))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._later.discard(task)
            if not task.cancelled() and task.exception() is not None:
                self.wrong.append(f"the laboratory failed: {task.exception()!r}")

        task.add_done_callback(ended)

    # --- processes --------------------------------------------------------------------------------

    async def _victim(self, kind: str, target: int) -> Program:
        """A member that is up; the one that was drawn where it is, else one that is."""
        members = self.programs.of(kind)
        until_s = time.monotonic() + READY_WITHIN_S
        while True:
            for offset in range(len(members)):
                member = members[(target + offset) % len(members)]
                if is_up(member) and not member.stopped:
                    return member
            if time.monotonic() > until_s:
                raise TimeoutError(f"no {kind} came up within {READY_WITHIN_S:g} s")
            await asyncio.sleep(0.02)

    def _hurt_worker(self, kind: str, victim: Program, pause_s: float) -> None:
        if kind == "kill_worker":
            self._note(kind, victim.name)
            victim.signal(signal.SIGKILL)
        elif kind == "drain_worker":
            self._note(kind, victim.name)
            victim.signal(signal.SIGTERM)
        elif kind == "pause_worker":
            self._note(kind, victim.name)
            victim.signal(signal.SIGSTOP)
            self._background(self._continue(victim, pause_s))
        else:
            victim.signal(signal.SIGUSR1)
            self._background(self._continue_held(victim, pause_s))

    async def _continue(self, victim: Program, pause_s: float) -> None:
        """Wake a worker, and look at every memory while it tries what it should not."""
        await asyncio.sleep(pause_s)
        victim.signal(signal.SIGCONT)
        for _ in range(LOOKS_AFTER_WAKING):
            await asyncio.gather(
                *(
                    self._export(session.ledger, fork=False)
                    for session in self.sessions
                    if not session.ledger.memory_lock.locked()
                )
            )
            await asyncio.sleep(0.05)

    async def _continue_held(self, victim: Program, pause_s: float) -> None:
        if await self._held(victim):
            await self._continue(victim, pause_s)

    async def _held(self, victim: Program) -> bool:
        """Whether a worker that was told to stop before a commit has come to one."""
        name = victim.name
        until_s = time.monotonic() + HELD_WITHIN_S
        while victim.name == name and victim.running and not victim.stopped:
            if time.monotonic() > until_s:
                victim.signal(signal.SIGUSR2)  # it has nothing to commit; let it be
                await asyncio.sleep(0.5)
                break
            await asyncio.sleep(0.01)
        if victim.name != name or not victim.stopped:
            return False
        self._note("hold_commit", name)
        return True

    async def _kill_server(self, away_s: float) -> None:
        async with self._server_lock:
            self._note("kill_server", "server")
            self._server_killed_s = time.monotonic()
            self.server.kill()
            await asyncio.sleep(away_s)
            await asyncio.to_thread(self.server.start)
            self._server_back_s = time.monotonic()
            self._note("server_back", "server")

    def _server_fell_back(self, since_s: float | None = None) -> bool:
        """Whether the server was killed lately, so that its last moments may be lost.

        With `everysec` it puts its writes off while a sync is under way, for up to two seconds, and
        what was put off dies with the process.
        """
        if since_s is None:
            since_s = time.monotonic() - UNSETTLED_S
        return self._server_lock.locked() or self._server_back_s > since_s

    # --- memories ---------------------------------------------------------------------------------

    async def _replace(self, ledger: Ledger) -> None:
        """Put another memory in place, and find out at which position that was.

        Where a commit came between the two calls, the position is not known, so it is done again.
        """
        async with ledger.memory_lock:
            until_s = time.monotonic() + MEMORY_WITHIN_S
            while time.monotonic() < until_s:
                memory = dumped(foreign_state(self.rng))
                try:
                    await self.store.replace_state(ledger.sid, state_of(memory))
                    found = await self.store.read_state(ledger.sid)
                except StoreUnavailable:
                    await asyncio.sleep(0.1)
                    continue
                if found is not None and found.memory == memory:
                    ledger.replaced(found.seq, memory)
                    self._note("replace", ledger.sid)
                    await self._settle_replaced(ledger, f"laboratory:{memory[-8:].hex()}")
                    return
            self.wrong.append(f"{ledger.sid}: a replaced memory was never found again")

    async def _settle_replaced(self, ledger: Ledger, marker: str) -> None:
        """Watch a replacement until it must be written; one that goes without a reason is wrong.

        The reason would be a kill of the server: then the replacement is taken back here too. A
        marker that is written after it and still there tells that the server did not lose it.
        """
        since_s = time.monotonic()
        if not await self._mark(marker):
            marker = ""
        while time.monotonic() < since_s + SETTLED_S or self._server_lock.locked():
            await asyncio.sleep(0.1)
            try:
                found = await self.store.read_state(ledger.sid)
            except StoreUnavailable:
                continue
            if found is not None and ledger.is_true(found.seq, found.memory):
                continue
            if self._server_killed_s > since_s and not (marker and await self._marked(marker)):
                ledger.take_replacement_back()
                self.counts["replace_lost"] += 1
            else:
                self.wrong.append(f"{ledger.sid}: a replaced memory was written over")
            return

    async def _mark(self, marker: str) -> bool:
        async with redis.asyncio.Redis.from_url(self.server.url) as client:
            with contextlib.suppress(redis.RedisError):
                return bool(await client.set(marker, 1))
        return False

    async def _marked(self, marker: str) -> bool:
        async with redis.asyncio.Redis.from_url(self.server.url) as client:
            with contextlib.suppress(redis.RedisError):
                return bool(await client.exists(marker))
        return False

    async def _export(self, ledger: Ledger, fork: bool) -> None:
        """Look at the memory in mid-stream, or at the copy that a fork makes of it."""
        async with ledger.memory_lock:
            least = ledger.applied
            try:
                sid = ledger.sid
                if fork:
                    sid = (await self.store.fork_session(sid)).session_id
                found = await self.store.read_state(sid)
                if fork:
                    await self.store.delete_session(sid)
            except StoreUnavailable:
                return
            self._note("fork" if fork else "export", ledger.sid)
            if found is None:
                return
            if self._server_fell_back():
                ledger.applied = least = 0
            ledger.applied = max(ledger.applied, found.seq)
            if found.seq < least:
                self.wrong.append(f"{ledger.sid}: went back from {least} to {found.seq}")
            elif not ledger.is_true(found.seq, found.memory):
                self.wrong.append(f"{ledger.sid}: exported memory at {found.seq} is wrong")

    async def _ask(self, ledger: Ledger) -> None:
        """A question sees every chunk that was durable before it, and the true state."""
        async with ledger.memory_lock:
            durable, asked_s = ledger.durable, time.monotonic()
            try:
                ask_id = await self.store.ask(
                    ledger.sid, "question", {"question": "state?"}, ANSWER_WITHIN_S
                )
                reply = await self.store.wait_reply(ledger.sid, ask_id, ANSWER_WITHIN_S)
            except (AnswerTimeout, Overloaded, StoreUnavailable) as error:
                self.counts[f"ask_{type(error).__name__}"] += 1
                return
            self._note("ask", ledger.sid)
            if reply.body is None:
                self.counts[f"ask_{reply.error_code}"] += 1
                return
            seq = int(reply.body["as_of_seq"])
            told = bytes.fromhex(reply.body["answer"])
            if self._server_fell_back(asked_s - UNSETTLED_S):
                durable = 0
            if seq < durable or not ledger.is_true(seq, told):
                self.wrong.append(f"{ledger.sid}: answer as of {seq}, durable {durable}, is wrong")


def state_of(memory: bytes) -> SessionState:
    """A memory as an import brings it."""
    return SessionState(
        seq=0, memory=memory, media_s=0.0, gaps=[], model=MODEL_INFO, shape=MEMORY_INFO
    )


def is_up(program: Program) -> bool:
    """Whether it runs and has said that it is ready: a worker in its journal."""
    if not program.running:
        return False
    if program.kind != "worker":
        return True
    journal = program.folder / f"{program.name}.journal"
    return journal.exists() and journal.stat().st_size > 0
