"""Which workers live and what they are doing: they say so again and again, gateways look.

For readiness and for people, never for correctness: a worker that is not listed may still own
sessions, until its leases run out. All of it lies in one hash slot, and nothing of a session in it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ttm_server.store.edge import Part
from ttm_server.store.keys import WORKERS, WORKERS_SAID

BEAT_EVERY_S = 2.0
KEEP_S = 10.0  # a beat that is not repeated is forgotten
MOST_TOLD = 16

WorkerState = Literal["starting", "ready", "draining"]


class WorkerBeat(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker says of itself.

    `doing`: what it is at, in words, where it is not ready; `since`: Unix time since when.
    `capacity`: how many sessions it owns at once, at most.
    """

    worker_id: str
    state: WorkerState
    since: float
    doing: str = ""
    preset: str = ""
    device: str = ""
    capacity: int = 0


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """Living workers: how many are in each state, and what up to MOST_TOLD of them said."""

    starting: int = 0
    ready: int = 0
    draining: int = 0
    told: tuple[WorkerBeat, ...] = ()


class StoreMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What the store's data takes, and its limit (0: none)."""

    used_bytes: int
    limit_bytes: int


_beat = msgspec.json.Decoder(WorkerBeat)


class Fleet(Part):
    """The store's part for who is there to work."""

    async def beat(self, beat: WorkerBeat) -> None:
        """Say that a worker lives; to be repeated every BEAT_EVERY_S."""
        said = f"{beat.state} ".encode() + msgspec.json.encode(beat)
        await self._say(beat.worker_id, said, KEEP_S)

    async def leave(self, worker_id: str) -> None:
        """A worker has ended in order."""
        await self._say(worker_id, b"", 0)

    async def workers(self) -> Workers:
        """Who lives now, by the store's clock."""
        _, rest = await self._edge.script(
            "workers", [WORKERS, WORKERS_SAID], round(KEEP_S * 1000), MOST_TOLD
        )
        _, flat, said = rest
        numbers = dict(zip(flat[::2], flat[1::2], strict=True))
        return Workers(
            starting=numbers.get(b"starting", 0),
            ready=numbers.get(b"ready", 0),
            draining=numbers.get(b"draining", 0),
            told=tuple(map(_beat.decode, said)),
        )

    async def memory(self) -> StoreMemory:
        """How full the store is; of a Cluster: one master of it, since sessions spread evenly."""
        told = await self._edge.command("INFO", "memory", repeatable=True)
        found = dict(line.partition(b":")[::2] for line in told.split(b"\r\n"))
        return StoreMemory(
            used_bytes=int(found[b"used_memory"]), limit_bytes=int(found[b"maxmemory"])
        )

    async def _say(self, worker_id: str, said: bytes, keep_s: float) -> None:
        keys = [WORKERS, WORKERS_SAID]
        await self._edge.script("beat", keys, worker_id, said, round(keep_s * 1000))
