"""Capture and recorder in a real Chromium with a made-up camera and microphone."""

import contextlib
import functools
import http.server
import importlib.util
import itertools
import shutil
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

CLIENTS = Path(__file__).parents[3] / "clients" / "browser"
POLICY = "default-src 'self'"
BEEP_EVERY_S, BEEP_S, BEEP_HZ = 2.0, 0.1, 1000.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
BINARY = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.skipif(BINARY is None, reason="no chromium (Debian: apt-get install chromium)"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None, reason="playwright is not installed"
    ),
]

CAPTURE = """
async ([options, seconds, steps]) => {
  const { Capture } = await import('/sdk/index.js');
  const chunks = [], problems = [];
  const capture = await Capture.start({
    ...options,
    onChunk: ({ t, d, video, audio, gap }) => chunks.push({
      t, d, gap: gap ?? null, samples: audio ? audio.length : null,
      audio: audio ? Array.from(audio) : null,
      pictures: video.map(({ t, data }) => (
        { t, head: Array.from(data.slice(0, 12)), bytes: data.length })),
    }),
    onProblem: (code) => problems.push(code),
  });
  const sleep = (s) => new Promise((resolve) => setTimeout(resolve, s * 1000));
  await sleep(seconds);
  if (steps === 'pause') {
    capture.pause();
    await sleep(1.5);
    capture.resume();
    await sleep(seconds);
  }
  const tracks = capture.stream.getTracks();
  await capture.stop();
  return {
    chunks, problems, stats: capture.stats(),
    over: tracks.every(({ readyState }) => readyState === 'ended'),
  };
}
"""

RECORD = """
async () => {
  const { RecorderCapture } = await import('/sdk/index.js');
  const parts = [];
  let refuse = false;
  const capture = await RecorderCapture.start({
    onData: (data) => {
      parts.push([capture?.recordings ?? 1, data.length, Array.from(data.slice(0, 4))]);
      if (refuse) { refuse = false; return false; }
    },
  });
  const sleep = (s) => new Promise((resolve) => setTimeout(resolve, s * 1000));
  await sleep(1.5);
  refuse = true;
  await sleep(1.5);
  capture.restart();
  await sleep(1);
  await capture.stop();
  return { parts, recordings: capture.recordings, mimeType: capture.mimeType };
}
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Static files under the policy that the gateway gives the page."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self):
        if self.path not in ("/", "/favicon.ico"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>capture</title>")

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def base():
    handler = functools.partial(Handler, directory=str(CLIENTS))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(5)


@pytest.fixture(scope="module")
def beeps(tmp_path_factory):
    """A short tone every two seconds."""
    path = tmp_path_factory.mktemp("sound") / "beeps.wav"
    t = np.arange(int(44_100 * BEEP_EVERY_S * 4)) / 44_100
    tone = np.where(t % BEEP_EVERY_S < BEEP_S, np.sin(2 * np.pi * BEEP_HZ * t), 0)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes((tone * 16_000).astype("<i2").tobytes())
    return path


@contextlib.asynccontextmanager
async def opened(base, *flags, permit=True):
    """A page of `base`, and a list of what went wrong on it."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BINARY, args=[*FLAGS, *flags])
        try:
            context = await browser.new_context()
            if permit:
                await context.grant_permissions(["camera", "microphone"])
            page = await context.new_page()
            wrong = []
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on(
                "console",
                lambda said: wrong.append(said.text) if said.type == "error" else None,
            )
            await page.goto(base)
            yield page, wrong
        finally:
            await browser.close()


def is_contiguous(chunks):
    for before, chunk in itertools.pairwise(chunks):
        start = chunk["gap"]["t1"] if chunk["gap"] else before["t"] + before["d"]
        assert chunk["t"] == pytest.approx(start, abs=1e-6)


def beep_times_s(chunks):
    """When tones begin, on the media clock."""
    found = []
    for chunk in chunks:
        audio = np.abs(np.array(chunk["audio"] or [], dtype=float)) / 32768
        for loud in np.flatnonzero(audio > 0.1):
            at_s = chunk["t"] + loud / 16_000
            if not found or at_s - found[-1][1] > 0.5:
                found.append([at_s, at_s])
            found[-1][1] = at_s
    return [start for start, _ in found]


async def test_pictures_and_sound_are_chunks_on_one_clock(base, beeps):
    async with opened(base, f"--use-file-for-fake-audio-capture={beeps}") as (page, wrong):
        result = await page.evaluate(CAPTURE, [{"startS": 40.0}, 9, ""])
    chunks, stats = result["chunks"], result["stats"]
    assert wrong == []
    assert result["over"]
    assert set(result["problems"]) == set()
    assert 40.0 <= chunks[0]["t"] < 41.5
    is_contiguous(chunks)
    heard = [chunk for chunk in chunks if chunk["samples"]]
    assert len(heard) >= 12
    assert all(chunk["samples"] == round(chunk["d"] * 16_000) for chunk in heard)
    pictures = [picture for chunk in chunks for picture in chunk["pictures"]]
    assert len(pictures) >= 12
    assert all(picture["head"][:3] == [0xFF, 0xD8, 0xFF] for picture in pictures)
    between_s = np.diff([picture["t"] for picture in pictures])
    assert np.median(between_s) == pytest.approx(0.5, abs=0.1)
    beeps_s = beep_times_s(heard)
    assert len(beeps_s) >= 3
    # The first may have begun before the microphone was opened.
    assert np.diff(beeps_s[1:]) == pytest.approx(BEEP_EVERY_S, abs=0.05)
    assert stats["microphone"]
    assert stats["camera"]


