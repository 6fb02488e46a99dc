"""Words, taught things, the vocabulary and questions by picture over REST, with a fake worker."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import av
import pytest
from msgspec import convert

from gateway.harness import ANSWER, FakeWorker, Served, is_problem, png, serving
from ttm_protocol.answers import Passage, TimedWord, Vocabulary, Words, WordsCoverage
from ttm_protocol.errors import CannotTeach, ThingNotFound, outcome_of
from ttm_server.config import Settings
from ttm_server.gateway.examples import EXAMPLES
from ttm_server.gateway.webvtt import webvtt
from ttm_server.gateway.words import preferred
from ttm_server.store import EmbeddedServer, ModelAnnounced, Reply

WORDS = EXAMPLES["Words"]


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


@pytest.fixture
async def worker(gateway: Served) -> AsyncIterator[FakeWorker]:
    """Its session is the only one."""
    async with FakeWorker(gateway.store, (await gateway.session())["session_id"]) as running:
        yield running


def path(worker: FakeWorker, rest: str) -> str:
    return f"/v1/sessions/{worker.sid}/{rest}"


def saying(worker: FakeWorker, body: dict[str, Any]) -> None:
    worker.reply = lambda ask_id, _: Reply(ask_id=ask_id, body=body)


def refusing(worker: FakeWorker, error: CannotTeach | ThingNotFound) -> None:
    worker.reply = lambda ask_id, _: Reply(
        ask_id=ask_id,
        error_code=outcome_of(error).code,
        error_message=error.message,
        error_field=error.field,
    )


async def test_words_as_json(gateway: Served, worker: FakeWorker) -> None:
    saying(worker, WORDS)
    response = await gateway.http.get(path(worker, "words?since_s=30&until_s=60"))
    assert response.json() == WORDS
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "Accept"
    assert worker.kinds == ["words"]
    assert worker.asked == [{"since_s": 30.0, "until_s": 60.0}]


async def test_words_as_captions(gateway: Served, worker: FakeWorker) -> None:
    saying(worker, WORDS)
    by_header = await gateway.http.get(path(worker, "words"), headers={"Accept": "text/vtt"})
    by_name = await gateway.http.get(path(worker, "words?format=vtt"))
    as_json = await gateway.http.get(
        path(worker, "words?format=json"), headers={"Accept": "text/vtt"}
    )
    assert by_header.headers["content-type"] == "text/vtt; charset=utf-8"
    assert by_name.text == by_header.text == webvtt(convert(WORDS, Words))
    assert as_json.json() == WORDS


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/vtt", "vtt"),
        ("text/vtt, application/json;q=0.5", "vtt"),
        ("application/json, text/vtt", "json"),
        ("text/vtt;q=0.2, application/json;q=0.9", "json"),
        ("text/vtt;q=0", "json"),
        ("text/vtt;q=many", "json"),
        ("TEXT/VTT ; charset=utf-8, */*;q=0.1", "vtt"),
        (", ,;;,text/vtt;;", "vtt"),
    ],
)
def test_the_form_that_is_wanted(accept: str, form: str) -> None:
    assert preferred(accept) == form


def said(text: str, start_s: float, end_s: float, *words: tuple[str, float]) -> Passage:
    return Passage(
        kind="speech",
        text=text,
        start_s=start_s,
        end_s=end_s,
        p=0.9,
        count=1,
        language="en",
        words=tuple(TimedWord(text=word, start_s=at_s) for word, at_s in words),
    )


def test_captions_can_be_read_by_a_player() -> None:
    """FFmpeg's reader finds every cue where it was; nothing in the words breaks a cue."""
    passages = (
        said("a --> b\n\nWEBVTT & <i>c</i>", 0.25, 1.0),
        said("no length", 2.0, 2.0),
        said("last one", 3599.9996, 7322.5, ("last", 3599.9996), ("one", 7000.0)),
    )
    coverage = WordsCoverage(speech=0.1, text=0.0)
    text = webvtt(Words(words=passages, coverage_since_s=coverage, words_until_s=7323.0))
    with av.open(io.BytesIO(text.encode()), format="webvtt") as file:
        cues = [
            (packet.pts, packet.duration, bytes(packet).decode())
            for packet in file.demux()
            if packet.pts is not None
        ]
    assert cues == [
        (250, 750, "a --&gt; b WEBVTT &amp; &lt;i&gt;c&lt;/i&gt;"),
        (2000, 1, "no length"),
        (3600000, 3722500, "last <01:56:40.000>one"),
    ]
    assert "complete since 00:00:00.100 (said)" in text
    assert "known up to 02:02:03.000" in text


def test_times_within_a_cue_grow() -> None:
    """A word's time that lies before the last one's, or at the cue's edge, is left out."""
    one = said("a b c d", 1.0, 2.0, ("a", 1.0), ("b", 1.5), ("c", 1.2), ("d", 2.0))
    coverage = WordsCoverage(speech=0.0, text=0.0)
    text = webvtt(Words(words=(one,), coverage_since_s=coverage))
    assert text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na <00:00:01.500>b c d\n"


