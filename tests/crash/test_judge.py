"""The judge finds what it is there for: made-up sessions, each with one thing wrong."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from chain import (
    EMPTY,
    MEMORY_INFO,
    MODEL_INFO,
    Chain,
    ChainEngine,
    Fold,
    dumped,
    is_flushed,
    loaded,
)
from crash.faults import Done
from crash.journal import Entry
from crash.judge import Found, judge, judge_session
from crash.ledger import Ledger
from crash.recovery import percentile, recoveries
from crash.source import ChunkSource
from ttm_model.chunk import ChunkMedia
from ttm_protocol.messages import Gap
from ttm_server.media import decode_chunk
from ttm_server.store import SessionInfo, SessionState

LAST = 60


def folded(source: ChunkSource, seqs: list[int], state: Chain = EMPTY) -> bytes:
    """The fold over these chunks and the end of their stream."""
    fold = Fold(state)
    for seq in seqs:
        fold.chunk(source.chunk(seq))
    return dumped(fold.end())


def finished() -> Ledger:
    ledger = Ledger(0, "s", ChunkSource(1, 0), rate=1.0)
    for seq in range(1, LAST + 1):
        ledger.take(seq)
    ledger.produced, ledger.finished = LAST, True
    ledger.ends.add(LAST)
    return ledger


def found(ledger: Ledger, memory: bytes | None = None, **changes: object) -> Found:
    source = ledger.source
    right = ledger.state_at(LAST, (LAST - ledger.replaced_at,))
    assert right is not None
    info = SessionInfo(
        session_id="s",
        status="ended",
        created_at=0.0,
        durable_seq=LAST,
        applied_seq=LAST,
        media_s=source.chunk(LAST).end_s,
        gaps=ledger.gaps_at(LAST),
        model=MODEL_INFO,
        memory=MEMORY_INFO,
    )
    state = SessionState(
        seq=LAST,
        memory=right if memory is None else memory,
        media_s=info.media_s,
        gaps=[],
        model=MODEL_INFO,
        shape=MEMORY_INFO,
    )
    return Found(ledger, msgspec.structs.replace(info, **changes), state)


def verdict(one: Found, done: list[Done] | None = None, durability: str = "everysec"):
    return judge(
        [one], done or [], Counter(), [], [], lease_s=1.0, durability=durability, took_s=1.0
    )


def test_a_session_as_promised_is_right() -> None:
    assert judge_session(found(finished())) == []
    assert verdict(found(finished()))["broken"] == []


@pytest.mark.parametrize(
    "seqs",
    [
        [*range(1, 30), *range(31, LAST + 1)],  # lost
        [*range(1, 31), *range(30, LAST + 1)],  # twice
        [*range(1, 30), 31, 30, *range(32, LAST + 1)],  # swapped
        [*range(1, 30), 30, 30, *range(32, LAST + 1)],  # as many as there should be
    ],
)
def test_a_wrong_fold_is_found(seqs: list[int]) -> None:
    ledger = finished()
    assert "not the fold" in judge_session(found(ledger, folded(ledger.source, seqs)))[0]


def test_a_chunk_of_another_session_is_found() -> None:
    ledger = finished()
    fold = Fold()
    for seq in range(1, LAST + 1):
        fold.chunk((ChunkSource(1, 1) if seq == 30 else ledger.source).chunk(seq))
    assert fold.end().count == LAST
    assert "not the fold" in judge_session(found(ledger, dumped(fold.state)))[0]


def test_a_replaced_memory_that_came_back_is_found() -> None:
    ledger = finished()
    before = ledger.state_at(LAST, (LAST,))
    memory = Chain(digest="17" * 32)
    ledger.replaced(20, dumped(memory))
    assert judge_session(found(ledger)) == []
    assert "not the fold" in judge_session(found(ledger, before))[0]
    after = folded(ledger.source, list(range(21, LAST + 1)), memory)
    assert judge_session(found(ledger, after)) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"applied_seq": LAST - 1}, "chunks were sent"),
        ({"durable_seq": LAST + 1}, "chunks were sent"),
        ({"gaps": []}, "gaps"),
        ({"gaps": [Gap(0.0, 1.0, "engine_error")]}, "gaps"),
        ({"media_s": 1.0}, "media_s"),
        ({"status": "quarantined"}, "quarantined"),
    ],
)
def test_a_wrong_account_is_found(changes: dict[str, object], word: str) -> None:
    assert any(word in words for words in judge_session(found(finished(), **changes)))


def test_an_end_that_was_left_out_or_that_nobody_said_is_found() -> None:
    ledger = finished()
    assert not is_flushed(loaded(ledger.state_at(LAST) or b""))
    assert "was not taken in" in judge_session(found(ledger, ledger.state_at(LAST)))[0]
    invented = ledger.state_at(LAST, (31, LAST))
    assert "not the fold" in judge_session(found(ledger, invented))[0]
    ledger.ends.add(31)
    assert judge_session(found(ledger, invented)) == []
    assert judge_session(found(ledger, ledger.state_at(LAST, (LAST,)))) == []
    kept = replace(found(ledger), kept_chunks=3)
    assert judge_session(kept) == ["3 chunks of it are still kept"]


def test_a_finding_of_other_media_is_found() -> None:
    ledger = finished()
    fold = Fold()
    for seq in range(1, LAST + 1):
        fold.chunk(ledger.source.chunk(seq))
        if seq == 30:  # one sample of what is still being looked at
            fold._sounds[-1][1][0] += 1
    assert "not the fold" in judge_session(found(ledger, dumped(fold.end())))[0]


def test_a_session_that_is_gone_and_a_client_that_was_refused_are_found() -> None:
    ledger = finished()
    assert judge_session(Found(ledger, None, None, "no such session")) == ["no such session"]
    ledger.note_refusal("store_unavailable")
    assert judge_session(found(ledger)) == []
    ledger.note_refusal("bad_message")
    assert "refused" in judge_session(found(ledger))[0]


def test_a_lost_chunk_is_allowed_only_within_what_the_level_promises() -> None:
    ledger = finished()
    ledger.note_ack(40, 0)
    ledger.note_ready(38)  # 38, 39 and 40 are asked for again
    acked_s = ledger.losses[0].acked_at_s
    for killed_s, promised in ((acked_s + 0.5, 0), (acked_s + 5.0, 3)):
        loss = replace(ledger.losses[0], found_at_s=killed_s + 1.0)
        ledger.losses[:] = [loss]
        said = verdict(found(ledger), [Done(killed_s, "kill_server", "server")])
        assert (said["durable_lost"], said["durable_lost_against_promise"]) == (3, promised)
        assert bool(said["broken"]) is bool(promised)
        strict = verdict(found(ledger), [Done(killed_s, "kill_server", "server")], "strict")
        assert strict["durable_lost_against_promise"] == 3
    # Killed again before its client was back: the first kill may have lost it.
    kills = [Done(acked_s + after_s, "kill_server", "server") for after_s in (0.5, 4.0)]
    ledger.losses[:] = [replace(ledger.losses[0], found_at_s=acked_s + 5.0)]
    assert verdict(found(ledger), kills)["durable_lost_against_promise"] == 0
    without_a_kill = verdict(found(ledger))
    assert without_a_kill["durable_lost_against_promise"] == 3


def test_recoveries_are_from_the_kill_to_another_workers_commit() -> None:
    entries = [
        Entry(0.0, "a", "acquired", "s"),
        Entry(0.1, "a", "acquired", "t"),
        Entry(0.2, "a", "released", "t"),
        Entry(0.5, "a", "committed", "s", 0, 1),
        Entry(1.8, "b", "acquired", "s", 0, 1),
        Entry(2.0, "b", "committed", "s", 1, 2),
    ]
    (alone,) = recoveries(entries, [Done(1.0, "kill_worker", "a")])
    assert (alone.sid, alone.took_s, alone.alone) == ("s", 1.0, True)
    (disturbed,) = recoveries(
        entries, [Done(1.0, "kill_worker", "a"), Done(1.5, "kill_server", "server")]
    )
    assert not disturbed.alone
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert percentile([1.0, 2.0, 3.0], 0.99) == 3.0
    assert percentile([], 0.5) is None


def test_the_engine_folds_what_the_client_sent() -> None:
    """From the wire form through the decoder: the same state as from the chunk itself."""
    source, engine, state = ChunkSource(5, 3), ChainEngine(), EMPTY
    fold = Fold(is_slow=False)
    for seq in range(1, 120):
        media: ChunkMedia = decode_chunk(source.chunk(seq), engine.fit).media
        state = engine.step([state], [media])[0].state
        fold.chunk(source.chunk(seq))
    assert engine.load(engine.dump(state)) == fold.state
    assert state.count == 119


def test_a_client_produces_at_its_rate_and_stops() -> None:
    ledger = Ledger(0, "s", ChunkSource(1, 0), rate=1e6, started_at_s=time.monotonic() - 1.0)
    assert ledger.available() >= 1_000_000
    ledger.take(3)
    ledger.stop_producing()
    assert ledger.available() == ledger.produced == 4


def test_the_age_of_what_is_lost_twice_counts_from_its_second_acknowledgement() -> None:
    ledger = finished()
    ledger.note_ack(40, 0)
    ledger.note_ready(38)
    first_s = ledger.losses[0].acked_at_s
    ledger.note_ack(40, 0)
    ledger.note_ready(39)
    assert ledger.losses[1].acked_at_s > first_s
