"""What becomes of a session: live, idle, ended, quarantined, deleted in the middle of anything."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis

from gateway.falling_back import fall_back
from gateway.harness import FakeWorker, Served, first, is_problem, serving
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


@pytest.fixture
def redis(clean_valkey: EmbeddedServer) -> Iterator[Redis]:
    with Redis.from_url(clean_valkey.url, decode_responses=True) as client:
        yield client


async def told(gateway: Served, sid: str) -> dict[str, object]:
    return dict((await gateway.http.get(f"/v1/sessions/{sid}")).json())


async def test_statuses_with_lag_and_gaps(gateway: Served) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    assert (await told(gateway, sid))["status"] == "idle"
    async with FakeWorker(gateway.store, sid) as worker:
        worker.go.clear()
        async with gateway.stream(session) as client:
            for seq in (1, 2, 3):
                await client.send(seq)
                await client.expect("ack", durable=seq)
            seen = await told(gateway, sid)
            assert (seen["status"], seen["durable_seq"], seen["applied_seq"]) == ("live", 3, 0)
            assert (seen["lag_chunks"], seen["gaps"]) == (3, [])
            worker.go.set()
            await client.end()
            assert await client.closed() == (1000, None)
        seen = await told(gateway, sid)
        assert (seen["status"], seen["lag_chunks"]) == ("ended", 0)
        assert seen["gaps"] == [{"t0": 0.0, "t1": 0.5, "reason": "test"}]
        ticket = (await gateway.store.issue_ticket(sid))[0]
        async with gateway.stream(session, ticket) as client:
            assert (await told(gateway, sid))["status"] == "live"
            await client.send(4)
            await client.expect("ack", applied=4)
        async with asyncio.timeout(20):
            while (await told(gateway, sid))["status"] != "idle":
                await asyncio.sleep(0.02)
    listed = (await gateway.http.get("/v1/sessions")).json()["sessions"]
    assert [(one["session_id"], one["lag_chunks"]) for one in listed] == [(sid, 0)]


def quarantine(redis: Redis, sid: str, seconds: float) -> None:
    """What the store writes when a session has ended its worker too often."""
    until_ms = round((time.time() + seconds) * 1000)
    redis.hset(f"ttm:{{{sid}}}:meta", "quarantined_until", until_ms)


async def test_a_quarantined_session_is_refused_and_says_so(gateway: Served, redis: Redis) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    async with gateway.stream(session) as client, gateway.stream() as neighbour:
        await client.send(1)
        await client.expect("ack", durable=1)
        quarantine(redis, sid, 600)
        assert (await told(gateway, sid))["status"] == "quarantined"
        await client.send(2)
        code, error = await client.closed()
        assert code == 1008
        assert error is not None
        assert (error["code"], error["retryable"]) == ("quarantined", False)
        await neighbour.send(1)
        await neighbour.expect("ack", durable=1)
    ticket = (await gateway.store.issue_ticket(sid))[0]
    start = json.dumps({"type": "start", "ticket": ticket})
    code, error = await first(gateway, sid, start)
    assert code == 1008
    assert error is not None
    assert error["code"] == "quarantined"
    path = f"/v1/sessions/{sid}"
    asked = await gateway.http.post(f"{path}/questions", json={"question": "Why?"})
    is_problem(asked, 409, "quarantined", "session_id")
    is_problem(await gateway.http.get(f"{path}/timeline"), 409, "quarantined", "session_id")
    assert gateway.value("ttm_admission_rejections_total", reason="quarantined") == 3
    assert (await gateway.http.post(f"{path}/tickets")).status_code == 201
    assert (await gateway.http.delete(path)).status_code == 204


async def test_a_session_deleted_in_mid_stream_leaves_nothing(
    gateway: Served, redis: Redis
) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    async with FakeWorker(gateway.store, sid) as worker, gateway.stream(session) as client:
        for seq in (1, 2):
            await client.send(seq)
        await client.expect("ack", applied=2)
        worker.go.clear()
        await asyncio.sleep(0.1)  # it waits, and would otherwise fail on the deleted session
        for seq in (3, 4):
            await client.send(seq)
        assert (await gateway.http.delete(f"/v1/sessions/{sid}")).status_code == 204
        code, error = await client.closed()
        assert code == 4404
        assert error is not None
        assert error["code"] == "no_such_session"
    is_problem(await gateway.http.get(f"/v1/sessions/{sid}"), 404, "no_such_session", "session_id")
    assert [key for key in redis.scan_iter("*") if sid in key] == []
    assert redis.zscore("ttm:sessions", sid) is None
    assert (await gateway.http.get("/v1/sessions")).json() == {"sessions": []}


async def test_a_question_that_waits_while_its_session_is_deleted(
    gateway: Served, redis: Redis
) -> None:
    sid = (await gateway.session())["session_id"]
    path = f"/v1/sessions/{sid}"
    asking = asyncio.create_task(
        gateway.http.post(f"{path}/questions", json={"question": "Anything?"})
    )
    async with asyncio.timeout(20):
        while not await gateway.store.pending_asks(sid):
            await asyncio.sleep(0.02)
    assert (await gateway.http.delete(path)).status_code == 204
    is_problem(await asking, 404, "no_such_session", "session_id")
    assert [key for key in redis.scan_iter("*") if sid in key] == []


async def test_end_while_its_session_is_deleted(gateway: Served) -> None:
    session = await gateway.session()
    async with gateway.stream(session) as client:
        await client.send(1)
        await client.expect("ack", durable=1)
        await client.end()  # nobody applies the chunk: it waits
        await asyncio.sleep(0.1)
        await gateway.http.delete(f"/v1/sessions/{session['session_id']}")
        assert (await client.closed())[0] == 4404


async def test_a_store_that_fell_back_is_told_to_the_client(
    gateway: Served, clean_valkey: EmbeddedServer
) -> None:
    """On an open connection, before it sends and when it sends the next chunk: 1012, retryable."""
    for sends in (False, True):
        session = await gateway.session()
        sid = session["session_id"]
        async with gateway.stream(session) as client:
            for seq in range(1, 6):
                await client.send(seq)
                await client.expect("ack", durable=seq)
            with Redis.from_url(clean_valkey.url) as redis:
                fall_back(redis, sid, 2)
            if sends:
                await client.send(6)
            code, error = await client.closed()
            assert code == 1012
            assert error is not None
            assert (error["code"], error["retryable"]) == ("restarting", True)
            assert "from chunk 5 to 2" in error["message"]
        ticket = (await gateway.store.issue_ticket(sid))[0]
        async with gateway.stream(session, ticket) as client:
            assert client.seen[0]["next_seq"] == 3
            await client.send(3)
            await client.expect("ack", durable=3)


async def test_turned_away_is_counted(clean_valkey: EmbeddedServer, settings: Settings) -> None:
    few = settings.model_copy(update={"max_sessions": 1})
    async with serving(clean_valkey.url, few) as gateway:
        text = (await gateway.http.get("/metrics")).text
        for code in ("overloaded", "rate_limited", "quarantined", "unauthenticated"):
            assert f'ttm_admission_rejections_total{{reason="{code}"}} 0.0' in text
        for reason in ("invalid", "overflow", "unstored", "client_backpressure", "client_lost"):
            assert f'ttm_chunks_dropped_total{{reason="{reason}"}} 0.0' in text
        await gateway.session()
        is_problem(await gateway.http.post("/v1/sessions"), 503, "overloaded")
        assert gateway.value("ttm_admission_rejections_total", reason="overloaded") == 1


async def test_chunks_that_came_and_were_not_stored_are_counted(gateway: Served) -> None:
    async with gateway.stream() as client:
        for seq in range(1, 9):
            await client.send(seq)
            await client.expect("ack", durable=seq)
        for seq in (9, 10, 11):  # no worker: they wait in the connection
            await client.send(seq)
        async with asyncio.timeout(20):
            while gateway.value("ttm_chunks_received_total") < 11:
                await asyncio.sleep(0.02)
        client.socket.transport.abort()
        async with asyncio.timeout(20):
            while gateway.value("ttm_sessions_active"):
                await asyncio.sleep(0.02)
    assert gateway.value("ttm_chunks_dropped_total", reason="unstored") == 3
