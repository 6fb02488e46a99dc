"""Conversations: kept for a while, bounded, gone with their session."""

import pytest

from ttm_protocol.errors import SessionNotFound
from ttm_server.store.talks import MAX_TALKS


async def test_what_was_remembered_is_recalled_and_replaced(store):
    sid = (await store.create_session()).session_id
    assert await store.recall(sid, "a") is None
    await store.remember(sid, "a", {"n": 1})
    await store.remember(sid, "a", {"n": 2})
    await store.remember(sid, "b", {"n": 3})
    assert await store.recall(sid, "a") == {"n": 2}
    assert await store.recall(sid, "b") == {"n": 3}


async def test_conversations_are_bounded_and_expire(store, raw):
    sid = (await store.create_session()).session_id
    for i in range(3 * MAX_TALKS):
        await store.remember(sid, f"talk{i}", {"n": i})
    key = f"ttm:{{{sid}}}:talks"
    assert raw.hlen(key) <= MAX_TALKS
    assert 0 < raw.pttl(key) <= 600_000
    assert await store.recall(sid, f"talk{3 * MAX_TALKS - 1}") is not None


async def test_a_deleted_session_remembers_nothing_and_no_key_comes_back(store, raw):
    sid = (await store.create_session()).session_id
    await store.remember(sid, "a", {"n": 1})
    await store.delete_session(sid)
    assert await store.recall(sid, "a") is None
    with pytest.raises(SessionNotFound):
        await store.remember(sid, "a", {"n": 1})
    assert not [key for key in raw.scan_iter() if sid in key]
