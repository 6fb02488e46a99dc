"""The client's ring of waiting and unacknowledged chunks."""

import pytest

from ttm_client.ring import FULL_S, KEEP_S, MOST_S, ChunkRing
from ttm_client.source import MediaChunk
from ttm_protocol.errors import Superseded
from ttm_protocol.messages import Gap, Picture


def media(number, **changes):
    return MediaChunk((number - 1) * 0.5, 0.5, **changes)


def filled(count, credits=1000, **options):
    ring = ChunkRing(**options)
    ring.start_at(1)
    ring.credits = credits
    for number in range(1, count + 1):
        ring.add(media(number))
    return ring


def taken(ring):
    chunks = []
    while (chunk := ring.take()) is not None:
        chunks.append(chunk)
    return chunks


def seqs(ring):
    return [chunk.seq for chunk in taken(ring)]


def test_credits_bound_what_is_unacknowledged():
    ring = filled(10, credits=3)
    assert seqs(ring) == [1, 2, 3]
    ring.acknowledge(2, 0)
    assert seqs(ring) == [4, 5]
    ring.credits = 0
    ring.acknowledge(5, 0)
    assert seqs(ring) == []
    assert ring.waiting == 5


def test_after_a_reconnect_everything_from_next_seq_is_sent_again():
    ring = filled(10)
    before = taken(ring)
    ring.start_at(4)
    assert taken(ring) == before[3:]
    ring.start_at(11)
    assert taken(ring) == []


def test_ten_seconds_past_durable_are_kept_for_a_server_that_falls_back():
    ring = filled(100)
    taken(ring)
    ring.acknowledge(100, 90)
    ring.start_at(100 - int(KEEP_S / 0.5) + 1)
    again = taken(ring)
    assert len(again) == KEEP_S / 0.5
    assert all(chunk.gap is None for chunk in again)
    assert ring.applied <= ring.durable
    assert ring.lost_s == 0


def test_further_back_the_kept_chunks_are_renumbered_and_the_loss_is_a_gap():
    ring = filled(100)
    taken(ring)
    ring.acknowledge(100, 90)
    ring.start_at(51)
    again = taken(ring)
    assert [chunk.seq for chunk in again] == list(range(51, 71))
    assert [chunk.t for chunk in again] == [(n - 1) * 0.5 for n in range(81, 101)]
    assert again[0].gap == Gap(25.0, 40.0, "lost")
    assert all(chunk.gap is None for chunk in again[1:])
    assert ring.lost_s == 15.0
    ring.add(media(101))
    assert seqs(ring) == [71]
    ring.acknowledge(71, 71)
    ring.start_at(52)  # and once more, numbers and times still fit
    assert (first := taken(ring)[0]).seq == 52
    assert first.t == 40.5


def test_a_loss_with_nothing_left_is_told_with_the_next_chunk():
    ring = filled(3)
    taken(ring)
    ring.acknowledge(3, 3)
    ring._sent.clear()
    ring.start_at(2)
    assert taken(ring) == []
    ring.add(media(9))
    (chunk,) = taken(ring)
    assert (chunk.seq, chunk.gap) == (2, Gap(0.5, 4.0, "lost"))


def test_a_loss_of_what_others_sent_is_told_from_the_beginning():
    ring = ChunkRing()
    ring.start_at(41)
    ring.credits = 10
    ring.add(media(41))
    taken(ring)
    ring.start_at(39)
    (chunk,) = taken(ring)
    assert (chunk.seq, chunk.gap) == (39, Gap(0.0, 20.0, "lost"))


def test_a_session_that_goes_on_is_numbered_from_where_the_server_says():
    ring = ChunkRing()
    ring.add(media(1))  # the source was quicker than the connection
    ring.start_at(41)
    ring.credits = 1
    assert seqs(ring) == [41]
    assert ring.next_seq == 42


def test_a_server_ahead_of_what_was_sent_has_another_client():
    ring = filled(3)
    taken(ring)
    with pytest.raises(Superseded, match="another client"):
        ring.start_at(9)


PICTURE = (Picture(0.0, b"\xff\xd8\xff"),)


def test_a_live_source_drops_pictures_first_then_whole_chunks_and_says_so():
    ring = ChunkRing(live=True)
    ring.start_at(1)
    count = int(MOST_S / 0.5) + 10
    for number in range(1, count + 1):
        ring.add(media(number, pictures=PICTURE, audio=b"\0\0"))
    assert ring.waiting == MOST_S / 0.5
    assert (ring.dropped, ring.thinned) == (10, count - FULL_S / 0.5)
    ring.credits = 1000
    chunks = taken(ring)
    assert [chunk.seq for chunk in chunks] == list(range(1, len(chunks) + 1))
    thin = chunks[: -int(FULL_S / 0.5)]
    assert all(chunk.audio and not chunk.video for chunk in thin)
    assert all(chunk.gap.reason == "backpressure" for chunk in thin)
    assert (chunks[0].gap.t0, chunks[0].gap.t1) == (0.0, 5.5)  # ten dropped, one thinned
    whole = chunks[len(thin) :]
    assert all(chunk.audio and chunk.video and chunk.gap is None for chunk in whole)


def test_ten_seconds_without_a_connection_cost_a_live_source_nothing():
    ring = ChunkRing(live=True)
    ring.start_at(1)
    for number in range(1, int(FULL_S / 0.5) + 1):
        ring.add(media(number, pictures=PICTURE))
    ring.credits = 1000
    assert all(chunk.video and chunk.gap is None for chunk in taken(ring))


def test_every_gap_is_told_however_late_it_is():
    """What chunks say of gaps covers what was dropped, whatever happens to those that say it."""
    ring = ChunkRing(live=True)
    ring.start_at(1)
    ring.add(media(1, gap=Gap(0.0, 0.1, "source")))
    for number in range(2, 200):
        ring.add(media(number, pictures=PICTURE))
    ring.credits = 1000
    first = taken(ring)[0]
    assert (first.gap.t0, first.gap.reason) == (0.0, "several")
    assert first.gap.t1 == first.t + first.d


def test_a_source_that_can_wait_loses_nothing():
    ring = filled(500)
    assert ring.waiting == 500
    assert (ring.dropped, ring.thinned) == (0, 0)
