"""What reached each sense: a stretch that the record leaves out had nothing, for any stream."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ttm_model.chunk import ChunkMedia
from ttm_model.engines.received import JOINED_S, PLACES, Received
from ttm_model.serial import from_bytes, to_bytes
from ttm_protocol.errors import StateIncompatible

PICTURE = np.zeros((2, 2, 3), np.uint8)
SOUND = np.zeros(160, np.float32)

# (pause before the chunk, its duration, pictures, sound): up to 120 chunks, more holes than places
moments = st.tuples(
    st.one_of(st.just(0.0), st.floats(0.0, 5.0), st.floats(0.0, 1e6)),
    st.floats(0.1, 2.0),
    st.integers(0, 2),
    st.booleans(),
)


@st.composite
def streams(draw):
    chunks, clock_s = [], 0.0
    for pause_s, duration_s, pictures, sound in draw(st.lists(moments, max_size=120)):
        start_s = clock_s + pause_s
        times_s = tuple(start_s for _ in range(pictures))
        audio = SOUND if sound else None
        chunks.append(ChunkMedia(start_s, duration_s, (PICTURE,) * pictures, times_s, audio))
        clock_s = start_s + duration_s
    return chunks


def chunk(start_s, end_s, *, video=False, audio=False):
    pictures = (PICTURE,) if video else ()
    return ChunkMedia(
        start_s, end_s - start_s, pictures, (start_s,) * video, SOUND if audio else None
    )


def fold(chunks, record=None):
    record = Received.initial() if record is None else record
    for media in chunks:
        record = record.extended(media)
    return record


def stored(record):
    return to_bytes(record.tensors(), "received")


def loaded(data):
    return Received.from_tensors(from_bytes(data, "received", Received.spec({})))


def truth(chunks):
    """What each sense got, chunk by chunk."""
    return {
        "video": [(c.start_s, c.end_s) for c in chunks if c.pictures],
        "audio": [(c.start_s, c.end_s) for c in chunks if c.audio is not None],
    }


@given(streams())
def test_what_the_record_leaves_out_had_nothing(chunks):
    for sense, stretches in fold(chunks).by_sense().items():
        for start_s, end_s in truth(chunks)[sense]:
            assert any(a <= start_s and end_s <= b for a, b in stretches)


@given(streams())
def test_it_is_bounded_and_in_order_and_ends_only_where_something_ended(chunks):
    for sense, stretches in fold(chunks).by_sense().items():
        came = truth(chunks)[sense]
        assert len(stretches) <= PLACES
        assert all(
            after[0] - before[1] > JOINED_S for before, after in itertools.pairwise(stretches)
        )
        assert {a for a, _ in stretches} <= {a for a, _ in came}
        assert {b for _, b in stretches} <= {b for _, b in came}


@given(streams(), st.data())
def test_a_fold_split_anywhere_gives_the_same_bytes(chunks, data):
    at = data.draw(st.integers(0, len(chunks)))
    whole = stored(fold(chunks))
    assert stored(fold(chunks[at:], loaded(stored(fold(chunks[:at]))))) == whole
    assert len(whole) == len(stored(Received.initial()))


@given(streams())
def test_a_longer_hole_is_given_up_only_for_want_of_places(chunks):
    """Of the holes longer than a second, the record keeps as many as it has room for."""
    for sense, stretches in fold(chunks).by_sense().items():
        came = truth(chunks)[sense]
        holes = sum(b[0] - a[1] > JOINED_S for a, b in itertools.pairwise(came))
        assert len(stretches) == min(PLACES, holes + bool(came))


def test_senses_are_told_apart_and_short_holes_are_none():
    record = fold(
        [
            chunk(0.0, 0.5, video=True, audio=True),
            chunk(0.5, 1.0, audio=True),
            chunk(1.5, 2.0, video=True),
            chunk(3.5, 4.0, audio=True),
            chunk(4.0, 9.0),
        ]
    )
    assert record.by_sense() == {
        "video": ((0.0, 2.0),),
        "audio": ((0.0, 1.0), (3.5, 4.0)),
    }


def test_the_shortest_hole_goes_when_the_places_are_full():
    chunks, clock_s = [], 0.0
    for i in range(PLACES + 1):
        chunks.append(chunk(clock_s, clock_s + 0.5, audio=True))
        clock_s += 0.5 + (3.0 if i == 7 else 10.0)
    stretches = fold(chunks).by_sense()["audio"]
    assert len(stretches) == PLACES
    assert stretches[7] == (chunks[7].start_s, chunks[8].end_s)
    assert all(b - a == 0.5 for i, (a, b) in enumerate(stretches) if i != 7)


def test_a_chunk_that_reaches_back_is_covered_too():
    record = fold([chunk(0.0, 2.0, video=True), chunk(10.0, 12.0, video=True)])
    assert record.extended(chunk(1.0, 10.5, video=True)).by_sense()["video"] == ((0.0, 12.0),)


def test_an_empty_sound_is_no_sound():
    nothing = ChunkMedia(0.0, 0.5, audio=np.zeros(0, np.float32))
    assert fold([nothing]).by_sense() == {"video": (), "audio": ()}


def test_the_record_before_stays_as_it_was():
    before = fold([chunk(0.0, 0.5, video=True)])
    kept = stored(before)
    before.extended(chunk(0.5, 1.0, video=True))
    assert stored(before) == kept


@pytest.mark.parametrize("count", [-1, PLACES + 1])
def test_a_stored_count_that_cannot_be_is_refused(count):
    record = replace(Received.initial(), counts=torch.tensor([0, count], dtype=torch.int32))
    with pytest.raises(StateIncompatible, match=f"audio counts {count}, must be 0 to {PLACES}"):
        loaded(stored(record))


@pytest.mark.parametrize("spans", [(5.0, 4.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_stored_stretches_that_cannot_be_are_refused(spans):
    record = fold([chunk(0.0, 1.0, video=True)])
    record.spans[0, 0] = torch.tensor(spans, dtype=torch.float64)
    with pytest.raises(StateIncompatible, match="video's stretches are not in order"):
        loaded(stored(record))
