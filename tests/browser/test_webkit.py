"""The live page in WebKitGTK with its made-up camera and microphone: pictures, sound, across a cut.

Media way `webm` is not tried: WebKitGTK's MediaRecorder gives no bytes on Debian 12.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from browser.faults import AXE
from browser.serving import served, until_answering
from browser.webdriver import Page, mini_browser, webkit
from gateway.proxy import Proxy
from ttm_protocol.messages import decode_chunk

CUT_AT_S, CUT_S, STOP_AT_S = 4.0, 3.0, 12.0
CLOSED_PORT = 1  # nothing listens there
MOST_LOST_S = 0.5  # by a busy browser itself, which says so
LISTEN = """
  globalThis.sent = [];
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function keepAndSend(data) {
    const bytes = typeof data === "string" ? [] : Array.from(data, (b) => String.fromCharCode(b));
    if (bytes.length > 0) sent.push(btoa(bytes.join("")));
    send.call(this, data);
  };
  globalThis.wrong = [];
  addEventListener("error", (event) => wrong.push(event.message));
  addEventListener("unhandledrejection", (event) => wrong.push(`${event.reason}`));
"""
STATE = "return document.getElementById('state').dataset.state === '{}'"
CLOCK = """
  const [minutes, seconds] = document.getElementById("clock").textContent.split(":");
  return 60 * minutes + 1 * seconds >= {};
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        mini_browser() is None,
        reason="WebKitGTK is not installed (Debian: apt-get install webkit2gtk-driver xvfb)",
    ),
]


async def test_the_page_remembers_across_a_cut(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(tmp_path_factory.mktemp("data")) as base:
        until_answering(base)
        async with Proxy(urlsplit(base).port or 0) as proxy:
            with webkit() as page:
                sid = await stream(page, proxy)
                await asyncio.to_thread(page.screenshot, tmp_path / "webkit.png")
                wrong, faults = await asyncio.to_thread(look, page)
                sent = await asyncio.to_thread(page.run, "return sent")
        async with httpx.AsyncClient(base_url=f"{base}/v1/sessions/", trust_env=False) as http:
            info = (await http.get(sid)).json()
    assert wrong == []
    assert faults == []
    assert sum(gap["t1"] - gap["t0"] for gap in info["gaps"]) < MOST_LOST_S, info["gaps"]
    assert info["applied_seq"] == info["durable_seq"]
    assert info["media_s"] >= STOP_AT_S
    chunks = {chunk.seq: chunk for chunk in (decode_chunk(b64decode(data)) for data in sent)}
    assert sorted(chunks) == list(range(1, info["durable_seq"] + 1))
    heard = [np.frombuffer(chunk.audio, "<i2") for chunk in chunks.values() if chunk.audio]
    assert len(heard) >= len(chunks) - 2
    assert min(np.abs(samples.astype(int)).max() for samples in heard[2:-2]) > 1000  # it hums
    pictures = [picture.t for chunk in chunks.values() for picture in chunk.video]
    assert np.median(np.diff(pictures)) == pytest.approx(0.5, abs=0.1)


async def stream(page: Page, proxy: Proxy) -> str:
    """Start, cut the network for a while, stop; -> the session's id."""

    async def run(work: Any, *arguments: Any) -> Any:
        return await asyncio.to_thread(work, *arguments)  # the proxy lives in this thread

    await run(page.goto, proxy.base)
    await run(page.run, LISTEN)
    while await run(page.run, STATE.format("idle")):  # a window that is just opening loses clicks
        await run(page.click, "#start")
        await asyncio.sleep(1.0)
    await run(page.until, STATE.format("live"))
    await run(page.until, CLOCK.format(CUT_AT_S))
    target, proxy.target = proxy.target, CLOSED_PORT
    proxy.cut()
    await run(page.until, STATE.format("reconnecting"))
    await asyncio.sleep(CUT_S)
    proxy.target = target
    await run(page.until, STATE.format("live"))
    await run(page.until, CLOCK.format(STOP_AT_S))
    await run(page.click, "#stop")
    await run(page.until, STATE.format("ended"))
    return str(
        await run(page.run, "return new URLSearchParams(location.hash.slice(1)).get('session')")
    )


def look(page: Page) -> tuple[list[str], list[str]]:
    """What went wrong on the page, and its serious accessibility faults."""
    page.run(AXE.read_text("utf-8"))
    page.run(
        "axe.run(document, {resultTypes: ['violations']}).then((r) => { globalThis.axed = r; })"
    )
    violations = page.until("return globalThis.axed && {found: axed.violations}")["found"]
    faults = [one["id"] for one in violations if one["impact"] in ("serious", "critical")]
    return page.run("return wrong"), faults