async def test_a_pause_is_a_gap_and_webp_is_taken(base):
    async with opened(base) as (page, wrong):
        options = {"format": "image/webp", "width": 160}
        result = await page.evaluate(CAPTURE, [options, 2.5, "pause"])
    assert wrong == []
    is_contiguous(result["chunks"])
    gaps = [chunk["gap"] for chunk in result["chunks"] if chunk["gap"]]
    paused = [gap for gap in gaps if gap["reason"] == "paused"]
    assert len(paused) == 1
    assert 1.3 < paused[0]["t1"] - paused[0]["t0"] < 3
    pictures = [picture for chunk in result["chunks"] for picture in chunk["pictures"]]
    assert all(bytes(picture["head"][8:12]) == b"WEBP" for picture in pictures)
    assert all(picture["bytes"] < 20_000 for picture in pictures)


@pytest.mark.parametrize(
    ("options", "has"), [({"audioDeviceId": None}, "video"), ({"videoDeviceId": None}, "audio")]
)
async def test_one_device_is_enough(base, options, has):
    async with opened(base) as (page, wrong):
        result = await page.evaluate(CAPTURE, [options, 3, ""])
    assert wrong == []
    is_contiguous(result["chunks"])
    assert any(chunk["pictures"] for chunk in result["chunks"]) == (has == "video")
    assert any(chunk["samples"] for chunk in result["chunks"]) == (has == "audio")


async def test_a_recording_begins_anew_when_asked_to(base):
    async with opened(base) as (page, wrong):
        result = await page.evaluate(RECORD)
    assert wrong == []
    assert result["mimeType"].startswith("video/")
    assert result["recordings"] == 3
    parts = result["parts"]
    beginnings = [number for number, _, head in parts if head == [0x1A, 0x45, 0xDF, 0xA3]]
    assert beginnings == [1, 2, 3], parts
    assert [number for number, _, _ in parts] == sorted(number for number, _, _ in parts)


async def test_a_recorder_that_gives_nothing_is_told(base):
    script = """
    async () => {
      globalThis.MediaRecorder = class extends MediaRecorder { set ondataavailable(_) {} };
      const { RecorderCapture } = await import('/sdk/index.js');
      const data = [];
      const told = await new Promise((resolve) => {
        RecorderCapture.start({ onData: (piece) => { data.push(piece); }, onProblem: resolve });
      });
      return [told, data.length];
    }
    """
    async with opened(base) as (page, wrong):
        assert await page.evaluate(script) == ["recorder_silent", 0]
    assert wrong == []


COPIED = "globalThis.drawn = []; const draw = CanvasRenderingContext2D.prototype.drawImage;"
COPIED += "CanvasRenderingContext2D.prototype.drawImage = function (source, ...rest) {"
COPIED += "drawn.push(source.tagName); return draw.call(this, source, ...rest); };"


@pytest.mark.parametrize(
    ("script", "source"),
    [
        ("", "CANVAS"),  # copied past the browser's cache
        ("delete globalThis.VideoFrame;", "VIDEO"),
        ("VideoFrame.prototype.copyTo = () => Promise.reject(new Error('no'));", "VIDEO"),
        ("VideoFrame.prototype.allocationSize = () => 5;", "VIDEO"),  # another format
        (
            "Object.defineProperty(VideoFrame.prototype, 'rotation', { get: () => 90 });",
            "VIDEO",  # a copy would lie on its side
        ),
    ],
)
async def test_pictures_are_copied_where_that_is_right_and_drawn_else(base, script, source):
    async with opened(base) as (page, wrong):
        await page.evaluate(f"() => {{ {COPIED} {script} }}")
        result = await page.evaluate(CAPTURE, [{"audioDeviceId": None, "width": 320}, 2.5, ""])
        drawn = await page.evaluate("drawn")
    assert wrong == []
    assert result["problems"] == []
    assert set(drawn) == {source}
    pictures = [picture for chunk in result["chunks"] for picture in chunk["pictures"]]
    assert len(pictures) >= 2
    assert all(picture["bytes"] > 1000 for picture in pictures)


async def test_what_cannot_work_says_what_to_do(base):
    problem = "async () => (await import('/sdk/index.js')).Capture.problem()"
    async with opened(base) as (page, _):
        assert await page.evaluate(problem) is None
        await page.add_init_script(
            "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
            "Object.defineProperty(window, 'isSecureContext', { value: false });"
        )
        await page.reload()
        found = await page.evaluate(problem)
    assert found["code"] == "insecure"
    assert "localhost" in found["text"]


async def test_a_refusal_and_a_missing_device_are_told_apart(base):
    attempt = """
    async (name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
      const { Capture } = await import('/sdk/index.js');
      return Capture.start({ onChunk: () => {} }).then(() => null, (error) => error.code);
    }
    """
    names = {"NotAllowedError": "denied", "NotFoundError": "no_device", "NotReadableError": "busy"}
    async with opened(base) as (page, _):
        for name, code in names.items():
            assert await page.evaluate(attempt, name) == code
