"""Streams over real sockets: what a client may do, and what happens when it does anything else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from gateway.harness import FakeWorker, Served, first, png, serving
from ttm_protocol.messages import Gap, Picture
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


async def test_a_stream_from_start_to_end(gateway: Served) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    async with FakeWorker(gateway.store, sid), gateway.stream(session) as client:
        assert client.socket.subprotocol == "ttm.v1"
        ready = client.seen[0]
        assert (ready["session_id"], ready["next_seq"], ready["credits"]) == (sid, 1, 4)
        assert ready["limits"]["max_pictures"] == 4
        for seq in range(1, 11):
            await client.send(seq, video=[Picture(0.0, png(8, 8))])
            await client.expect("ack", durable=seq)
        await client.end()
        assert await client.closed() == (1000, None)
        assert client.socket.close_reason == "end"
    acks = [message for message in client.seen if message["type"] == "ack"]
    assert acks[-1] == {"type": "ack", "durable": 10, "applied": 10}
    events = [message for message in client.seen if message["type"] == "event"]
    assert [event["seq"] for event in events] == list(range(1, 11))
    assert events[0]["label"] == "bell"
    assert (await gateway.store.session(sid)).status == "ended"
    assert gateway.value("ttm_chunks_received_total") == 10
    assert gateway.value("ttm_ingest_to_applied_seconds_count") == 10
    assert gateway.value("ttm_ws_closes_total", code="1000") == 1
    assert gateway.value("ttm_sessions_active") == 0


async def test_end_waits_for_the_worker(gateway: Served) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        worker.go.clear()
        async with gateway.stream(session) as client:
            await client.send(1)
            await client.end()
            await client.expect("ack", durable=1, applied=0)
            await asyncio.sleep(0.3)
            worker.go.set()
            assert await client.closed() == (1000, None)
            assert client.seen[-1] == {"type": "ack", "durable": 1, "applied": 1}


async def test_a_stream_without_media(gateway: Served) -> None:
    async with gateway.stream() as client:
        await client.end()
        assert await client.closed() == (1000, None)


async def test_tickets(gateway: Served) -> None:
    one, other = await gateway.session(), await gateway.session()
    sid = one["session_id"]
    start = '{"type":"start","ticket":"%s"}'
    async with gateway.stream(one):
        pass
    for ticket in (one["ticket"], other["ticket"], "x", "", "é" * 40, "x" * 4000):
        code, error = await first(gateway, sid, start % ticket)
        assert code == 4401, ticket
        assert error is not None
        assert error["code"] == "unauthenticated"
        assert error["retryable"] is False
        assert ticket == "" or ticket not in error["message"] or ticket == "x"
    assert (await first(gateway, sid, '{"type":"start"}'))[0] == 4401
    assert (await first(gateway, sid, start % other["ticket"]))[0] == 4401
    fresh = (await gateway.http.post(f"/v1/sessions/{sid}/tickets")).json()["ticket"]
    async with gateway.stream(one, fresh):
        pass


async def test_a_deleted_session(gateway: Served) -> None:
    session = await gateway.session()
    await gateway.http.delete(f"/v1/sessions/{session['session_id']}")
    start = json.dumps({"type": "start", "ticket": session["ticket"]})
    assert (await first(gateway, session["session_id"], start))[0] in (4401, 4404)


async def test_a_picture_with_a_truncated_body_is_taken(gateway: Served) -> None:
    async with gateway.stream() as client:
        await client.send(1, video=[Picture(0.0, png(64, 64)[:60])])
        await client.expect("ack", durable=1)


async def test_time_may_not_run_backwards_across_connections(gateway: Served) -> None:
    session = await gateway.session()
    async with gateway.stream(session) as client:
        await client.send(1, t=10.0)
        await client.expect("ack", durable=1)
    ticket = (await gateway.store.issue_ticket(session["session_id"]))[0]
    async with gateway.stream(session, ticket) as client:
        await client.send(2, t=9.0)
        code, error = await client.closed()
    assert code == 4400
    assert error is not None
    assert error["message"].startswith("t: 9.0")


async def test_a_chunk_sent_twice_is_acknowledged_again(gateway: Served) -> None:
    async with gateway.stream() as client:
        for _ in range(3):
            await client.send(1)
            await client.expect("ack", durable=1)
        await client.send(2)
        await client.expect("ack", durable=2)


async def test_resume_after_a_cut(gateway: Served) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    async with FakeWorker(gateway.store, sid):
        async with gateway.stream(session) as client:
            for seq in (1, 2, 3):
                await client.send(seq)
            await client.expect("ack", durable=3)
            client.socket.transport.abort()
        ticket = (await gateway.store.issue_ticket(sid))[0]
        async with gateway.stream(session, ticket) as client:
            assert client.seen[0]["next_seq"] == 4
            await client.send(4)
            await client.end()
            assert await client.closed() == (1000, None)
    assert (await gateway.store.session(sid)).applied_seq == 4


async def test_a_newer_connection_supersedes(gateway: Served) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    async with gateway.stream(session) as old:
        await old.send(1)
        await old.expect("ack", durable=1)
        ticket = (await gateway.store.issue_ticket(sid))[0]
        async with gateway.stream(session, ticket) as new:
            assert new.seen[0]["next_seq"] == 2
            code, error = await old.closed()
            assert code == 4409
            assert error is not None
            assert (error["code"], error["retryable"]) == ("superseded", False)
            await new.send(2)
            await new.expect("ack", durable=2)
    assert (await gateway.store.session(sid)).status == "idle"


async def test_a_session_goes_on_at_any_gateway_and_the_newer_wins(
    gateway: Served, clean_valkey: EmbeddedServer, settings: Settings
) -> None:
    session = await gateway.session()
    sid = session["session_id"]
    async with (
        serving(clean_valkey.url, settings) as elsewhere,
        FakeWorker(elsewhere.store, sid),
        gateway.stream(session) as old,
    ):
        for seq in (1, 2):
            await old.send(seq)
        await old.expect("ack", durable=2)
        ticket = (await elsewhere.http.post(f"/v1/sessions/{sid}/tickets")).json()["ticket"]
        async with elsewhere.stream(session, ticket) as new:
            assert new.seen[0]["next_seq"] == 3
            assert (await old.closed())[0] == 4409
            await new.send(3)
            await new.end()
            assert await new.closed() == (1000, None)
    assert (await gateway.store.session(sid)).applied_seq == 3


async def test_a_session_deleted_while_it_streams(gateway: Served) -> None:
    async with gateway.stream() as client:
        await client.send(1)
        await client.expect("ack", durable=1)
        await gateway.http.delete(f"/v1/sessions/{client.sid}")
        code, error = await client.closed()
    assert code == 4404
    assert error is not None
    assert error["code"] == "no_such_session"


async def test_gaps_that_a_client_reports_are_counted(gateway: Served) -> None:
    async with gateway.stream() as client:
        await client.send(1, gap=Gap(0.0, 0.0, "backpressure"))
        await client.send(2, gap=Gap(0.0, 0.0, "session of Mr X"))
        await client.expect("ack", durable=2)
    text = (await gateway.http.get("/metrics")).text
    assert 'ttm_chunks_dropped_total{reason="client_backpressure"} 1.0' in text
    assert 'ttm_chunks_dropped_total{reason="client_other"} 1.0' in text
    assert "Mr X" not in text
    assert client.sid not in text
