"""Sessions as objects, asynchronous and not, against a real gateway."""

import asyncio
import base64
import contextlib
import itertools
import threading
import time

import numpy as np
import pytest

from client.test_files import write
from client.test_streaming import Keeper, _jpeg, media, source
from gateway.harness import FakeWorker, serving
from ttm_client import (
    ArraySource,
    Client,
    Evidence,
    FileSource,
    Gap,
    MediaChunk,
    MissingMedia,
    When,
    sync,
)
from ttm_protocol.errors import (
    BadRequest,
    CannotTeach,
    MediaError,
    Overloaded,
    ProtocolError,
    RequestTooBig,
    SessionNotFound,
)
from ttm_protocol.messages import Picture
from ttm_server.gateway.examples import EXAMPLES
from ttm_server.store import Reply, WorkerBeat

WHEN = {
    "ago_s": 1.0,
    "start_s": 1.0,
    "end_s": 1.5,
    "uncertainty_s": 0.5,
    "wall_clock": "2026-01-01T00:00:01Z",
}


@pytest.fixture
async def gateway(clean_valkey, settings):
    async with serving(clean_valkey.url, settings) as served:
        yield served


def entry_of_a_bell():
    return {
        "modality": "audio",
        "label": "bell",
        "start_s": 1.0,
        "end_s": 1.5,
        "score": 0.5,
        "count": 2,
        "slot": 3,
        "name": "bell",
    }


def answering(worker):
    """A worker's reply with every field that there is."""
    entry = entry_of_a_bell()
    body = {
        "state": "answered",
        "answer": "A bell rang twice.",
        "confidence": 0.75,
        "when": WHEN,
        "evidence": [entry | {"of_a_newer_server": 1}],
        "alternatives": [{"text": "phone", "p": 0.1}],
        "as_of_s": 2.5,
        "coverage_since_s": 0.0,
        "gaps": [{"t0": 0.0, "t1": 0.5, "reason": "test"}],
        "understood": {"kind": "rang"},
        "something_new": 1,
    }
    item = {"modality": "audio", "name": "bell", "count": 2, "first_s": 1.0, "last_s": 1.5}
    summary = {
        "text": "A bell rang twice.",
        "stretches": [{"start_s": 0.0, "end_s": 2.0, "items": [item]}],
        "background": ["speech"],
        "stood_out": [entry],
    }

    def reply(ask_id, asked):
        if asked == {}:
            return Reply(ask_id=ask_id, body={"events": [entry], "coverage_since_s": 0.5})
        if "question" not in asked:
            return Reply(ask_id=ask_id, body=summary | asked)
        return Reply(ask_id=ask_id, body=body | {"question": asked["question"], "as_of_seq": 5})

    worker.reply = reply


async def test_stream_ask_and_look(gateway):
    async with Client(gateway.base) as client, client.session() as session:
        async with FakeWorker(gateway.store, session.id) as worker:
            answering(worker)
            progress, events = [], []
            done = await session.stream(
                source(5), on_progress=progress.append, on_event=events.append
            )
            assert (done.durable, done.applied) == (5, 5)
            assert progress[-1].applied == 5
            assert {event.label for event in events} == {"bell"}
            answer = await session.ask("What rang?", since_s=0.5, until_s=2)
            assert str(answer) == "A bell rang twice."
            assert answer.when == When(**WHEN)
            assert answer.evidence == (Evidence(**entry_of_a_bell()),)
            assert answer.gaps == (MissingMedia(t0=0.0, t1=0.5, reason="test"),)
            assert (worker.asked[-1]["since_s"], worker.asked[-1]["until_s"]) == (0.5, 2.0)
            talk = session.conversation()
            await talk.ask("What rang?")
            await talk.ask("And before that?")
            assert [asked["before"] for asked in worker.asked[-2:]] == [None, {"kind": "rang"}]
            assert "before" not in worker.asked[0]
            timeline = await session.timeline()
            assert [event.label for event in timeline.events] == ["bell"]
            assert timeline.coverage_since_s == 0.5
            summary = await session.summary(since_s=0.5, until_s=2)
            assert worker.asked[-1] == {"since_s": 0.5, "until_s": 2.0}
            assert (summary.since_s, summary.until_s) == (0.5, 2.0)
            assert summary.stretches[0].items[0].name == "bell"
            assert summary.stood_out == answer.evidence
            with pytest.raises(BadRequest, match="until_s"):
                await session.summary(since_s=2, until_s=1)
        info = await session.info()
        assert (info.status, info.applied_seq, info.media_s) == ("ended", 5, 2.5)
        assert info.model.preset == "lite"
        assert (await client.session(session.id))["session_id"] == session.id