async def test_a_name_is_taught(gateway: Served, worker: FakeWorker) -> None:
    saying(worker, EXAMPLES["Taught"])
    response = await gateway.http.post(
        path(worker, "things"), json={"name": "  my\tcup ", "until_s": 12}
    )
    assert response.status_code == 201
    assert response.json() == EXAMPLES["Taught"]
    assert worker.kinds == ["teach"]
    assert worker.asked == [{"name": "my cup", "since_s": None, "until_s": 12.0}]


async def test_a_lesson_waits_for_what_is_durable(gateway: Served) -> None:
    """The worker is told to teach only after the chunk that was there before."""
    session = await gateway.session()
    async with gateway.stream(session) as client:
        await client.send(1)
        await client.expect("ack", durable=1, applied=0)
        async with FakeWorker(gateway.store, session["session_id"]) as worker:
            saying(worker, EXAMPLES["Taught"])
            await gateway.http.post(path(worker, "things"), json={"name": "my cup"})
            seen = (await gateway.http.get(f"/v1/sessions/{worker.sid}")).json()
    assert seen["applied_seq"] == 1


@pytest.mark.parametrize(
    ("field", "detail"),
    [
        ("since_s", "since_s: nothing was seen or heard between 3 and 6 s"),
        ("name", "name: 16 things are taught already, at most 16"),
    ],
)
async def test_what_cannot_be_taught(
    gateway: Served, worker: FakeWorker, field: str, detail: str
) -> None:
    refusing(worker, CannotTeach(detail, field=field))
    response = await gateway.http.post(path(worker, "things"), json={"name": "my cup"})
    is_problem(response, 409, "cannot_teach", field, detail)


async def test_things_are_listed_and_forgotten(gateway: Served, worker: FakeWorker) -> None:
    saying(worker, EXAMPLES["Things"])
    assert (await gateway.http.get(path(worker, "things"))).json() == EXAMPLES["Things"]
    saying(worker, {})
    gone = await gateway.http.delete(path(worker, "things/salt%20%2F%20pepper"))
    assert (gone.status_code, gone.content) == (204, b"")
    assert worker.kinds == ["things", "forget"]
    assert worker.asked == [{}, {"name": "salt / pepper"}]
    refusing(worker, ThingNotFound("name: 'my cup' was not taught", field="name"))
    response = await gateway.http.delete(path(worker, "things/my%20cup"))
    is_problem(response, 404, "no_such_thing", "name", "my cup")
    response = await gateway.http.delete(path(worker, "things/" + "x" * 49))
    is_problem(response, 422, "bad_request", "name", "49 bytes", "1 to 48")


@pytest.mark.parametrize(
    ("rest", "reply"),
    [
        ("words", WORDS | {"words": [WORDS["words"][0] | {"p": 1.5}]}),
        ("words", WORDS | {"words": [WORDS["words"][0] | {"kind": "song"}]}),
        ("things", {"things": [{"name": "x"}], "limit": 16}),
    ],
)
async def test_a_reply_that_is_not_what_is_promised(
    gateway: Served, worker: FakeWorker, rest: str, reply: dict[str, Any]
) -> None:
    saying(worker, reply)
    is_problem(await gateway.http.get(path(worker, rest)), 500, "error")


async def test_a_question_about_a_picture(gateway: Served, worker: FakeWorker) -> None:
    """One whose body is larger than any other request's may be; the worker gets it as it came."""
    noise = png(4096, 30) + bytes(100_000)
    picture = base64.b64encode(noise).decode()
    assert len(picture) > gateway.server.config.app.state.gateway.settings.max_body_bytes
    asked = {"question": "When did you see this?", "picture": picture}
    response = await gateway.http.post(path(worker, "questions"), json=asked)
    assert response.json()["answer"] == ANSWER["answer"]
    assert worker.asked == [asked | {"since_s": None, "until_s": None}]


async def test_the_vocabulary_is_what_a_worker_announced(gateway: Served) -> None:
    is_problem(
        await gateway.http.get("/v1/vocabulary"), 503, "overloaded", None, "no worker has said yet"
    )
    announced = ModelAnnounced(
        model={"preset": "lite", "schema": "1"}, memory={}, fingerprint="", vocabulary=None
    )
    await gateway.store.announce_model(announced)
    assert (await gateway.http.get("/v1/vocabulary")).status_code == 503
    known = convert(EXAMPLES["Vocabulary"], Vocabulary)
    await gateway.store.announce_model(
        ModelAnnounced(
            model=announced.model, memory={}, fingerprint="", vocabulary=EXAMPLES["Vocabulary"]
        )
    )
    told = await gateway.http.get("/v1/vocabulary")
    assert convert(told.json(), Vocabulary) == known
