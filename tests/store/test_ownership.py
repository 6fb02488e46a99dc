"""Owning a session: leases, fences, commits, and handing sessions out to workers."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis import Redis

from both_sides import Store
from store.folding import event, payload, send, session_with, state
from ttm_protocol.errors import Fenced, SessionNotFound, StateIncompatible
from ttm_server.store import Acquired, CommitResult
from ttm_server.store.codes import Code
from ttm_server.store.keys import session_keys
from ttm_server.store.ready import ROUND_S, SWEEP_SESSIONS, SWEEPERS


async def acquired(store: Store, sid: str, owner: str = "me", ttl_s: float = 30.0) -> Acquired:
    owned = await store.acquire(sid, owner, ttl_s)
    assert owned is not None
    return owned


def end_lease(raw: Redis, sid: str) -> None:
    assert raw.delete(session_keys(sid).lease) == 1


async def test_first_acquire_has_no_state(store: Store) -> None:
    sid, _ = await session_with(store, 2)
    owned = await acquired(store, sid)
    assert len(owned.fence) >= 26
    assert (owned.applied, owned.state) == (0, None)
    assert (await store.session(sid)).durable_seq == 2


async def test_a_live_lease_keeps_others_out(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 1)
    first = await acquired(store, sid, "a")
    assert await store.acquire(sid, "b", 30.0) is None
    assert 0 < raw.pttl(session_keys(sid).lease) <= 30_000
    await store.commit(sid, first.fence, 0, 1, state(1), [])
    end_lease(raw, sid)
    second = await acquired(store, sid, "b")
    assert second.fence != first.fence
    assert second.state == state(1)


async def test_a_lease_runs_out_by_itself(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    await acquired(store, sid, "a", ttl_s=0.02)
    async with asyncio.timeout(10.0):
        while await store.acquire(sid, "b", 5.0) is None:
            await asyncio.sleep(0.005)


async def test_the_same_owner_gets_another_fence(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    first = await acquired(store, sid)
    second = await acquired(store, sid)
    with pytest.raises(Fenced):
        await store.commit(sid, first.fence, 0, 1, state(1), [])
    await store.commit(sid, second.fence, 0, 1, state(1), [])


async def test_racing_owners(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    got = await asyncio.gather(*(store.acquire(sid, f"w{n}", 30.0) for n in range(10)))
    assert sum(owned is not None for owned in got) == 1


async def test_commit_moves_everything_together(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 5)
    owned = await acquired(store, sid)
    done = await store.commit(sid, owned.fence, 0, 3, state(3), [event(2)])
    assert done is CommitResult.COMMITTED
    assert await store.read_state(sid) == state(3)
    assert (await store.session(sid)).applied_seq == 3
    assert await store.read_chunks(sid, 3, 9) == [(n, payload(sid, n)) for n in (4, 5)]
    assert raw.xlen(session_keys(sid).input) == 2
    assert (await store.progress(sid, connection, "0-0")).events == [event(2)]
    again = await acquired(store, sid)
    assert (again.applied, again.state) == (3, state(3))
    assert (await store.session(sid)).durable_seq == 5


async def test_input_stays_usable_when_it_runs_empty(store: Store) -> None:
    sid, connection = await session_with(store, 2)
    owned = await acquired(store, sid)
    await store.commit(sid, owned.fence, 0, 2, state(2), [])
    assert await store.read_chunks(sid, 2, 9) == []
    await send(store, sid, connection, [3])
    assert [seq for seq, _ in await store.read_chunks(sid, 2, 9)] == [3]


async def test_a_repeated_commit_changes_nothing(store: Store, raw: Redis) -> None:
    sid, connection = await session_with(store, 2)
    owned = await acquired(store, sid)
    for expected in (CommitResult.COMMITTED, CommitResult.ALREADY, CommitResult.ALREADY):
        assert await store.commit(sid, owned.fence, 0, 2, state(2), [event(1)]) is expected
    assert (await store.progress(sid, connection, "0-0")).events == [event(1)]
    with pytest.raises(Fenced):  # ends at the same place, but began elsewhere
        await store.commit(sid, owned.fence, 1, 2, state(2), [])
    await acquired(store, sid)
    with pytest.raises(Fenced):  # no longer the owner
        await store.commit(sid, owned.fence, 0, 2, state(2), [])


async def test_a_stale_owner_is_fenced_once_another_has_acquired(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 3)
    stale = await acquired(store, sid, "a")
    end_lease(raw, sid)
    await acquired(store, sid, "b")
    with pytest.raises(Fenced):
        await store.commit(sid, stale.fence, 0, 3, state(3), [event(1)])
    assert await store.read_state(sid) is None
    assert not await store.renew(sid, stale.fence, 30.0)
    await store.release(sid, stale.fence)
    assert await store.acquire(sid, "c", 30.0) is None  # b's lease is untouched


async def test_a_stale_owner_may_commit_while_nobody_else_has_acquired(
    store: Store, raw: Redis
) -> None:
    sid, _ = await session_with(store, 1)
    owned = await acquired(store, sid, "a")
    end_lease(raw, sid)
    await store.commit(sid, owned.fence, 0, 1, state(1), [])
    assert await store.acquire(sid, "b", 30.0) is None  # the commit took the lease again
    assert 0 < raw.pttl(session_keys(sid).lease) <= 30_000


async def test_a_commit_from_another_position_is_fenced(store: Store) -> None:
    sid, _ = await session_with(store, 4)
    owned = await acquired(store, sid)
    await store.commit(sid, owned.fence, 0, 2, state(2), [])
    for prev, new in ((0, 1), (1, 3), (3, 4), (0, 3)):
        with pytest.raises(Fenced, match="at chunk 2"):
            await store.commit(sid, owned.fence, prev, new, state(new), [])
    with pytest.raises(Fenced):  # chunk 5 was never stored
        await store.commit(sid, owned.fence, 2, 5, state(5), [])
    assert await store.read_state(sid) == state(2)
    assert [seq for seq, _ in await store.read_chunks(sid, 2, 9)] == [3, 4]


async def test_states_that_must_not_be_committed(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 2)
    owned = await acquired(store, sid)
    for prev, new, bad in (
        (0, 2, state(1)),
        (0, 0, state(0)),
        (2, 1, state(1)),
        (-1, 1, state(1)),
        (0, 1, state(1, b"")),
        (0, 1, state(1, bytes(16 * 1024 * 1024 + 1))),
        (0, 1, state(1, media_s=float("inf"))),
        (0, 1, state(1, shape={"x": object()})),
    ):
        with pytest.raises(StateIncompatible):
            await store.commit(sid, owned.fence, prev, new, bad, [event(1)])
    assert not raw.exists(session_keys(sid).state, session_keys(sid).events)
    assert raw.xlen(session_keys(sid).input) == 2


async def test_the_script_refuses_by_itself_too(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 2)
    owned = await acquired(store, sid)
    keys = session_keys(sid)
    good = [owned.fence, 0, 1, "2-0", 16, keys.wake_out, "chunks", "", "", 5000]
    good += [b"m", "0.5", "[]", "{}", "{}", ""]
    names = [keys.meta, keys.state, keys.input, keys.events, keys.lease, *keys.questions]

    async def commit(**changed: object) -> tuple[Code, list[bytes]]:
        args = [changed.get(f"a{place}", value) for place, value in enumerate(good, 1)]
        return await store._parts.edge.script("commit", names, *args)

    for changed, what in (
        ({"a3": 0}, b"position"),
        ({"a2": "x"}, b"position"),
        ({"a3": 0, "a7": "flush", "a2": 1}, b"position"),
        ({"a11": b""}, b"memory"),
        ({"a12": "soon"}, b"media_s"),
    ):
        assert await commit(**changed) == (Code.INVALID, [what])
    assert not raw.exists(keys.state)
    assert (await commit())[0] is Code.OK
    assert (await commit())[0] is Code.ALREADY
    invalid = [b"", "0.5", "[]", "{}", "{}", keys.wake_in, keys.wake_out]
    code, _ = await store._parts.edge.script(
        "replace", [keys.meta, keys.state, keys.lease, keys.input], *invalid
    )
    assert code is Code.INVALID


async def test_release_gives_the_session_to_the_next(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 2)
    assert await store.claim(1.0) == sid
    owned = await acquired(store, sid, "a")
    await store.release(sid, owned.fence)
    assert await store.claim(1.0) == sid  # chunks were left
    for late in (store.commit(sid, owned.fence, 0, 1, state(1), []),):
        with pytest.raises(Fenced):
            await late
    other = await acquired(store, sid, "b")
    await store.commit(sid, other.fence, 0, 2, state(2), [])
    await store.release(sid, other.fence)
    assert await store.claim(0.0) is None  # nothing was left


async def test_no_fence_matches_nobody(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    with pytest.raises(Fenced):
        await store.commit(sid, "", 0, 1, state(1), [])
    with pytest.raises(Fenced):
        await store.renew(sid, "", 1.0)
    with pytest.raises(Fenced):
        await store.release(sid, "")


async def test_renew_lengthens_the_lease(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 1)
    owned = await acquired(store, sid, ttl_s=5.0)
    assert await store.renew(sid, owned.fence, 60.0)
    assert raw.pttl(session_keys(sid).lease) > 5_000
    end_lease(raw, sid)
    assert await store.renew(sid, owned.fence, 60.0)  # nobody else came in between
    assert await store.acquire(sid, "b", 1.0) is None


async def test_reading_behind_another_workers_commit_is_fenced(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 4)
    await acquired(store, sid, "a")
    end_lease(raw, sid)
    other = await acquired(store, sid, "b")
    await store.commit(sid, other.fence, 0, 2, state(2), [])
    with pytest.raises(Fenced):
        await store.read_chunks(sid, 0, 10)


async def test_missing_memory_is_not_taken_for_a_fresh_start(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 1)
    owned = await acquired(store, sid)
    await store.commit(sid, owned.fence, 0, 1, state(1), [])
    raw.delete(session_keys(sid).state)
    with pytest.raises(StateIncompatible, match="memory"):
        await store.acquire(sid, "me", 1.0)
    with pytest.raises(StateIncompatible):
        await store.read_state(sid)


async def test_an_unreadable_state_is_refused(store: Store, raw: Redis) -> None:
    sid, _ = await session_with(store, 1)
    owned = await acquired(store, sid)
    await store.commit(sid, owned.fence, 0, 1, state(1), [])
    raw.hset(session_keys(sid).state, "gaps", "{")
    with pytest.raises(StateIncompatible, match="cannot be read"):
        await store.acquire(sid, "me", 1.0)


async def test_claim_serves_urgent_sessions_first(store: Store) -> None:
    ids = [(await store.create_session()).session_id for _ in range(3)]
    await store.mark_ready(ids[0])
    await store.mark_ready(ids[1])
    await store.mark_ready(ids[2], urgent=True)
    await store.mark_ready(ids[2])  # does not lose its place
    assert [await store.claim(1.0) for _ in ids] == [ids[2], ids[0], ids[1]]
    assert await store.claim(0.01) is None


async def test_a_waiting_claim_is_served(store: Store) -> None:
    sid = (await store.create_session()).session_id
    waiting = asyncio.create_task(store.claim(20.0))
    await asyncio.sleep(0.05)
    await store.mark_ready(sid)
    assert await waiting == sid


async def test_sweep_finds_what_the_hints_lost(store: Store, raw: Redis) -> None:
    waiting, _ = await session_with(store, 1)
    asked, _ = await session_with(store, 0)
    await store.ask(asked, "question", {}, 30.0)
    owned, _ = await session_with(store, 1)
    await acquired(store, owned)
    await session_with(store, 0)  # has nothing to do
    late, _ = await session_with(store, 0)
    await store.ask(late, "question", {}, 30.0)
    (ask_id,) = raw.zrange(session_keys(late).asks, 0, -1)
    raw.zadd(session_keys(late).asks, {ask_id: 1})  # its deadline is long past
    raw.delete("ttm:ready:0")
    assert await store.sweep() == 2
    assert [await store.claim(0.5), await store.claim(0.5)] == [asked, waiting]
    assert await store.sweep() == 2
    end_lease(raw, owned)
    assert await store.sweep() == 3


async def test_sweep_goes_round_and_removes_orphans(
    store: Store, raw: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttm_server.store.ready.SWEEP_SESSIONS", 4)
    orphans = [f"orphan{n}orphanorphanorphan" for n in range(3)]
    for place, orphan in enumerate(orphans):
        raw.zadd("ttm:sessions", {orphan: place})
    young = "youngyoungyoungyoungyoung2"
    raw.zadd("ttm:sessions", {young: time.time() * 1000})
    ids = [(await session_with(store, 1))[0] for _ in range(7)]
    raw.delete("ttm:ready:0")
    for _ in range(4):
        await store.sweep()
    assert set(raw.zrange("ttm:ready:0", 0, -1)) == set(ids)
    assert set(raw.zrange("ttm:sessions", 0, -1)) == {young, *ids}


async def test_the_more_sessions_the_more_workers_sweep(store: Store, raw: Redis) -> None:
    """Few are as good as one, and a large index is looked at by as many as half a minute takes."""
    assert await store.sweepers() == SWEEPERS
    many = 3 * SWEEPERS * SWEEP_SESSIONS * round(ROUND_S)
    raw.zadd("ttm:sessions", {f"session{n}": n for n in range(many)})
    assert await store.sweepers() == 3 * SWEEPERS


async def test_a_worker_may_hear_of_a_deleted_session(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    assert await store.claim(1.0) == sid
    await store.delete_session(sid)
    await store.mark_ready(sid)
    assert await store.claim(1.0) == sid
    with pytest.raises(SessionNotFound):
        await store.acquire(sid, "me", 1.0)
