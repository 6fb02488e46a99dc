"""Pictures of the page at work: `python tests/browser/screenshots.py FOLDER`.

The real server and model, the demo clip as camera and microphone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.camera_files import CameraFiles, make_camera_files
from browser.serving import browser, served, until_answering

CLIP_S = (4.0, 58.0)
TEACH_AT_S = 9.0  # the macaw is on camera
ASK_AT_S = 45.0
QUESTIONS = (
    "Why did the bell ring?",
    "Did you see a dog?",
    "What did the sign say?",
    "What did you see before the umbrella?",
)
COLOURS = 256


async def photograph(base: str, camera: CameraFiles, folder: Path) -> None:
    """Stream the clip's first 50 seconds, ask, and take the pictures while it runs."""
    async with browser(camera.flags) as running:
        context = await running.new_context(viewport={"width": 1280, "height": 1000})
        page = await context.new_page()
        await page.goto(base)
        await take(page, folder / "desk-light-ready.png")
        await page.click("#start")
        await page.wait_for_selector("#state[data-state=live]")
        await asyncio.sleep(TEACH_AT_S)
        await page.click("#teach-now")
        await page.fill("#teach-name", "Polly")
        await page.press("#teach-name", "Enter")
        await asyncio.sleep(ASK_AT_S - TEACH_AT_S)
        for question in QUESTIONS:
            await page.fill("#question", question)
            await page.press("#question", "Enter")
            await (
                page.locator("#answers .answer")
                .first.locator(".chip-state")
                .wait_for(timeout=60_000)
            )
        await page.locator("#answers .answer").first.locator(".evidence").first.click()
        await page.click("#show-all")
        await asyncio.sleep(1.5)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            for name, size in (("desk", (1280, 1000)), ("phone", (390, 844))):
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                await asyncio.sleep(0.5)
                await take(page, folder / f"{name}-{scheme}-live.png")
                await take(page, folder / f"{name}-{scheme}-live-whole.png", whole=True)


async def take(page: Any, path: Path, *, whole: bool = False) -> None:
    """One picture, with few colours: it has to be small."""
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot(path=path, full_page=whole)
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(COLOURS, kmeans=3, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def main() -> None:
    """Take them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        camera = make_camera_files(Path(data), *CLIP_S, stamped=False)
        with served(Path(data)) as base:
            until_answering(base)
            asyncio.run(photograph(base, camera, folder))


if __name__ == "__main__":
    main()
