"""The live page's files: what is served, with which headers, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.harness import Served, is_problem, serving
from ttm_server.config import Settings
from ttm_server.gateway import page_files, problems
from ttm_server.gateway.metrics import Metrics
from ttm_server.store import EmbeddedServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = {
    "index.html": ("<!doctype html><title>page</title>", "text/html; charset=utf-8"),
    "app.js": ("export {};", "text/javascript; charset=utf-8"),
    "ui/deep/er.mjs": ("export {};", "text/javascript; charset=utf-8"),
    "style/page.css": ("a{}", "text/css; charset=utf-8"),
    "sdk/index.js": ("export const x = 1;", "text/javascript; charset=utf-8"),
    "sdk/filter.wasm": ("\0asm", "application/wasm"),
    "icons/icon.svg": ("<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "vendor/LICENSE.txt": ("licence", "text/plain; charset=utf-8"),
}
HIDDEN = ("secret.js", "sdk/.env.js", "sdk/node_modules/x/index.js", "sdk/notes.md", "tests/a.js")
KEYED = Settings(api_keys=(SecretStr("first-key"),))


def write(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PAGE.get(name, ("hidden", ""))[0].encode())
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("outside")
    write(outside, "stolen.js")
    folder = write(tmp_path_factory.mktemp("browser"), *PAGE, *HIDDEN)
    (folder / "ui" / "link.js").symlink_to(outside / "stolen.js")
    (folder / "ui" / "out").symlink_to(outside, target_is_directory=True)
    (folder / "ui" / "loop.js").symlink_to(folder / "ui" / "loop.js")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(valkey_server: EmbeddedServer, folder: Path) -> AsyncIterator[Served]:
    """With API keys: the page has to come without one."""
    async with serving(valkey_server.url, KEYED, page=folder) as served:
        yield served


@pytest.mark.parametrize("name", PAGE)
async def test_files(gateway: Served, name: str) -> None:
    text, kind = PAGE[name]
    path = "/" if name == "index.html" else f"/{name}"
    response = await gateway.http.get(path)
    assert (response.status_code, response.text) == (200, text)
    headers = response.headers
    assert headers["content-type"] == kind
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"
    assert "camera=(self), microphone=(self)" in headers["permissions-policy"]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    own = f"127.0.0.1:{gateway.port}"
    assert f"connect-src 'self' ws://{own} wss://{own};" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy

    head = await gateway.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == headers["content-length"] == str(len(text))
    assert head.headers["etag"] == headers["etag"]


async def test_a_file_that_is_known_already(gateway: Served, folder: Path) -> None:
    etag = (await gateway.http.get("/app.js")).headers["etag"]
    for asked in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        same = await gateway.http.get("/app.js", headers={"If-None-Match": asked})
        assert (same.status_code, same.content) == (304, b""), asked
        assert same.headers["etag"] == etag
    (folder / "app.js").write_text("export const changed = 1;")
    try:
        changed = await gateway.http.get("/app.js", headers={"If-None-Match": etag})
    finally:
        write(folder, "app.js")
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize(
    "path",
    [
        *(f"/{name}" for name in HIDDEN),
        "/ui",
        "/ui/",
        "/ui/deep",
        "/ui/deep/",
        "/sdk/index.js/",
        "/sdk//index.js",
        "/sdk/missing.js",
        "/sdk/../app.js",
        "/sdk/%2e%2e/app.js",
        "/sdk/..%2f..%2fsecret.js",
        "/sdk/%2e%2e/secret.js",
        "/sdk/..%5csecret.js",
        "/sdk/index.js%00",
        "/sdk/index.js%23x",
        "/sdk/%ff.js",
        "/sdk//etc/passwd",
        "/ui/link.js",
        "/ui/out/stolen.js",
        "/ui/loop.js",
        "/sdk/" + "a" * 5000 + ".js",
        "/clients/browser/app.js",
    ],
)
async def test_what_is_not_served(gateway: Served, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())  # as it is: a client library would tidy the path
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 404 "), answer[:200]
    assert b"hidden" not in answer


async def test_other_methods(gateway: Served) -> None:
    for path in ("/", "/app.js", "/sdk/index.js"):
        headers = {"Authorization": "Bearer first-key"}
        response = await gateway.http.post(path, headers=headers)
        assert response.status_code == 405
        assert response.headers["allow"] in ("GET, HEAD", "HEAD, GET")


async def test_the_interface_stays_guarded(gateway: Served) -> None:
    is_problem(await gateway.http.get("/v1/sessions"), 401, "unauthenticated", "Authorization")
    is_problem(await gateway.http.get("/sdk/nope.js"), 404, "not_found")
    assert (await gateway.http.get("/docs")).status_code == 200
    assert (await gateway.http.get("/healthz")).status_code == 200
    assert "page" not in "".join((await gateway.http.get("/openapi.json")).json()["paths"])


async def test_a_rebound_name_gets_no_page(valkey_server: EmbeddedServer, folder: Path) -> None:
    async with serving(valkey_server.url, Settings(), page=folder) as open_gateway:
        for path in ("/", "/sdk/index.js"):
            response = await open_gateway.http.get(path, headers={"Host": "evil.example"})
            assert response.status_code == 403


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("cam.example:8443", True),
        ("[::1]:8000", True),
        ("a b", False),
        ("x; script-src *", False),
        ("", False),
    ],
)
async def test_the_policy_names_only_a_host(host: str, named: bool) -> None:
    policy = page_files.policy(host)
    assert (f"ws://{host} " in policy) is named
    assert ("wss:" in policy) is named
    assert policy.count("script-src") == 0


@pytest.mark.parametrize("page", [None, "empty"])
async def test_an_installation_without_the_page(page: str | None, tmp_path: Path) -> None:
    app = FastAPI()
    problems.install(app, Metrics())
    app.include_router(page_files.page_router(None if page is None else tmp_path))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        home = await http.get("/")
        assert home.status_code == 404
        assert home.headers["content-type"].startswith("text/plain")
        assert "/docs" in home.text
        is_problem(await http.get("/app.js"), 404, "not_found")


async def test_the_folder_of_this_checkout() -> None:
    folder = page_files.find_folder()
    assert folder is not None
    assert folder.parts[-2:] in {("clients", "browser"), ("ttm_server", "browser")}
