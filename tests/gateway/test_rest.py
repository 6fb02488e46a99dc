"""Sessions, questions and errors over REST: a real uvicorn, a real Valkey, httpx outside."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import pytest
from msgspec import structs
from pydantic import TypeAdapter

from both_sides import Store
from gateway.harness import ANSWER, FakeWorker, Served, is_problem, serving
from ttm_protocol.answers import Answer, SessionInfo
from ttm_protocol.errors import OUTCOMES, error_of_code
from ttm_server.config import Settings
from ttm_server.gateway.examples import EXAMPLES
from ttm_server.store import EmbeddedServer, Reply, WorkerBeat

SUMMARY = EXAMPLES["Summary"]


@pytest.fixture
async def gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


async def test_a_session_from_its_beginning_to_its_deletion(gateway: Served) -> None:
    created = await gateway.session()
    sid = created["session_id"]
    assert set(created) == {"session_id", "ticket", "ticket_expires_s", "stream_url"}
    assert created["stream_url"] == f"ws://127.0.0.1:{gateway.port}/v1/sessions/{sid}/stream"
    seen = (await gateway.http.get(f"/v1/sessions/{sid}")).json()
    assert set(seen) == {field.name for field in fields(SessionInfo)}
    assert (seen["status"], seen["durable_seq"], seen["applied_seq"]) == ("idle", 0, 0)
    assert seen["model"] == {"preset": None, "checkpoint": None, "schema": None}
    assert seen["memory"] == {"tokens": None, "dim": None, "places": None, "bytes": 0}
    assert (await gateway.http.get("/v1/sessions")).json() == {"sessions": [seen]}
    gone = await gateway.http.delete(f"/v1/sessions/{sid}")
    assert (gone.status_code, gone.content) == (204, b"")
    for call in (
        gateway.http.get(f"/v1/sessions/{sid}"),
        gateway.http.delete(f"/v1/sessions/{sid}"),
        gateway.http.post(f"/v1/sessions/{sid}/tickets"),
        gateway.http.get(f"/v1/sessions/{sid}/timeline"),
        gateway.http.get(f"/v1/sessions/{sid}/summary"),
        gateway.http.get(f"/v1/sessions/{sid}/words"),
        gateway.http.get(f"/v1/sessions/{sid}/things"),
        gateway.http.post(f"/v1/sessions/{sid}/things", json={"name": "my cup"}),
        gateway.http.delete(f"/v1/sessions/{sid}/things/my%20cup"),
        gateway.http.post(f"/v1/sessions/{sid}/questions", json={"question": "What?"}),
    ):
        is_problem(await call, 404, "no_such_session", "session_id")


async def test_a_session_after_some_chunks(gateway: Served) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]), gateway.stream(session) as client:
        await client.send(1)
        await client.expect("ack", durable=1, applied=1)
        seen = (await gateway.http.get(f"/v1/sessions/{session['session_id']}")).json()
    assert (seen["status"], seen["durable_seq"], seen["applied_seq"]) == ("live", 1, 1)
    assert seen["media_s"] == 0.5
    assert seen["gaps"] == [{"t0": 0.0, "t1": 0.5, "reason": "test"}]
    assert seen["model"] == {"preset": "lite", "checkpoint": "fake", "schema": 1}
    assert seen["memory"] == {"tokens": 96, "dim": 256, "places": None, "bytes": 6}


async def test_another_ticket(gateway: Served) -> None:
    session = await gateway.session()
    response = await gateway.http.post(f"/v1/sessions/{session['session_id']}/tickets")
    assert response.status_code == 201
    assert set(response.json()) == {"ticket", "ticket_expires_s"}
    assert response.json()["ticket"] != session["ticket"]


async def test_sessions_page_by_page(gateway: Served) -> None:
    made = [(await gateway.session())["session_id"] for _ in range(5)]
    pages: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = (await gateway.http.get("/v1/sessions", params={"limit": 2, **after})).json()
        page = [session["session_id"] for session in answer["sessions"]]
        pages += page
        if len(page) < 2:
            break
        after = {"after": page[-1]}
    assert pages == made


async def test_a_question(gateway: Served) -> None:
    session = await gateway.session()
    path = f"/v1/sessions/{session['session_id']}/questions"
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        response = await gateway.http.post(
            path, json={"question": "  Did a bell ring?\n", "since_s": 1, "until_s": 2.5}
        )
    assert response.status_code == 200
    expected = ANSWER | {"question": "Did a bell ring?", "as_of_seq": 1}
    assert response.json() == expected
    TypeAdapter(Answer).validate_python(response.json())
    assert worker.asked == [{"question": "Did a bell ring?", "since_s": 1.0, "until_s": 2.5}]
    assert gateway.value("ttm_question_seconds_count") == 1


async def test_the_timeline(gateway: Served) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]):
        response = await gateway.http.get(f"/v1/sessions/{session['session_id']}/timeline")
    assert response.json() == {"events": [], "coverage_since_s": 0.0}


async def test_a_summary(gateway: Served) -> None:
    session = await gateway.session()
    path = f"/v1/sessions/{session['session_id']}/summary"
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        worker.reply = lambda ask_id, _: Reply(ask_id=ask_id, body=SUMMARY | {"newer": 1})
        whole = await gateway.http.get(path)
        part = await gateway.http.get(path, params={"since_s": 1, "until_s": 2.5})
    assert whole.json() == SUMMARY
    assert part.status_code == 200
    window = [{"since_s": None, "until_s": None}, {"since_s": 1.0, "until_s": 2.5}]
    assert worker.asked == window


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"since_s": 2, "until_s": 1}, "until_s"),
        ({"since_s": -1}, "since_s"),
        ({"since_s": "nan"}, "since_s"),
        ({"until_s": "inf"}, "until_s"),
        ({"until_s": "later"}, "until_s"),
    ],
    ids=str,
)
async def test_a_summary_of_no_time(gateway: Served, window: dict[str, Any], field: str) -> None:
    session = await gateway.session()
    path = f"/v1/sessions/{session['session_id']}/summary"
    is_problem(await gateway.http.get(path, params=window), 422, "bad_request", field)


async def test_no_worker_answers(clean_valkey: EmbeddedServer, settings: Settings) -> None:
    brief = settings.model_copy(update={"answer_timeout_s": 0.2})
    async with serving(clean_valkey.url, brief) as gateway:
        session = await gateway.session()
        response = await gateway.http.post(
            f"/v1/sessions/{session['session_id']}/questions", json={"question": "Anything?"}
        )
    is_problem(response, 503, "answer_timeout", None)
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        ({"error_code": "bad_request", "error_message": "since_s: too early"}, 422, "bad_request"),
        ({"error_code": "state_incompatible"}, 409, "state_incompatible"),
        ({"error_code": "of another version"}, 500, "error"),
        ({"body": {"state": "answered"}}, 500, "error"),
        ({"body": ANSWER | {"question": "?", "as_of_seq": 0, "state": "sure"}}, 500, "error"),
        ({"body": ANSWER | {"question": "?", "confidence": 1.5}}, 500, "error"),
    ],
    ids=str,
)
async def test_a_worker_that_answers_with_an_error(
    gateway: Served, reply: dict[str, Any], status: int, code: str
) -> None:
    session = await gateway.session()
    async with FakeWorker(gateway.store, session["session_id"]) as worker:
        worker.reply = lambda ask_id, _: Reply(ask_id=ask_id, **reply)
        response = await gateway.http.post(
            f"/v1/sessions/{session['session_id']}/questions", json={"question": "Anything?"}
        )
    is_problem(response, status, code)


def test_every_code_of_the_table_finds_an_error() -> None:
    for outcome in OUTCOMES.values():
        assert OUTCOMES[type(error_of_code(outcome.code, "x"))].code == outcome.code


class Broken:
    """A store whose listing fails in a way that nobody foresaw."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def sessions(self, limit: int, after: str | None) -> Any:
        raise RuntimeError(f"the secret is {6 * 7}")


