"""Questions: barrier, deadline, bounds, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from redis import Redis

from both_sides import Store
from store.folding import send, session_with, state
from ttm_protocol.errors import AnswerTimeout, Fenced, Overloaded, SessionNotFound
from ttm_server.store import Reply
from ttm_server.store.keys import session_keys


async def owned_session(store: Store, chunks: int = 0) -> tuple[str, str]:
    sid, _ = await session_with(store, chunks)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    return sid, owned.fence


def question_keys(raw: Redis, sid: str) -> list[str]:
    keys = session_keys(sid)
    names = (keys.asks, keys.ask_bodies, keys.replies, keys.reply_bodies)
    return [name for name in names if raw.exists(name)]


async def test_a_question_is_answered(store: Store, raw: Redis) -> None:
    sid, fence = await owned_session(store, chunks=3)
    body = {"question": "When did the dog bark? é", "since_s": 1.5, "until_s": None}
    ask_id = await store.ask(sid, "question", body, 30.0)
    waiting = asyncio.create_task(store.wait_reply(sid, ask_id, 20.0))
    (ask,) = await store.pending_asks(sid)
    assert (ask.ask_id, ask.kind, ask.body, ask.barrier) == (ask_id, "question", body, 3)
    assert abs(raw.zscore(session_keys(sid).asks, ask_id) / 1000 - time.time() - 30.0) < 10.0
    reply = Reply(ask_id=ask_id, body={"state": "answered", "confidence": 0.25})
    assert await store.reply(sid, fence, reply)
    assert await waiting == reply
    assert await store.pending_asks(sid) == []
    assert question_keys(raw, sid) == []


async def test_an_error_is_a_reply_too(store: Store) -> None:
    sid, fence = await owned_session(store)
    ask_id = await store.ask(sid, "timeline", {}, 30.0)
    reply = Reply(ask_id=ask_id, error_code="bad_request", error_message="no")
    await store.reply(sid, fence, reply)
    assert await store.wait_reply(sid, ask_id, 1.0) == reply


async def test_the_barrier_is_what_was_durable(store: Store) -> None:
    sid, connection = await session_with(store, 2)
    first = await store.ask(sid, "question", {}, 10.0)
    owned = await store.acquire(sid, "me", 30.0)
    assert owned is not None
    await store.commit(sid, owned.fence, 0, 2, state(2), [])
    await send(store, sid, connection, [3])
    second = await store.ask(sid, "question", {}, 20.0)
    asks = await store.pending_asks(sid)
    assert [(ask.ask_id, ask.barrier) for ask in asks] == [(first, 2), (second, 3)]


async def test_no_answer_in_time(store: Store, raw: Redis) -> None:
    sid, _ = await owned_session(store)
    ask_id = await store.ask(sid, "question", {}, 30.0)
    with pytest.raises(AnswerTimeout):
        await store.wait_reply(sid, ask_id, 0.02)
    assert question_keys(raw, sid) == []  # nobody answers it for nothing


async def test_an_answer_that_comes_too_late_is_dropped(store: Store, raw: Redis) -> None:
    sid, fence = await owned_session(store)
    ask_id = await store.ask(sid, "question", {}, 30.0)
    with pytest.raises(AnswerTimeout):
        await store.wait_reply(sid, ask_id, 0.0)
    assert not await store.reply(sid, fence, Reply(ask_id=ask_id, body={}))

    late = await store.ask(sid, "question", {}, 30.0)
    raw.zadd(session_keys(sid).asks, {late: 1})
    assert await store.pending_asks(sid) == []
    assert not await store.reply(sid, fence, Reply(ask_id=late, body={}))
    with pytest.raises(AnswerTimeout):
        await store.wait_reply(sid, late, 20.0)  # at once: it cannot come any more
    assert question_keys(raw, sid) == []


async def test_a_cancelled_wait_leaves_nothing(store: Store, raw: Redis) -> None:
    sid, _ = await owned_session(store)
    ask_id = await store.ask(sid, "question", {}, 30.0)
    waiting = asyncio.create_task(store.wait_reply(sid, ask_id, 20.0))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert question_keys(raw, sid) == []


async def test_questions_are_bounded(store: Store, raw: Redis) -> None:
    sid, fence = await owned_session(store)
    ids = [await store.ask(sid, "question", {"n": n}, 30.0) for n in range(4)]
    with pytest.raises(Overloaded, match="4"):
        await store.ask(sid, "question", {}, 30.0)
    await store.reply(sid, fence, Reply(ask_id=ids[0], body={}))
    with pytest.raises(Overloaded):  # answered, but nobody has taken it yet
        await store.ask(sid, "question", {}, 30.0)
    await store.wait_reply(sid, ids[0], 1.0)
    await store.ask(sid, "question", {}, 30.0)


async def test_abandoned_questions_make_room_and_vanish(store: Store, raw: Redis) -> None:
    sid, fence = await owned_session(store)
    keys = session_keys(sid)
    ids = [await store.ask(sid, "question", {}, 30.0) for _ in range(4)]
    await store.reply(sid, fence, Reply(ask_id=ids[0], body={}))
    for name in question_keys(raw, sid):
        assert 30_000 < raw.pttl(name) <= 36_000  # all of it ends by itself
    raw.zadd(keys.asks, dict.fromkeys(ids[1:], 1))
    raw.zadd(keys.replies, {ids[0]: 1})
    await store.ask(sid, "question", {}, 30.0)
    assert raw.zcard(keys.asks) == raw.hlen(keys.ask_bodies) == 1
    assert raw.zcard(keys.replies) == raw.hlen(keys.reply_bodies) == 0


async def test_a_short_question_does_not_shorten_a_long_one(store: Store, raw: Redis) -> None:
    sid, _ = await owned_session(store)
    await store.ask(sid, "question", {}, 600.0)
    await store.ask(sid, "question", {}, 1.0)
    assert raw.pttl(session_keys(sid).asks) > 500_000


async def test_only_the_current_owner_answers(store: Store) -> None:
    sid, fence = await owned_session(store)
    ask_id = await store.ask(sid, "question", {}, 30.0)
    again = await store.acquire(sid, "me", 30.0)
    assert again is not None
    with pytest.raises(Fenced):
        await store.reply(sid, fence, Reply(ask_id=ask_id, body={}))
    assert await store.reply(sid, again.fence, Reply(ask_id=ask_id, body={}))
    with pytest.raises(Fenced):
        await store.reply(sid, "", Reply(ask_id=ask_id, body={}))


async def test_a_question_to_an_idle_session_is_claimed_before_media(store: Store) -> None:
    media, _ = await session_with(store, 1)
    asked, _ = await session_with(store, 0)
    await store.ask(asked, "question", {}, 30.0)
    assert [await store.claim(1.0), await store.claim(1.0)] == [asked, media]


async def test_released_questions_go_to_the_next_worker(store: Store) -> None:
    sid, fence = await owned_session(store)
    await store.ask(sid, "question", {}, 30.0)
    assert await store.claim(0.0) is None  # the owner has been woken
    await store.release(sid, fence)
    assert await store.claim(1.0) == sid


async def test_deletion_ends_a_wait(store: Store) -> None:
    sid, _ = await owned_session(store)
    ask_id = await store.ask(sid, "question", {}, 30.0)
    waiting = asyncio.create_task(store.wait_reply(sid, ask_id, 20.0))
    await asyncio.sleep(0.05)
    await store.delete_session(sid)
    with pytest.raises(SessionNotFound):
        await waiting


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan"), float("inf"), 1e9])
async def test_a_time_limit_must_be_one(store: Store, timeout_s: float) -> None:
    sid, _ = await session_with(store, 0)
    with pytest.raises(ValueError, match="timeout_s"):
        await store.ask(sid, "question", {}, timeout_s)


async def test_a_repeated_ask_is_one_ask(store: Store) -> None:
    sid, _ = await session_with(store, 1)
    keys = session_keys(sid)
    words = ["repeatedrepeated", b'{"kind":"question","body":{}}', 9000, 4, keys.wake_in, 5000, ""]
    names = [keys.meta, keys.asks, keys.ask_bodies, keys.replies, keys.reply_bodies, keys.lease]
    first = await store._parts.edge.script("ask", names, *words)
    assert await store._parts.edge.script("ask", names, *words) == first
    assert [ask.barrier for ask in await store.pending_asks(sid)] == [1]
