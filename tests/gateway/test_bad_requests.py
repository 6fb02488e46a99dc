"""REST requests that break a rule: each gets a problem document that names field and limit."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import websockets

from gateway.harness import Served, is_problem, png, serving
from ttm_server.config import Settings
from ttm_server.gateway.examples import SESSION_ID
from ttm_server.gateway.problems import MEDIA_TYPE
from ttm_server.store import EmbeddedServer


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(valkey_server: EmbeddedServer) -> AsyncIterator[Served]:
    """One gateway for the whole file: no case may harm the next."""
    async with serving(valkey_server.url, Settings()) as served:
        yield served


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5"])
async def test_a_bad_limit(gateway: Served, limit: str) -> None:
    response = await gateway.http.get("/v1/sessions", params={"limit": limit})
    is_problem(response, 422, "bad_request", "limit")


@pytest.mark.parametrize("sid", ["nope", "a" * 65, "x}y", "%7Bmeta%7D", "..", "a%2Fb", "é"])
async def test_an_unknown_session_id(gateway: Served, sid: str) -> None:
    response = await gateway.http.get(f"/v1/sessions/{sid}")
    assert response.status_code == 404
    assert response.json()["code"] in ("no_such_session", "not_found")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "question", ["missing"]),
        ({"question": ""}, "question", ["0 characters", "1 to 2000"]),
        ({"question": " \n\t "}, "question", ["0 characters", "1 to 2000"]),
        ({"question": "x" * 2001}, "question", ["2001 characters", "1 to 2000"]),
        ({"question": 5}, "question", ["must be a valid string"]),
        ({"question": None}, "question", []),
        ({"question": ["x"]}, "question", []),
        ({"question": "x", "since_s": -1}, "since_s", ["greater than or equal to 0"]),
        ({"question": "x", "until_s": "3"}, "until_s", ["number"]),
        ({"question": "x", "since_s": 5, "until_s": 4}, "until_s", ["before since_s"]),
        ({"question": "x", "since": 5}, "since", ["not a field"]),
        ({"question": "x", "picture": ""}, "picture", ["JPEG, PNG or WebP"]),
        ({"question": "x", "picture": "a b"}, "picture", ["base64"]),
        ({"question": "x", "picture": "data:image/png;base64,AAAA"}, "picture", ["base64"]),
        ({"question": "x", "picture": b64(b"GIF89a")}, "picture", ["JPEG, PNG or WebP"]),
        ({"question": "x", "picture": b64(png(1, 1)[:12])}, "picture", ["header"]),
        ({"question": "x", "picture": b64(png(4097, 1))}, "picture", ["4097 x 1", "4096"]),
        ({"question": "x", "picture": ["x"]}, "picture", ["string"]),
        (["question"], "body", []),
        ("question", "body", []),
    ],
    ids=str,
)
async def test_a_bad_question(gateway: Served, body: Any, field: str, words: list[str]) -> None:
    response = await gateway.http.post(f"/v1/sessions/{SESSION_ID}/questions", json=body)
    is_problem(response, 422, "bad_request", field, *words)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"question": "x"', "body"),
        (b"{'question': 'x'}", "body"),
        (b"\xff\xfe", "body"),
        (b'{"question": "x", "since_s": NaN}', "since_s"),
        (b'{"question": "x", "until_s": Infinity}', "until_s"),
        (b'{"question": "x", "until_s": 1e999}', "until_s"),
        (b'{"question": "\\ud800"}', "question"),
        (b'{"question": "x", "since_s": ' + b"[" * 30000 + b"}", "body"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_body_that_is_not_json(gateway: Served, body: bytes, field: str) -> None:
    session = await gateway.session()
    response = await gateway.http.post(
        f"/v1/sessions/{session['session_id']}/questions",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    is_problem(response, 422, "bad_request", field)


async def test_a_body_of_another_type(gateway: Served) -> None:
    response = await gateway.http.post("/v1/sessions", data={"x": "y"})
    is_problem(response, 415, "unsupported_media_type", "Content-Type", "application/json")


async def test_a_body_larger_than_its_limit(gateway: Served) -> None:
    response = await gateway.http.post("/v1/sessions", json={"name": "x" * 100_000})
    is_problem(response, 413, "too_big", "body", "65536")


async def test_a_chunked_body_larger_than_its_limit(gateway: Served) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 8192

    response = await gateway.http.post(
        "/v1/sessions", content=pieces(), headers={"Content-Type": "application/json"}
    )
    is_problem(response, 413, "too_big", "body", "65536")


async def test_paths_and_methods_that_do_not_exist(gateway: Served) -> None:
    is_problem(await gateway.http.get("/v2/sessions"), 404, "not_found", None, "/v2/sessions")
    is_problem(await gateway.http.get("/docs/../secret"), 404, "not_found")
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None)
    assert caught.value.response.status_code == 404
    assert caught.value.response.headers["content-type"] == MEDIA_TYPE
    response = await gateway.http.patch("/v1/sessions")
    is_problem(response, 405, "method_not_allowed", None, "PATCH")
    assert response.headers["allow"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "name", ["missing"]),
        ({"name": " \n "}, "name", ["0 bytes", "1 to 48"]),
        ({"name": "ä" * 25}, "name", ["50 bytes", "1 to 48"]),
        ({"name": "a\u0007b"}, "name", ["character"]),
        ({"name": "a\ud800"}, "name", ["character"]),
        ({"name": 5}, "name", ["string"]),
        ({"name": "x", "since_s": -1}, "since_s", ["greater than or equal to 0"]),
        ({"name": "x", "since_s": 5, "until_s": 4}, "until_s", ["before since_s"]),
        ({"name": "x", "picture": "x"}, "picture", ["not a field"]),
    ],
    ids=ascii,
)
async def test_a_bad_lesson(gateway: Served, body: Any, field: str, words: list[str]) -> None:
    path = f"/v1/sessions/{SESSION_ID}/things"
    content = json.dumps(body).encode()
    response = await gateway.http.post(
        path, content=content, headers={"Content-Type": "application/json"}
    )
    is_problem(response, 422, "bad_request", field, *words)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("words?since_s=5&until_s=4", "until_s"),
        ("words?format=srt", "format"),
        ("words?since_s=nan", "since_s"),
    ],
)
async def test_a_bad_way_to_want_words(gateway: Served, path: str, field: str) -> None:
    response = await gateway.http.get(f"/v1/sessions/{SESSION_ID}/{path}")
    is_problem(response, 422, "bad_request", field)


async def test_pictures_are_bounded_and_only_questions_may_have_one(gateway: Served) -> None:
    """Above the body's limit, the picture's own limit, and another call's body of that size."""
    path = f"/v1/sessions/{SESSION_ID}/questions"
    over = {"question": "What is this?", "picture": b64(bytes(524_289))}
    is_problem(
        await gateway.http.post(path, json=over), 413, "too_big", "picture", "524289", "524288"
    )
    over = {"question": "What is this?", "picture": "x" * 900_000}
    is_problem(await gateway.http.post(path, json=over), 413, "too_big", "body")
    lesson = {"name": "x" * 70_000}
    response = await gateway.http.post(f"/v1/sessions/{SESSION_ID}/things", json=lesson)
    is_problem(response, 413, "too_big", "body", "65536")
