"""Work that hangs ends its worker, which is a death to the others; work that is slow does not."""

import asyncio
import threading

import pytest

from chain import ChainEngine
from ttm_protocol.messages import Picture, encode_chunk
from ttm_server.worker.decoding import ChunkDecoders
from ttm_server.worker.model_thread import ModelThread
from ttm_server.worker.running import EXIT_HUNG
from ttm_server.worker.threads import WatchedThreads
from ttm_server.worker.watchdog import Watchdog
from worker.fleet import Fleet
from worker.lab_worker import FREEZE_STEP, HANG_COLOUR, HANG_QUESTION, HANG_STEP
from worker.streams import (
    chunk,
    expected,
    jpeg,
    opened_session,
    picture,
    send,
    until_applied,
    until_status,
)

LIMIT_S = 2.0  # the event loop's own timer counts seconds, also on a machine with no time for it
BACKLOG = 12
LONG = 20
POISON_AT = 2
BY_FAULTHANDLER = 1


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "input_capacity_chunks": 32,
            "quarantine_after": 2,
            "quarantine_s": 600.0,
            "step_timeout_s": LIMIT_S,
        }
    )


@pytest.fixture
def clean_server(clean_valkey):
    """One kind of server: what is tested is the worker."""
    return clean_valkey


@pytest.fixture
def fleet(clean_server, settings, tmp_path, request):
    lab = getattr(request, "param", {})
    with Fleet(clean_server.url, settings, tmp_path / "workers.log", **lab) as fleet:
        yield fleet
        print((tmp_path / "workers.log").read_text()[-6000:])


# --- the watchdog, looked through by hand ---------------------------------------------------------


@pytest.fixture
def hangs():
    return []


def looked(watchdog, times):
    for _ in range(times):
        watchdog.look()


def test_a_piece_is_told_once_when_the_limit_is_over_and_not_before(hangs):
    watchdog = Watchdog(60.0, hangs.append)
    with watchdog.watching("a test"):
        looked(watchdog, watchdog.patience_looks - 1)
        assert hangs == []
        looked(watchdog, 500)
    assert [hang.name for hang in hangs] == ["a test"]
    assert "in looked" in hangs[0].stack


@pytest.mark.parametrize("limit_s", [0.3, 1.0, 3.7, 60.0])
def test_looks_enough_to_last_for_the_limit(limit_s, hangs):
    between_s = min(1.0, limit_s / 4)
    looks = Watchdog(limit_s, hangs.append).patience_looks
    assert limit_s <= (looks - 1) * between_s < limit_s + between_s


def test_many_pieces_one_after_another_are_no_hang(hangs):
    watchdog = Watchdog(60.0, hangs.append)
    for _ in range(10):
        with watchdog.watching("a test"):
            looked(watchdog, watchdog.patience_looks - 1)
    assert hangs == []


def test_a_piece_that_failed_is_over(hangs):
    watchdog = Watchdog(60.0, hangs.append)
    with pytest.raises(ValueError, match="broken"), watchdog.watching("a test"):
        raise ValueError("broken")
    looked(watchdog, 500)
    assert hangs == []


def test_without_a_limit_nothing_hangs(hangs):
    threads = threading.active_count()
    with Watchdog(0.0, hangs.append) as watchdog, watchdog.watching("a test"):
        looked(watchdog, 500)
        assert threading.active_count() == threads
    assert hangs == []


async def test_waiting_for_a_turn_is_no_hang(hangs):
    watchdog = Watchdog(60.0, hangs.append)
    threads = WatchedThreads("a thread", 1, watchdog.watching)
    looks = watchdog.patience_looks - 1
    try:
        await asyncio.gather(*(threads.run(lambda: looked(watchdog, looks)) for _ in range(9)))
    finally:
        threads.shutdown()
    assert hangs == []


