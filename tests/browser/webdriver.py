"""WebKit's own test browser, driven over WebDriver's plain HTTP. Knows no page.

WebKitGTK is as near to Safari as a machine without macOS gets. Names of commands and paths are
those of Debian's webkit2gtk-driver; the wire format is W3C WebDriver.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from ttm_server.cli.supervisor import free_port

START_S = 30
DRIVER = "WebKitWebDriver"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that WebDriver gives element references
_ARGUMENTS = (
    "--automation",
    "--enable-media-stream=true",
    "--enable-mock-capture-devices=true",
    "--features=-MockCaptureDevicesPrompt",
)


def mini_browser() -> Path | None:
    """Where WebKitGTK's test browser is, if it is, with what drives it and a display to draw on."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"))
    return found[0] if found and shutil.which(DRIVER) and shutil.which("Xvfb") else None


class Page:
    """One window."""

    def __init__(self, http: httpx.Client, session: str) -> None:
        self._http = http
        self._path = f"/session/{session}"

    def goto(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self._send("POST", "url", {"url": url})

    def run(self, script: str) -> Any:
        """A script's `return` value."""
        return self._send("POST", "execute/sync", {"script": script, "args": []})

    def click(self, selector: str) -> None:
        """Click on the first element that fits."""
        found = self._send("POST", "element", {"using": "css selector", "value": selector})
        self._send("POST", f"element/{found[_ELEMENT]}/click", {})

    def until(self, script: str, within_s: float = 60.0) -> Any:
        """Wait until a script returns something true; -> that."""
        until_s = time.monotonic() + within_s
        while not (value := self.run(script)):
            assert time.monotonic() < until_s, script
            time.sleep(0.1)
        return value

    def screenshot(self, path: Path) -> None:
        """A PNG of what the window shows."""
        path.write_bytes(base64.b64decode(self._send("GET", "screenshot")))

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = self._http.request(method, f"{self._path}/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()["value"]


@contextlib.contextmanager
def webkit() -> Iterator[Page]:
    """A window of WebKitGTK with a made-up camera and microphone."""
    port = free_port("127.0.0.1")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = stack.enter_context((folder / "log").open("wb"))
        display = _display(stack, folder)
        own = {
            "DISPLAY": display,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # root in a container has no other way
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        }
        _process(stack, [DRIVER, f"--port={port}"], env=os.environ | own, stdout=log, stderr=log)
        base = f"http://127.0.0.1:{port}"
        http = stack.enter_context(httpx.Client(base_url=base, timeout=60, trust_env=False))
        session = _session(http, folder)
        stack.callback(http.delete, f"/session/{session}")
        yield Page(http, session)


def _session(http: httpx.Client, folder: Path) -> str:
    options = {"binary": str(mini_browser()), "args": list(_ARGUMENTS)}
    wanted = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}
    until_s = time.monotonic() + START_S
    while True:
        try:
            answer = http.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
        except httpx.ConnectError:
            assert time.monotonic() < until_s, (folder / "log").read_text()
            time.sleep(0.1)
            continue
        assert answer.status_code == 200, answer.text
        return str(answer.json()["value"]["sessionId"])


def _display(stack: contextlib.ExitStack, folder: Path) -> str:
    """A screen in memory, whose number the server picks itself."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1300x1000x24",
        "-nolisten",
        "tcp",
    ]
    with (folder / "display").open("wb") as log:
        _process(stack, command, pass_fds=(writing,), stdout=log, stderr=log)
    os.close(writing)
    with os.fdopen(reading) as told:
        return f":{told.readline().strip()}"


def _process(stack: contextlib.ExitStack, command: list[str], **options: Any) -> None:
    process = subprocess.Popen(command, **options)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
