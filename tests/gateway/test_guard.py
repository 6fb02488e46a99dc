"""Who may come in: keys, Origin, Host."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import websockets
from pydantic import SecretStr
from starlette.datastructures import Headers

from gateway.harness import Client, Served, serving
from ttm_protocol.errors import OriginError
from ttm_server.config import Settings
from ttm_server.gateway.guard import check_host, check_origin, key_of
from ttm_server.store import EmbeddedServer

KEYS = ("first-key", "second-key")


@pytest.fixture
async def locked(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    keyed = settings.model_copy(
        update={
            "api_keys": tuple(SecretStr(key) for key in KEYS),
            "allowed_origins": ("https://app.example",),
        }
    )
    headers = {"Authorization": "Bearer second-key"}
    async with serving(clean_valkey.url, keyed, headers=headers) as served:
        yield served


@pytest.fixture
async def open_gateway(clean_valkey: EmbeddedServer, settings: Settings) -> AsyncIterator[Served]:
    async with serving(clean_valkey.url, settings) as served:
        yield served


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("Bearer first-key", True),
        ("bearer second-key", True),
        ("Bearer  second-key ", True),
        ("Bearer third-key", False),
        ("Bearer first-key,second-key", False),
        ("Bearer first-ke", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("Basic first-key", False),
        ("first-key", False),
        ("Bearer é", False),
    ],
)
def test_keys(value: str, right: bool) -> None:
    settings = Settings(api_keys=tuple(SecretStr(key) for key in KEYS))
    assert (key_of(Headers({"authorization": value}), settings) is not None) is right
    assert key_of(Headers({"authorization": value}), Settings()) is None


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_hosts_of_this_machine(host: str) -> None:
    check_host(Headers({"host": host}), Settings())


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8000", "localhost.evil.example", "10.0.0.1", "[::", ":"],
)
def test_other_hosts_without_keys(host: str) -> None:
    with pytest.raises(OriginError):
        check_host(Headers({"host": host}), Settings())
    check_host(Headers({"host": host}), Settings(api_keys=(SecretStr("k"),)))


@pytest.mark.parametrize(
    ("origin", "host", "right"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://ttm.example", "ttm.example:80", True),
        ("https://ttm.example", "ttm.example", True),
        ("https://ttm.example", "ttm.example:443", True),
        ("https://app.example", "ttm.example", True),
        ("http://app.example", "ttm.example", False),
        ("https://app.example:8443", "ttm.example", False),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("http://evil.example", "127.0.0.1:8000", False),
        ("http://127.0.0.1:8000.evil.example", "127.0.0.1:8000", False),
        ("null", "127.0.0.1:8000", False),
        ("", "127.0.0.1:8000", False),
        ("http://[", "[", False),
    ],
)
def test_origins(origin: str, host: str, right: bool) -> None:
    settings = Settings(allowed_origins=("https://app.example",))
    headers = Headers({"origin": origin, "host": host})
    if right:
        check_origin(headers, settings)
    else:
        with pytest.raises(OriginError):
            check_origin(headers, settings)


@pytest.mark.parametrize("value", [None, "Bearer wrong", "Basic second-key"])
async def test_no_key_no_entry(locked: Served, value: str | None) -> None:
    headers = {} if value is None else {"Authorization": value}
    async with httpx.AsyncClient(base_url=locked.base, trust_env=False) as http:
        for method, path in (
            ("POST", "/v1/sessions"),
            ("GET", "/v1/sessions"),
            ("DELETE", "/v1/sessions/x"),
            ("POST", "/v1/sessions/x/questions"),
            ("GET", "/v1/nothing"),
        ):
            response = await http.request(method, path, headers=headers, content=b"not JSON")
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.json()["code"] == "unauthenticated"
        for path in ("/healthz", "/metrics", "/docs", "/openapi.json"):
            assert (await http.get(path)).status_code == 200
        assert (await http.get("/readyz")).json()["code"] == "not_ready"  # so it was let in
    assert (await locked.http.post("/v1/sessions")).status_code == 201


async def test_a_stream_with_a_key_needs_no_ticket(locked: Served) -> None:
    session = await locked.session()
    sid = session["session_id"]
    headers = {"Authorization": "Bearer first-key"}
    async with locked.open(sid, additional_headers=headers) as socket:
        await socket.send('{"type":"start"}')
        assert (await Client(socket, sid).expect("ready"))["session_id"] == sid
    async with locked.open(sid, additional_headers={"Authorization": "Bearer no"}) as socket:
        await socket.send('{"type":"start"}')
        code, error = await Client(socket, sid).closed()
        assert code == 4401
        assert error is not None
        assert "POST /v1/sessions" in error["message"]
    async with locked.open("nope", additional_headers=headers) as socket:
        await socket.send('{"type":"start"}')
        assert (await Client(socket, sid).closed())[0] == 4404
    async with locked.open("a}b", additional_headers=headers) as socket:
        await socket.send('{"type":"start"}')
        assert (await Client(socket, sid).closed())[0] == 4404


async def test_pages_of_other_origins(open_gateway: Served) -> None:
    session = await open_gateway.session()
    origin = {"Origin": "http://evil.example"}
    for method, path in (("POST", "/v1/sessions"), ("DELETE", "/v1/sessions/x")):
        response = await open_gateway.http.request(method, path, headers=origin)
        assert response.status_code == 403
        assert response.json()["code"] == "origin_refused"
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with open_gateway.open(session["session_id"], origin="http://evil.example"):
            pass
    assert caught.value.response.status_code == 403
    own = {"Origin": open_gateway.base}
    assert (await open_gateway.http.post("/v1/sessions", headers=own)).status_code == 201
    async with open_gateway.stream(session, origin=open_gateway.base):
        pass
    rejected = open_gateway.value("ttm_admission_rejections_total", reason="origin_refused")
    assert rejected == 3


async def test_a_name_that_was_rebound_to_this_machine(open_gateway: Served) -> None:
    for path in ("/v1/sessions", "/docs", "/metrics"):
        response = await open_gateway.http.get(path, headers={"Host": "evil.example"})
        assert response.status_code == 403
        assert response.json()["field"] == "Host"


async def test_pages_of_a_listed_origin_may_read_answers(locked: Served) -> None:
    page = {"Origin": "https://app.example"}
    response = await locked.http.post("/v1/sessions", headers=page)
    assert response.status_code == 201
    assert response.headers["access-control-allow-origin"] == "https://app.example"
    preflight = await locked.http.options(
        "/v1/sessions",
        headers=page
        | {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert preflight.status_code == 200
    other = await locked.http.get("/v1/sessions", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers
