"""Tickets: single use, short life, kept as a hash only."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from redis import Redis

from both_sides import Store
from ttm_protocol.errors import AuthError


async def test_a_ticket_opens_its_session_once(store: Store) -> None:
    sid = (await store.create_session()).session_id
    ticket, expires_s = await store.issue_ticket(sid)
    assert expires_s == 60.0
    assert await store.redeem_ticket(ticket) == sid
    with pytest.raises(AuthError):
        await store.redeem_ticket(ticket)


async def test_only_one_of_many_racers_gets_in(store: Store) -> None:
    sid = (await store.create_session()).session_id
    ticket, _ = await store.issue_ticket(sid)
    results = await asyncio.gather(
        *(store.redeem_ticket(ticket) for _ in range(20)), return_exceptions=True
    )
    assert results.count(sid) == 1
    assert sum(isinstance(result, AuthError) for result in results) == 19


@pytest.mark.parametrize("ticket", ["", "nonsense", "x" * 4000, "ünknown", "\x00"])
async def test_unknown_tickets_are_refused(store: Store, ticket: str) -> None:
    with pytest.raises(AuthError):
        await store.redeem_ticket(ticket)


async def test_the_server_never_sees_a_ticket(store: Store, raw: Redis) -> None:
    sid = (await store.create_session()).session_id
    ticket, _ = await store.issue_ticket(sid)
    key = "ttm:ticket:" + hashlib.sha256(ticket.encode()).hexdigest()
    assert raw.get(key) == sid
    assert 0 < raw.pttl(key) <= 60_000
    assert list(raw.scan_iter(f"*{ticket}*")) == []


async def test_an_expired_ticket_is_refused(store: Store, raw: Redis) -> None:
    sid = (await store.create_session()).session_id
    ticket, _ = await store.issue_ticket(sid)
    (key,) = raw.scan_iter("ttm:ticket:*")
    raw.pexpire(key, 1)
    while raw.exists(key):
        await asyncio.sleep(0.001)
    with pytest.raises(AuthError):
        await store.redeem_ticket(ticket)
