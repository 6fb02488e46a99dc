"""The documentation is complete, local, and says the same as the code."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import re
import sys
import typing
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import pytest_asyncio
import yaml

from gateway.harness import FakeWorker, Served, serving
from ttm_protocol import answers
from ttm_protocol import messages as protocol
from ttm_protocol.answers import (
    Answer,
    Evidence,
    MissingMedia,
    ModelInfo,
    SessionInfo,
    Summary,
    Taught,
    Things,
    Timeline,
    Vocabulary,
    Words,
    to_plain,
)
from ttm_protocol.errors import OUTCOMES
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk, ClientText, ServerText
from ttm_server.config import Settings
from ttm_server.gateway.examples import EXAMPLES, SESSION_ID
from ttm_server.store import EmbeddedServer, check_session_id
from ttm_server.store.keys import new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(valkey_server: EmbeddedServer) -> AsyncIterator[Served]:
    async with serving(valkey_server.url, Settings()) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def openapi(gateway: Served) -> dict[str, Any]:
    return dict((await gateway.http.get("/openapi.json")).json())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asyncapi(gateway: Served) -> dict[str, Any]:
    return dict(yaml.safe_load((await gateway.http.get("/asyncapi.yaml")).text))


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


async def test_openapi_has_every_call(openapi: dict[str, Any]) -> None:
    calls = {
        f"{method.upper()} {path}" for path, item in openapi["paths"].items() for method in item
    }
    assert calls == {
        "POST /v1/sessions",
        "GET /v1/sessions",
        "GET /v1/sessions/{session_id}",
        "DELETE /v1/sessions/{session_id}",
        "POST /v1/sessions/{session_id}/tickets",
        "POST /v1/sessions/{session_id}/questions",
        "GET /v1/sessions/{session_id}/timeline",
        "GET /v1/sessions/{session_id}/summary",
        "GET /v1/sessions/{session_id}/words",
        "GET /v1/sessions/{session_id}/things",
        "POST /v1/sessions/{session_id}/things",
        "DELETE /v1/sessions/{session_id}/things/{name}",
        "GET /v1/vocabulary",
        "GET /v1/sessions/{session_id}/memory",
        "PUT /v1/sessions/{session_id}/memory",
        "POST /v1/sessions/{session_id}/fork",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }


async def test_openapi_is_whole(openapi: dict[str, Any]) -> None:
    assert openapi["openapi"].startswith("3.1.")
    schemas = openapi["components"]["schemas"]
    for node in walk({"paths": openapi["paths"], "schemas": schemas}):
        if "$ref" in node:
            assert node["$ref"].removeprefix("#/components/schemas/") in schemas
    assert schemas["QuestionRequest"]["properties"]["question"]["maxLength"] == 2000


async def test_openapi_tells_every_error_as_a_problem(openapi: dict[str, Any]) -> None:
    for path, item in openapi["paths"].items():
        for operation in item.values():
            assert operation["summary"]
            names = {(p["name"], p["in"]) for p in operation.get("parameters", ())}
            known = {"limit", "after", "since_s", "until_s", "format"}
            paths = {("session_id", "path"), ("name", "path")}
            assert names <= paths | {(name, "query") for name in known}
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert set(response["content"]) == {"application/problem+json"}, path
            if path.startswith("/v1/"):
                assert {"401", "503"} <= set(operation["responses"])
    assert "HTTPValidationError" not in openapi["components"]["schemas"]


@pytest.mark.parametrize(
    "kind", [Answer, Timeline, Summary, Words, Taught, Things, Vocabulary, SessionInfo]
)
async def test_what_is_told_is_documented(openapi: dict[str, Any], kind: type[Any]) -> None:
    example = EXAMPLES[kind.__name__]
    assert to_plain(msgspec.convert(example, kind)) == example  # all of its fields, and no other
    schema = openapi["components"]["schemas"][kind.__name__]
    assert schema["examples"] == [example]


async def test_every_field_of_an_answer_has_a_description(openapi: dict[str, Any]) -> None:
    ours = [kind for kind in vars(answers).values() if dataclasses.is_dataclass(kind)]
    kinds = [kind for kind in ours if kind.__module__ == answers.__name__]
    assert {Answer, Evidence, MissingMedia, ModelInfo} <= set(kinds)
    for kind in kinds:
        schema = openapi["components"]["schemas"][kind.__name__]
        assert schema["description"] == inspect.getdoc(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        assert schema["required"] == list(schema["properties"]) == names
        for name in names:
            assert schema["properties"][name]["description"], (kind, name)


async def test_the_session_of_the_examples_could_exist(openapi: dict[str, Any]) -> None:
    assert check_session_id(SESSION_ID) == SESSION_ID
    assert len(SESSION_ID) == len(new_id())
    assert SESSION_ID in openapi["info"]["description"]


async def test_the_guide_tells_the_whole_protocol(openapi: dict[str, Any]) -> None:
    guide = openapi["info"]["description"]
    assert "<<" not in guide
    for kind in (*get_args(ClientText), *get_args(ServerText)):
        assert f'"type":"{kind.__struct_config__.tag}"' in guide
    for name in Chunk.__struct_fields__:
        assert f"`{name}`" in guide
    for kind, outcome in OUTCOMES.items():
        if kind.__name__ in ("TTMError", "ConfigError", "StateIncompatible", "OriginError"):
            continue
        assert str(outcome.close_code) in guide


async def test_the_worked_example_works(
    gateway: Served, openapi: dict[str, Any], tmp_path: Path
) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", openapi["info"]["description"], re.DOTALL)
    assert "http://127.0.0.1:8000" in source
    script = tmp_path / "example.py"
    script.write_text(source.replace("http://127.0.0.1:8000", gateway.base))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    known = {info.session_id for info in await gateway.store.sessions(1000)}
    async with asyncio.timeout(30):
        while not (new := {i.session_id for i in await gateway.store.sessions(1000)} - known):
            assert child.returncode is None
            await asyncio.sleep(0.05)
        async with FakeWorker(gateway.store, new.pop()):
            output, _ = await child.communicate()
    assert child.returncode == 0, output.decode()
    assert b'"applied":1' in output
    assert b"A bell rang once." in output


async def test_asyncapi_has_exactly_the_messages_of_the_protocol(asyncapi: dict[str, Any]) -> None:
    sent = {kind.__struct_config__.tag: kind for kind in get_args(ServerText)}
    received = {kind.__struct_config__.tag: kind for kind in get_args(ClientText)}
    received["chunk"] = Chunk
    assert set(asyncapi["components"]["messages"]) == set(sent) | set(received)
    assert set(asyncapi["channels"]["stream"]["messages"]) == set(sent) | set(received)
    for operation, kinds in (("toClient", sent), ("fromClient", received)):
        names = [
            ref["$ref"].rpartition("/")[2] for ref in asyncapi["operations"][operation]["messages"]
        ]
        assert set(names) == set(kinds)


@pytest.mark.parametrize(
    ("name", "struct"),
    [
        *((kind.__struct_config__.tag, kind) for kind in get_args(ClientText | ServerText)),
        ("chunk", Chunk),
        ("picture", protocol.Picture),
        ("gap", protocol.Gap),
        ("limits", protocol.Limits),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_asyncapi_has_exactly_the_fields_of_a_struct(
    asyncapi: dict[str, Any], name: str, struct: type[msgspec.Struct]
) -> None:
    schema = asyncapi["components"]["schemas"][name]
    properties = dict(schema["properties"])
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    required = {name for name, field in fields.items() if field.required}
    tag = struct.__struct_config__.tag
    if tag is not None:
        assert properties.pop("type") == {"const": tag}
        required.add("type")
    assert set(properties) == set(fields)
    assert set(schema.get("required", ())) == required
    for field_name, field in fields.items():
        if "default" in properties[field_name]:
            assert properties[field_name]["default"] == field.default
        kind = field.type
        if typing.get_origin(kind) is typing.Annotated:
            kind = get_args(kind)[0]
            assert properties[field_name]["description"]
        if typing.get_origin(kind) is typing.Literal:
            assert set(properties[field_name]["enum"]) == set(get_args(kind))


async def test_asyncapi_states_the_limits(asyncapi: dict[str, Any]) -> None:
    schemas = asyncapi["components"]["schemas"]
    assert schemas["chunk"]["properties"]["video"]["maxItems"] == DEFAULT_LIMITS.max_pictures
    assert schemas["chunk"]["properties"]["d"]["minimum"] == DEFAULT_LIMITS.min_chunk_s
    assert schemas["chunk"]["properties"]["d"]["maximum"] == DEFAULT_LIMITS.max_chunk_s
    assert schemas["chunk"]["properties"]["t"]["maximum"] == DEFAULT_LIMITS.max_time_s
    assert schemas["chunk"]["properties"]["seq"]["maximum"] == protocol.MAX_SEQ
    picture = schemas["picture"]["properties"]["data"]
    assert picture["maxLength"] == DEFAULT_LIMITS.max_picture_bytes
    assert schemas["gap"]["properties"]["reason"]["maxLength"] == DEFAULT_LIMITS.max_reason_chars


async def test_asyncapi_references_and_examples(asyncapi: dict[str, Any]) -> None:
    for node in walk(asyncapi):
        if "$ref" in node:
            target: Any = asyncapi
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
    for message in asyncapi["components"]["messages"].values():
        for example in message.get("examples", ()):
            text = json.dumps(example["payload"])
            kinds = (protocol.decode_client_text, protocol.decode_server_text)
            decode = kinds[example["payload"]["type"] not in ("start", "end")]
            assert decode(text)


async def test_the_docs_page_needs_no_network(gateway: Served) -> None:
    page = await gateway.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype", "")
    links = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(links) == 5
    for link in links:
        assert (await gateway.http.get(f"/{link}")).status_code == 200, link
    assert (await gateway.http.get("/docs/index.html")).status_code == 404
