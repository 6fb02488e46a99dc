"""What the page costs the computer it runs on: `python tests/browser/measure_page.py [seconds]`.

Processor time of all of Chromium's processes, from /proc, in three phases: the idle page; the page
showing camera and microphone without capturing; the page streaming. The difference of the last two
is what capture costs. Then memory, over the whole of the last phase.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.camera_files import CameraFiles, make_camera_files
from browser.serving import browser, served, until_answering

STEP_S = 10.0
SETTLE_S = 5.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PREVIEW_ONLY = """async () => {
  const wanted = {
    video: {width: {ideal: 640}, frameRate: {ideal: 15}},
    audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false},
  };
  const video = document.getElementById("preview");
  video.srcObject = await navigator.mediaDevices.getUserMedia(wanted);
  document.getElementById("welcome").hidden = true;
  document.getElementById("stage").classList.add("on");
}"""
END_PREVIEW = """() => {
  const video = document.getElementById("preview");
  for (const track of video.srcObject.getTracks()) track.stop();
  video.srcObject = null;
}"""


def descendants(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def chromiums() -> list[int]:
    """Chromium's processes below this one."""
    return [pid for pid in descendants(os.getpid()) if b"chromium" in _read(pid, "cmdline")]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def cpu_s() -> float:
    """Processor seconds that they have used."""
    total = 0
    for pid in chromiums():
        fields = _read(pid, "stat").rpartition(b")")[2].split()
        total += int(fields[11]) + int(fields[12]) if fields else 0
    return total / TICKS_PER_S


def pss_mib() -> float:
    """Their memory, what is shared counted once."""
    kib = 0
    for pid in chromiums():
        for line in _read(pid, "smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                kib += int(line.split()[1])
    return kib / 1024


async def share(seconds: float) -> float:
    """Processor time over the next seconds, as a share of one core."""
    before_s, began_s = cpu_s(), time.monotonic()
    await asyncio.sleep(seconds)
    return (cpu_s() - before_s) / (time.monotonic() - began_s)


async def measure(base: str, camera: CameraFiles, seconds: float, way: str) -> None:
    """One run by one way of capture."""
    async with browser(camera.flags) as running:
        page = await running.new_page(viewport={"width": 1280, "height": 900})
        inspect: Any = await page.context.new_cdp_session(page)
        await inspect.send("Performance.enable")
        await page.goto(base)
        await asyncio.sleep(SETTLE_S)
        idle = await share(20)
        await page.evaluate(PREVIEW_ONLY)
        await asyncio.sleep(SETTLE_S)
        preview = await share(30)
        await page.evaluate(END_PREVIEW)
        if way == "webm":
            await page.click("#settings-button")
            await page.check("input[value=webm]")
        await page.click("#start")
        await page.wait_for_selector("#state[data-state=live]")
        await asyncio.sleep(SETTLE_S)
        shares, memories = [], []
        for _ in range(max(1, round(seconds / STEP_S))):
            shares.append(await share(STEP_S))
            await inspect.send("HeapProfiler.collectGarbage")
            metrics = (await inspect.send("Performance.getMetrics"))["metrics"]
            heap = next(m["value"] for m in metrics if m["name"] == "JSHeapUsedSize")
            memories.append((pss_mib(), heap / 2**20))
        streaming = sum(shares) / len(shares)
        facts = (await page.inner_text("#facts")).replace("\n", " ")
    print(f"{way}: load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"  idle page                {100 * idle:5.1f} % of one core")
    print(f"  preview only             {100 * preview:5.1f} %")
    print(
        f"  streaming                {100 * streaming:5.1f} %  (+{100 * (streaming - preview):.1f})"
    )
    print("  memory, all processes / JavaScript heap, MiB, every 10 s:")
    print("   ", "  ".join(f"{pss:.0f}/{heap:.1f}" for pss, heap in memories))
    print(f"  {facts}", flush=True)


def main() -> None:
    """Measure both ways."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    with tempfile.TemporaryDirectory() as folder:
        camera = make_camera_files(Path(folder), 4.0, 25.0)
        with served(Path(folder)) as base:
            until_answering(base)
            for way in ("chunks", "webm"):
                asyncio.run(measure(base, camera, seconds, way))


if __name__ == "__main__":
    main()