class HangingEngine(ChainEngine):
    """Hangs wherever it is called, until it is let go."""

    def __init__(self, hang):
        super().__init__()
        self.initial = hang
        self.fit = lambda pixels: hang() and pixels


@pytest.mark.parametrize("way", ["model", "decoder"])
async def test_its_own_thread_finds_what_hangs_in_either_pool(way):
    told, found = threading.Event(), []

    def hung(hang):
        found.append(hang)
        told.set()

    def stuck_for_ever():
        return told.wait(20)

    with Watchdog(0.1, hung) as watchdog:
        engine = HangingEngine(stuck_for_ever)
        model = ModelThread(engine, watchdog.watching)
        decoders = ChunkDecoders(engine.fit, watchdog.watching)
        payload = encode_chunk(chunk(1, video=[picture(1)]))
        try:
            assert await (model.initial() if way == "model" else decoders.decode(payload))
        finally:
            model.shutdown()
            decoders.shutdown()
    (hang,) = found
    assert hang.name == {"model": "the model's thread", "decoder": "a decode thread"}[way]
    assert "in stuck_for_ever" in hang.stack


# --- whole processes ------------------------------------------------------------------------------


HUNG = {
    "step": (EXIT_HUNG, "the model's thread hangs", "in hang"),
    "decode": (EXIT_HUNG, "a decode thread hangs", "in hang"),
    "question": (EXIT_HUNG, "the model's thread hangs", "in hang"),
    "freeze": (BY_FAULTHANDLER, "Timeout (", "in freeze"),
}


def poisoned(kind):
    if kind == "decode":
        picture = Picture((POISON_AT - 1) * 0.5, jpeg(HANG_COLOUR))
        return chunk(POISON_AT, video=[picture])
    return chunk(POISON_AT, audio={"step": HANG_STEP, "freeze": FREEZE_STEP}[kind])


@pytest.mark.parametrize("kind", HUNG)
async def test_who_hangs_the_worker_is_set_aside_and_harms_no_other(
    store, settings, fleet, tmp_path, kind
):
    healthy = [await opened_session(store) for _ in range(5)]
    poison, opened = await opened_session(store, POISON_AT - 1)
    fleet.start()
    await until_applied(store, poison, POISON_AT - 1, 60)
    if kind == "question":
        await store.ask(poison, "question", {"question": HANG_QUESTION}, 60.0)
    else:
        await send(store, poison, opened, [poisoned(kind), chunk(POISON_AT + 1)])
    for sid, stream in healthy:
        await send(store, sid, stream, [chunk(seq) for seq in range(1, BACKLOG + 1)])
    async with fleet.kept_running():
        await until_status(store, poison, "quarantined")
        for sid, _ in healthy:
            await until_applied(store, sid, BACKLOG)
    assert len(fleet.statuses) == settings.quarantine_after
    status, what, where = HUNG[kind]
    assert set(fleet.statuses) == {status}
    log = (tmp_path / "workers.log").read_text()
    assert log.count(what) == len(fleet.statuses)
    assert log.count(where) >= len(fleet.statuses)
    for sid, _ in healthy:
        assert (await store.session(sid)).status != "quarantined"
        assert (await store.read_state(sid)).memory == expected(BACKLOG)
    assert (await store.session(poison)).applied_seq == POISON_AT - 1
    assert (await store.read_state(poison)).memory == expected(POISON_AT - 1)


@pytest.mark.parametrize("fleet", [{"step_s": 0.04, "events": 0}], indirect=True)
async def test_a_worker_that_is_busy_and_then_idle_beyond_the_limit_goes_on(store, fleet):
    sids = [(await opened_session(store, LONG))[0] for _ in range(5)]
    process = fleet.start()
    for sid in sids:
        await until_applied(store, sid, LONG, 60)
    await asyncio.sleep(1.5 * LIMIT_S)
    assert process.poll() is None
    for sid in sids:
        assert (await store.read_state(sid)).memory == expected(LONG)