async def test_words_and_names(gateway):
    async with Client(gateway.base) as client, client.session() as session:
        async with FakeWorker(gateway.store, session.id) as worker:
            saying = {"words": "Words", "things": "Things", "teach": "Taught", "forget": None}
            worker.reply = lambda ask_id, _: Reply(
                ask_id=ask_id, body=EXAMPLES.get(saying[worker.kinds[-1]], {})
            )
            told = await session.words(since_s=30)
            assert worker.asked[-1] == {"since_s": 30.0, "until_s": None}
            assert [one.text for one in told.words] == ["where is the cup", "EXIT"]
            assert told.words[0].words[-1].start_s == 35.9
            assert told.words_until_s == 126.0
            assert (await session.words_vtt(until_s=60)).startswith("WEBVTT\n")
            taught = await session.teach("my cup", since_s=125)
            assert (taught.name, taught.examples, taught.modality) == ("my cup", 2, "video")
            assert worker.asked[-1] == {"name": "my cup", "since_s": 125.0, "until_s": None}
            assert [thing.name for thing in (await session.things()).things] == ["my cup"]
            await session.forget("salt / pepper?")
            assert worker.asked[-1] == {"name": "salt / pepper?"}
            worker.reply = lambda ask_id, _: Reply(
                ask_id=ask_id,
                error_code="cannot_teach",
                error_message="name: 16 things are taught already",
                error_field="name",
            )
            with pytest.raises(CannotTeach, match="16 things") as caught:
                await session.teach("my cup")
            assert caught.value.field == "name"
        with pytest.raises(Overloaded, match="no worker has said yet"):
            await client.vocabulary()


async def test_a_question_about_a_picture(gateway, tmp_path):
    file = tmp_path / "cup.jpg"
    file.write_bytes(_jpeg())
    async with Client(gateway.base) as client, client.session() as session:
        async with FakeWorker(gateway.store, session.id) as worker:
            answering(worker)
            for picture in (file, str(file), file.read_bytes()):
                await session.ask("When did you see this?", picture=picture)
            await session.conversation().ask("And this?", picture=file)
            sent = {asked["picture"] for asked in worker.asked}
            assert [base64.b64decode(one) for one in sent] == [file.read_bytes()]
        for wrong, error, told in (
            (b"GIF89a", BadRequest, "JPEG, PNG or WebP"),
            (tmp_path, BadRequest, "directory"),
            (tmp_path / "nowhere", BadRequest, "No such file"),
            (b"\xff\xd8\xff" + bytes(2**19), RequestTooBig, "524288 bytes"),
        ):
            with pytest.raises(error, match=told):
                await session.ask("What is this?", picture=wrong)


async def test_an_answer_that_is_none_names_the_field(gateway):
    async with Client(gateway.base) as client, client.session() as session:

        async def of_another_version(*_):
            return {"question": "?", "state": "dreamt", "answer": "", "confidence": 0.5}

        client.ask = of_another_version
        with pytest.raises(ProtocolError, match="state"):
            await session.ask("?")


async def test_a_second_stream_goes_on_after_the_first(gateway):
    picture = Picture(0.25, _jpeg())
    later = [MediaChunk(0.0, 0.5, (picture,), bytes(16_000), Gap(0.0, 0.1, "test"))]
    async with (
        Client(gateway.base) as client,
        client.session() as session,
        Keeper(gateway.store, session.id) as worker,
    ):
        await session.stream(source(4))
        await client.session(session.id).stream(later)
    assert [chunk.t for chunk in worker.applied] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert worker.applied[4].gap == Gap(2.0, 2.1, "test")
    assert worker.applied[4].video[0].t == 2.25


