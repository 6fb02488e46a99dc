"""A whole `ttmserve serve` in a process of its own, and a Chromium to look at it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from ttm_server.cli.supervisor import free_port

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READY_S = 90
WORKER_S = 180


def chromium() -> str | None:
    """Where Chromium is, if it is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def served(data_dir: Path, **variables: str) -> Iterator[str]:
    """`ttmserve serve`; -> its base URL. Ends it, and with it all that it started."""
    port = free_port("127.0.0.1")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TTM_")}
    environment |= {"TTM_DATA_DIR": str(data_dir), "TTM_THREADS": "1", "TTM_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "ttm_server.cli", "serve", "--port", str(port)]
    with (data_dir / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment | variables, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _until_ready(f"http://127.0.0.1:{port}", process, data_dir / "serve.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until_answering(base: str) -> None:
    """Wait until a worker has its model: the first question is answered."""
    until_s = time.monotonic() + WORKER_S
    with httpx.Client(base_url=base, trust_env=False, timeout=90) as http:
        sid = http.post("/v1/sessions", json={}).json()["session_id"]
        while True:
            answer = http.post(f"/v1/sessions/{sid}/questions", json={"question": "Any dog?"})
            if answer.status_code == 200:
                http.delete(f"/v1/sessions/{sid}").raise_for_status()
                return
            assert time.monotonic() < until_s, answer.text
            time.sleep(0.5)


def _until_ready(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until_s = time.monotonic() + READY_S
    with httpx.Client(trust_env=False, timeout=5) as http:
        while time.monotonic() < until_s:
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(httpx.HTTPError):
                if http.get(f"{base}/readyz").status_code == 200:
                    return
            time.sleep(0.2)
    raise AssertionError(log.read_text())


@contextlib.asynccontextmanager
async def browser(flags: Sequence[str] = ()) -> AsyncIterator[Any]:
    """A Chromium without its own errands on the network."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, *flags], env=dict(os.environ)
        )
        try:
            yield running
        finally:
            await running.close()


class Watched:
    """What a page did that it should not: console errors, exceptions, calls to other hosts."""

    def __init__(self, page: Any) -> None:
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("request", lambda request: self._host(request.url))
        page.on("websocket", lambda socket: self._host(socket.url))

    def _host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.netloc)

    def _console(self, message: Any) -> None:
        # The browser itself reports each call that a cut ended; the page can't help that.
        if message.type in ("error", "warning") and "net::ERR_" not in message.text:
            self.errors.append(f"{message.type}: {message.text}")
