"""Conversations: kept beside the answers, in order, bounded, gone with their session."""

import pytest

from store.test_asks import owned_session
from ttm_protocol.errors import BadRequest, Fenced, SessionNotFound
from ttm_server.store import Reply
from ttm_server.store.asks import MAX_CONVERSATIONS
from ttm_server.store.keys import session_keys


async def ask(store, sid, conversation, n=0):
    return await store.ask(sid, "question", {"n": n}, 30.0, conversation)


async def talk(store, sid, fence, conversation, context):
    """One question and its answer; what the conversation held before."""
    ask_id = await ask(store, sid, conversation)
    (waiting,) = await store.pending_asks(sid)
    assert waiting.conversation == conversation
    assert await store.reply(sid, fence, Reply(ask_id=ask_id, body={}), conversation, context)
    await store.wait_reply(sid, ask_id, 1.0)
    return waiting.before


async def test_a_question_is_given_what_the_last_answer_left(store):
    sid, fence = await owned_session(store)
    assert await talk(store, sid, fence, "a", {"n": 1}) is None
    assert await talk(store, sid, fence, "a", {"n": 2}) == {"n": 1}
    assert await talk(store, sid, fence, "b", {"n": 3}) is None
    assert await talk(store, sid, fence, "a", None) == {"n": 2}  # an answer that leaves nothing
    assert await talk(store, sid, fence, "a", {}) == {"n": 2}
    assert await talk(store, sid, fence, None, {"n": 4}) is None
    assert await talk(store, sid, fence, "b", {}) == {"n": 3}


async def test_of_a_conversation_one_question_is_told_at_a_time_in_order(store, raw):
    sid, fence = await owned_session(store)
    ids = [await ask(store, sid, "a", n) for n in range(3)]
    other = await ask(store, sid, "b")
    keys = session_keys(sid)
    raw.zadd(keys.asks, dict.fromkeys([*ids, other], raw.zscore(keys.asks, ids[0])))  # one moment
    async with store.watch(sid, "in") as wake:
        for n, ask_id in enumerate(ids):
            told = {one.ask_id: one for one in await store.pending_asks(sid)}
            assert set(told) == {ask_id, other}
            assert told[ask_id].body == {"n": n}
            assert told[ask_id].before == (None if n == 0 else {"after": n - 1})
            reply = Reply(ask_id=ask_id, body={})
            assert await store.reply(sid, fence, reply, "a", {"after": n})
            assert await wake.wait(20.0)  # its owner looks again
    assert [one.ask_id for one in await store.pending_asks(sid)] == [other]


async def test_a_question_that_is_too_late_does_not_hold_up_the_next(store, raw):
    sid, fence = await owned_session(store)
    late, following = await ask(store, sid, "a"), await ask(store, sid, "a")
    raw.zadd(session_keys(sid).asks, {late: 1})
    assert [one.ask_id for one in await store.pending_asks(sid)] == [following]
    assert not await store.reply(sid, fence, Reply(ask_id=late, body={}), "a", {"late": True})
    (told,) = await store.pending_asks(sid)
    assert told.before is None  # what nobody waited for has left nothing


async def test_only_the_current_owner_moves_a_conversation_on(store):
    sid, fence = await owned_session(store)
    ask_id = await ask(store, sid, "a")
    assert await store.acquire(sid, "me", 30.0) is not None
    with pytest.raises(Fenced):
        await store.reply(sid, fence, Reply(ask_id=ask_id, body={}), "a", {"n": 1})
    (told,) = await store.pending_asks(sid)
    assert told.before is None


async def test_conversations_are_bounded_and_expire(store, raw):
    sid, fence = await owned_session(store)
    for i in range(3 * MAX_CONVERSATIONS):
        await talk(store, sid, fence, f"talk{i}", {"n": i})
    key = session_keys(sid).conversations
    assert raw.hlen(key) <= MAX_CONVERSATIONS
    assert 0 < raw.pttl(key) <= 600_000
    last = 3 * MAX_CONVERSATIONS - 1
    assert await talk(store, sid, fence, f"talk{last}", None) == {"n": last}


async def test_a_deleted_session_remembers_nothing_and_no_key_comes_back(store, raw):
    sid, fence = await owned_session(store)
    await talk(store, sid, fence, "a", {"n": 1})
    ask_id = await ask(store, sid, "a")
    await store.delete_session(sid)
    with pytest.raises(SessionNotFound):
        await store.reply(sid, fence, Reply(ask_id=ask_id, body={}), "a", {"n": 2})
    assert not [key for key in raw.scan_iter() if sid in key]


@pytest.mark.parametrize("conversation", ["", "a b", "x" * 65, "é", "a\n"])
async def test_what_can_be_no_id_is_refused(store, conversation):
    sid, _ = await owned_session(store)
    with pytest.raises(BadRequest, match="conversation"):
        await ask(store, sid, conversation)
    assert await store.pending_asks(sid) == []
