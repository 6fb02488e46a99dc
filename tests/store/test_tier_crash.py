"""Whoever moves a session is killed at every point: it is whole, in the store or in an object."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import Redis

from both_sides import Store
from store.tiering import (
    acquired,
    big,
    everything,
    idle_session,
    make_due,
    moved_session,
    object_of,
)
from tiers import names_in
from ttm_protocol.errors import SessionNotFound
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer
from ttm_server.store.keys import session_keys

TESTS = Path(__file__).parent.parent
OUT = ["after:acquire", "after:left_note", "within:put", "before:move_out", "after:move_out"]
BACK = ["after:acquire", "after:get", "before:bring_back", "after:bring_back"]
DELETE = ["after:left_note", "after:delete"]
CLEAR = ["after:left_due", "after:unused"]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"tier_url": (tmp_path / "tier").as_uri()})


@pytest.fixture
async def store(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Store]:
    async with await Store.connect(clean_valkey.url, settings) as connected:
        yield connected


async def killed(url: str, settings: Settings, sid: str, work: str, point: str) -> None:
    """Somebody dies at this work, at this point; its lease runs out."""
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "store.tier_process"),
        *(url, str(settings.tier_url), sid, work, point),
        env=os.environ | {"PYTHONPATH": path},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    with Redis.from_url(url) as client:
        client.delete(session_keys(sid).lease)


async def cleared(store: Store, url: str, settings: Settings) -> list[str]:
    """What is in the place once everything that was noted has been looked at."""
    make_due(url)
    await store.clear_left_over()
    return await names_in(settings)


async def is_whole(store: Store, url: str, settings: Settings, sid: str, before: object) -> None:
    """It is all there, once; others go on with it; and nothing is left over of what was begun."""
    assert await store.read_state(sid) == big(6)
    name = object_of(url, sid)
    in_store = b"memory" in everything(url, sid)["state"]
    assert in_store == (name is None)
    assert await cleared(store, url, settings) == ([] if name is None else [name])
    owned = await store.bring_back(sid, await acquired(store, sid, "successor"))
    assert (owned.state, owned.kept, owned.crashes) == (big(6), "said of it", 0)
    assert everything(url, sid) == before
    await store.release(sid, owned.fence)
    assert await cleared(store, url, settings) == []
    assert await store.move_out(sid, await acquired(store, sid, "successor"))
    assert await store.read_state(sid) == big(6)


@pytest.mark.parametrize("point", OUT)
async def test_killed_while_moving_out(
    store: Store, clean_valkey: EmbeddedServer, settings: Settings, point: str
) -> None:
    sid = await idle_session(store)
    before = everything(clean_valkey.url, sid)
    await killed(clean_valkey.url, settings, sid, "out", point)
    assert (object_of(clean_valkey.url, sid) is not None) == (point == "after:move_out")
    await is_whole(store, clean_valkey.url, settings, sid, before)


@pytest.mark.parametrize("point", BACK)
async def test_killed_while_bringing_back(
    store: Store, clean_valkey: EmbeddedServer, settings: Settings, point: str
) -> None:
    sid = await idle_session(store)
    before = everything(clean_valkey.url, sid)
    assert await store.move_out(sid, await acquired(store, sid))
    await killed(clean_valkey.url, settings, sid, "back", point)
    assert (object_of(clean_valkey.url, sid) is None) == (point == "after:bring_back")
    await is_whole(store, clean_valkey.url, settings, sid, before)


@pytest.mark.parametrize("point", DELETE)
async def test_killed_while_deleting(
    store: Store, clean_valkey: EmbeddedServer, settings: Settings, point: str
) -> None:
    sid = await moved_session(store)
    name = object_of(clean_valkey.url, sid)
    await killed(clean_valkey.url, settings, sid, "delete", point)
    try:
        state = await store.read_state(sid)
    except SessionNotFound:
        assert await cleared(store, clean_valkey.url, settings) == []
    else:  # nobody was told that it is gone
        assert state == big(6)
        assert await cleared(store, clean_valkey.url, settings) == [name]


@pytest.mark.parametrize("point", CLEAR)
async def test_killed_while_clearing(
    store: Store, clean_valkey: EmbeddedServer, settings: Settings, point: str
) -> None:
    sid = await moved_session(store)
    owned = await store.bring_back(sid, await acquired(store, sid))
    await store.release(sid, owned.fence)
    await killed(clean_valkey.url, settings, sid, "clear", point)
    assert await store.read_state(sid) == big(6)
    assert await cleared(store, clean_valkey.url, settings) == []
