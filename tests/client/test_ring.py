"""The client's ring of unacknowledged chunks."""

import pytest

from ttm_client.ring import KEEP_S, ChunkRing
from ttm_client.source import MediaChunk
from ttm_server.errors import ProtocolError


def filled(count, credits=1000):
    ring = ChunkRing()
    ring.start_at(1)
    ring.credits = credits
    for seq in range(1, count + 1):
        ring.add(MediaChunk((seq - 1) * 0.5, 0.5).numbered(seq))
    return ring


def taken(ring):
    seqs = []
    while (chunk := ring.take()) is not None:
        seqs.append(chunk.seq)
    return seqs


def test_credits_bound_what_is_unacknowledged():
    ring = filled(10, credits=3)
    assert taken(ring) == [1, 2, 3]
    ring.acknowledge(2, 0)
    assert taken(ring) == [4, 5]
    ring.credits = 0
    ring.acknowledge(5, 0)
    assert taken(ring) == []


def test_after_a_reconnect_everything_from_next_seq_is_sent_again():
    ring = filled(10)
    assert taken(ring) == list(range(1, 11))
    ring.start_at(4)
    assert taken(ring) == list(range(4, 11))


def test_ten_seconds_past_durable_are_kept_for_a_server_that_falls_back():
    ring = filled(100)
    taken(ring)
    ring.acknowledge(100, 90)
    ring.start_at(100 - int(KEEP_S / 0.5) + 1)
    assert len(taken(ring)) == KEEP_S / 0.5
    with pytest.raises(ProtocolError, match="no longer kept"):
        ring.start_at(50)


def test_a_session_that_goes_on_is_numbered_from_where_the_server_says():
    ring = ChunkRing()
    ring.start_at(41)
    assert ring.next_seq == 41


def test_a_server_ahead_of_the_client_is_an_error():
    ring = filled(3)
    with pytest.raises(ProtocolError, match="3 is the newest"):
        ring.start_at(9)
