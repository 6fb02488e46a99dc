"""A process that moves a session and ends itself by SIGKILL at the point that it is told.

`python -m store.tier_process URL TIER SESSION WORK POINT` in tests/; `POINT`: before, within or
after a script of the store or a call to the place, as in `after:put`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from both_sides import Store
from ttm_server.config import Settings
from ttm_server.store import folder_objects
from ttm_server.store.keys import LEFT_OVER


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(point: str, what: str, run: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """`run`, with the death before or after it where that is the point."""

    async def call(*words: Any, **options: Any) -> Any:
        name = what or str(words[0])
        if point == f"before:{name}":
            die()
        done = await run(*words, **options)
        if point == f"after:{name}":
            die()
        return done

    return call


async def main(url: str, tier: str, sid: str, work: str, point: str) -> None:
    async with await Store.connect(url, Settings(tier_url=tier, lease_ttl_s=30.0)) as store:
        objects: Any = store._parts.tiering._objects
        for name in ("put", "get", "delete"):
            setattr(objects, name, deadly(point, name, getattr(objects, name)))
        edge: Any = store._parts.edge
        edge.script = deadly(point, "", edge.script)
        if point == "within:put":
            folder_objects.os.fsync = die  # type: ignore[attr-defined]
        if work == "delete":
            await store.delete_session(sid)
        elif work == "clear":
            await edge.command("ZADD", LEFT_OVER, 0, await _name(edge))
            await store.clear_left_over()
        else:
            owned = await store.acquire(sid, "dying", 30.0)
            assert owned is not None
            move = store.move_out if work == "out" else store.bring_back
            await move(sid, owned)
    sys.exit(f"{point} was never reached")


async def _name(edge: Any) -> str:
    (name,) = await edge.command("ZRANGE", LEFT_OVER, 0, -1)
    return str(name.decode())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
