"""Whether a client is connected, and when media second 0 was, as a question is told it."""

import asyncio
import time

import pytest

from store.folding import chunk, payload, session_with, state
from ttm_server.store.keys import session_keys
from ttm_server.store.wall_clock import wall_zero


async def told(store, sid):
    """The moment, as a question that is asked now is given it."""
    await store.ask(sid, "question", {}, 30.0)
    asks = await store.pending_asks(sid)
    return asks[-1].live, asks[-1].wall_zero


async def ingest(store, sid, connection, seq, t):
    return await store.ingest(sid, connection, chunk(seq, t), payload(sid, seq))


def began_earlier(raw, sid, seconds):
    """Put the moment at which the first chunk came back by so many seconds."""
    key = session_keys(sid).meta
    raw.hset(key, "first_at", int(raw.hget(key, "first_at")) - round(seconds * 1000))


async def test_a_stream_in_real_time_has_a_wall_clock(store):
    sid, connection = await session_with(store, 0)
    began_s = time.time()
    for seq, t in enumerate([0.0, 2.0, 5.0], 1):
        await asyncio.sleep(max(0.0, began_s + t + 0.5 - time.time()))  # a chunk's end is now
        await ingest(store, sid, connection, seq, t)
    live, zero = await told(store, sid)
    assert live
    assert abs(zero - began_s) < 1.0


async def test_a_file_that_is_sent_as_fast_as_possible_has_none(store):
    sid, connection = await session_with(store, 0)
    for seq in range(1, 5):
        await ingest(store, sid, connection, seq, 30.0 * seq)
    assert await told(store, sid) == (True, None)


async def test_a_short_beginning_tells_nothing_yet(store, raw):
    sid, connection = await session_with(store, 2)
    began_earlier(raw, sid, 0.5)
    assert await told(store, sid) == (True, None)
    await ingest(store, sid, connection, 3, 8.0)
    began_earlier(raw, sid, 7.5)
    _, zero = await told(store, sid)
    assert abs(zero + 8.5 - time.time()) < 1.5


async def test_the_wall_clock_stays_after_the_end_and_the_client_is_gone(store, raw):
    sid, connection = await session_with(store, 1)
    await ingest(store, sid, connection, 2, 60.0)
    began_earlier(raw, sid, 60.0)
    live, zero = await told(store, sid)
    assert live
    assert zero is not None
    await store.close_stream(sid, connection, ended=True)
    assert await told(store, sid) == (False, zero)
    again = (await store.open_stream(sid)).connection
    assert await told(store, sid) == (True, zero)
    await ingest(store, sid, again, 2, 60.0)  # a repeat moves nothing
    assert await told(store, sid) == (True, zero)


async def test_a_client_that_is_not_heard_of_is_not_connected(store, raw):
    sid, _ = await session_with(store, 1)
    raw.hset(session_keys(sid).meta, "beat", int((time.time() - 16) * 1000))
    assert await told(store, sid) == (False, None)


async def test_a_stream_that_paused_has_none_any_more(store, raw):
    sid, connection = await session_with(store, 1)
    await ingest(store, sid, connection, 2, 60.0)
    began_earlier(raw, sid, 60.0)
    assert (await told(store, sid))[1] is not None
    began_earlier(raw, sid, 3600.0)  # as if all had come an hour before the next chunk
    await ingest(store, sid, connection, 3, 60.5)
    assert (await told(store, sid))[1] is None


@pytest.mark.parametrize("way", ["imported", "imported before the stream", "copied"])
async def test_a_memory_from_elsewhere_has_none(store, raw, way):
    sid, connection = await session_with(store, 0)
    if way == "imported before the stream":
        await store.replace_state(sid, state(0))
    if way == "copied":
        info = await store.create_session(state(0))
        sid, connection = info.session_id, (await store.open_stream(info.session_id)).connection
    await ingest(store, sid, connection, 1, 0.0)
    if way == "imported":
        await store.replace_state(sid, state(0))
    await ingest(store, sid, connection, 2, 60.0)
    meta = session_keys(sid).meta
    assert raw.hget(meta, "first_at") == ""
    assert raw.hget(meta, "last_s") == "60.5"
    assert await told(store, sid) == (True, None)


@pytest.mark.parametrize(
    ("wall_s", "media_s", "known"),
    [
        (5.0, 5.0, True),
        (5.0, 4.9, False),  # too little to tell
        (7.0, 5.0, True),
        (7.1, 5.0, False),
        (0.1, 5.0, False),
        (1049.0, 1000.0, True),
        (951.0, 1000.0, True),
        (1051.0, 1000.0, False),
        (-5.0, 5.0, False),  # the clock was put back
    ],
)
def test_the_spans_must_agree(wall_s, media_s, known):
    first_at_ms = 1_700_000_000_000
    last_at_ms = first_at_ms + round(wall_s * 1000)
    words = [str(first_at_ms), "0.5", str(last_at_ms), str(0.5 + media_s)]
    zero = wall_zero([word.encode() for word in words])
    assert zero == (1_699_999_999.5 if known else None)


def test_without_a_record_there_is_none():
    assert wall_zero([None, None, None, None]) is None
    assert wall_zero([b"", None, b"1700000060000", b"60.5"]) is None