async def test_an_unexpected_error_shows_a_reference_and_nothing_else(
    clean_valkey: EmbeddedServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(clean_valkey.url, settings, wrap=Broken) as gateway:  # type: ignore[arg-type]
        response = await gateway.http.get("/v1/sessions")
    is_problem(response, 500, "error", None, "reference")
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    reference = response.json()["detail"].split("reference ")[1].split()[0]
    assert reference in caplog.text
    assert "the secret is 42" not in caplog.text


async def test_health_and_readiness(gateway: Served) -> None:
    """Alive from the start; ready while a worker lives that has its model."""
    assert (await gateway.http.get("/healthz")).json() == {"status": "ok"}

    async def missing() -> list[str]:
        response = await gateway.http.get("/readyz")
        is_problem(response, 503, "not_ready", None, "waiting for a worker")
        return list(response.json()["waiting_for"])

    assert await missing() == ["a worker: none is running"]
    beat = WorkerBeat(
        worker_id="w1", state="starting", since=time.time() - 8, doing="model loading"
    )
    await gateway.store.beat(beat)
    (told,) = await missing()
    assert re.fullmatch(r"a worker: model loading since (8|9|1\d) s", told)
    await gateway.store.beat(structs.replace(beat, worker_id="w2", state="ready"))
    assert (await gateway.http.get("/readyz")).json() == {"status": "ready"}
    await gateway.store.leave("w1")
    await gateway.store.beat(structs.replace(beat, worker_id="w2", state="draining"))
    assert await missing() == ["a worker: all 1 that live are going away"]


async def test_metrics_have_the_promised_names(gateway: Served) -> None:
    await gateway.session()
    text = (await gateway.http.get("/metrics")).text
    for name in (
        "ttm_sessions_active",
        "ttm_chunks_received_total",
        "ttm_chunks_dropped_total",
        "ttm_ingest_to_applied_seconds",
        "ttm_admission_rejections_total",
        "ttm_ws_closes_total",
        "ttm_question_seconds",
        "ttm_redis_seconds",
    ):
        assert f"# TYPE {name} " in text
    assert 'ttm_redis_seconds_count{op="create"} 1.0' in text


async def test_too_many_sessions(clean_valkey: EmbeddedServer, settings: Settings) -> None:
    few = settings.model_copy(update={"max_sessions": 1})
    async with serving(clean_valkey.url, few) as gateway:
        await gateway.session()
        is_problem(await gateway.http.post("/v1/sessions"), 503, "overloaded")