async def test_a_stream_that_was_cut_short_is_resumed_by_another_client(gateway):
    async with (
        Client(gateway.base) as client,
        client.session() as session,
        Keeper(gateway.store, session.id) as worker,
    ):
        with pytest.raises(MediaError):
            await session.stream(_breaking_off(source(9), 4))
        await session.stream(source(9), resume=True)
    assert [chunk.audio for chunk in worker.applied] == [media(n).audio for n in range(1, 10)]


async def test_the_same_file_can_be_streamed_twice(gateway, tmp_path):
    film = FileSource(write(tmp_path / "a.mp4", seconds=1.5))
    async with (
        Client(gateway.base) as client,
        client.session() as session,
        Keeper(gateway.store, session.id) as worker,
    ):
        for _ in range(2):
            await session.stream(film)
    assert [chunk.t for chunk in worker.applied] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


def _breaking_off(chunks, after):
    yield from itertools.islice(chunks, after)
    raise MediaError("the cable came off")


async def test_a_live_source_ends_when_it_is_told_to(gateway):
    go_on = threading.Event()

    def endless():
        for number in itertools.count():
            yield number * 0.25, np.full((24, 32, 3), number % 256, np.uint8)
            go_on.wait(0.01)

    camera = ArraySource(endless(), live=True)
    async with Client(gateway.base) as client, client.session() as session:
        async with FakeWorker(gateway.store, session.id):

            def enough(progress):
                if progress.durable >= 3:
                    camera.stop()

            done = await asyncio.wait_for(session.stream(camera, on_progress=enough), 20)
        assert done.applied >= 3
        assert (await session.info()).status == "ended"


async def test_temporary_sessions_are_deleted_and_others_kept(gateway):
    async with Client(gateway.base) as client:
        async with client.session(temporary=True) as gone:
            pass
        async with client.session() as kept:
            assert [one["session_id"] for one in await client.sessions()] == [kept.id]
        with pytest.raises(SessionNotFound):
            await client.session(gone.id).info()
        with pytest.raises(BadRequest, match="async with"):
            await client.session().ask("too early")
        with pytest.raises(MediaError, match="no-such-file"):
            await kept.stream("no-such-file.mp4")


async def test_the_same_without_asyncio(gateway):
    """From a thread of its own, as the gateway lives in this one's loop."""
    loop, begun = asyncio.get_running_loop(), asyncio.Future()
    await gateway.store.beat(WorkerBeat(worker_id="one", state="ready", since=time.time()))

    def program():
        with sync.Client(gateway.base) as client:
            assert client.ready()
            gone = asyncio.run_coroutine_threadsafe(gateway.store.leave("one"), loop)
            gone.result()  # the one below says nothing of itself, and takes no end in
            with client.session(temporary=True) as session:
                loop.call_soon_threadsafe(begun.set_result, session.id)
                seen = []
                done = session.stream(source(5), on_progress=seen.append)
                assert (done.applied, seen[-1].applied) == (5, 5)
                assert session.info().applied_seq == 5
                assert session.ask("What rang?").state == "answered"
                assert session.conversation().ask("And then?").evidence[0].label == "bell"
                assert session.timeline().events[0].slot == 3
                assert session.summary(since_s=0, until_s=1).text == "A bell rang twice."
                assert client.summary(session.id, 0.0, 1.0)["background"] == ["speech"]
                memory = session.export_memory()
                assert client.export_memory(session.id) == memory
                copy = session.fork()
                assert copy.info().media_s == 2.5
                assert client.info(copy.id)["applied_seq"] == 5
                assert client.ask(session.id, "What rang?")["confidence"] == 0.75
                assert client.timeline(session.id)["coverage_since_s"] == 0.5
                copy.delete()

                def from_callback(_progress):
                    with pytest.raises(RuntimeError, match="own thread"):
                        client.ready()

                session.stream([MediaChunk(0.0, 0.5)], on_progress=from_callback)
            assert client.sessions() == []
            with pytest.raises(SessionNotFound):
                client.info(session.id)
        with pytest.raises(RuntimeError, match="closed"):
            client.ready()

    running = asyncio.create_task(asyncio.to_thread(program))
    await asyncio.wait([running, begun], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    with contextlib.suppress(SessionNotFound):  # the program deletes it under the worker
        async with FakeWorker(gateway.store, await begun) as worker:
            answering(worker)
            await asyncio.wait_for(asyncio.shield(running), 40)
    assert running.done()
    running.result()
