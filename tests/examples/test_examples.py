"""Every example, a program of its own, against one real stack; devices are FFmpeg's test ones."""

import os
import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

from client.rtsp import RtspCamera
from local_files import cut, served
from ttm_client.sync import Client
from ttm_server.cli.supervisor import running_stack
from ttm_server.config import Settings

EXAMPLES = Path(__file__).parent.parent.parent / "clients" / "examples"
CAMERA = "lavfi:testsrc=size=160x120:rate=10,realtime"
MICROPHONE = "lavfi:sine=frequency=440:sample_rate=16000,arealtime"
LAVFI = pytest.mark.skipif(
    "lavfi" not in av.formats_available, reason="this build of PyAV has no lavfi input"
)
RAN: set[str] = set()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), port=0)
    variables = {"TTM_THREADS": "1", "TTM_LOG_LEVEL": "warning"}
    with running_stack(settings, workers=1, **variables) as running:
        yield running


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """The demo clip's first 24 and first 3 seconds, as files."""
    from importlib.resources import as_file, files

    folder = tmp_path_factory.mktemp("clips")
    with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
        for name, seconds in (("long.mp4", 24.0), ("short.mkv", 3.0)):
            cut(clip, folder / name, seconds)
    return folder


@pytest.fixture(scope="module")
def seen(stack, clips):
    """A session that has seen 24 s of the demo clip, streamed by the first example."""
    out = run(stack, "stream_file", clips / "long.mp4", "When did you see a macaw?")
    assert "48 chunks are in memory" in out
    assert re.search(r"answered 0\.\d\d: .*macaw", out)
    assert re.search(r"video macaw \d+\.\d to", out)
    return re.search(r"session (\w+)", out)[1]


def run(stack, name, *arguments):
    RAN.add(name)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")]
        + [str(argument) for argument in arguments]
        + ["--url", stack.base_url],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_file(seen):
    assert seen


def test_follow_up_questions(stack, seen):
    questions = ("What did you see before the castle?", "And before that?")
    first, then = run(stack, "follow_up", seen, *questions).split("> ")[1:]
    assert "answered" in first
    assert "a parrot" in first  # the everyday word for a macaw
    assert "answered" in then
    assert "espresso" in then or "coffee" in then


def test_words_and_names(stack, seen, clips, tmp_path):
    """The macaw's time and a picture of it are those of the clip."""
    picture = tmp_path / "macaw.jpg"
    with av.open(str(clips / "long.mp4")) as clip:
        shown = next(frame for frame in clip.decode(video=0) if frame.time >= 12.0)
        shown.to_image().save(picture)
    times = ("--since", 10.5, "--until", 14)
    out = run(stack, "words_and_names", seen, "Polly", *times, "--picture", picture)
    assert re.search(r"words known up to \d", out)
    assert re.search(r"Polly: a macaw, from \d+\.\d to", out)
    assert "names: Polly\n" in out
    assert "by name: answered:" in out
    assert "by picture: answered:" in out


def test_a_memory_is_kept_and_copied(stack, seen, tmp_path):
    file = tmp_path / "memory.safetensors"
    out = run(stack, "export_import", seen, file, "Did you see a macaw?")
    assert f"{file.stat().st_size} bytes" in out
    copy, fork = re.findall(r"(?:copy|fork): (.*)", out)
    assert copy == fork
    assert "macaw" in copy
    with Client(stack.base_url) as client:
        assert seen in [one["session_id"] for one in client.sessions()]


def test_without_asyncio(stack, clips):
    with Client(stack.base_url) as client:
        before = len(client.sessions())
        assert len(run(stack, "without_asyncio", clips / "short.mkv").splitlines()) == 2
        assert len(client.sessions()) == before


def test_arrays(stack):
    assert "8 chunks, 4.0 s in memory" in run(stack, "stream_arrays", "--seconds", 4)


@LAVFI
def test_camera_and_microphone(stack):
    devices = ("--camera", CAMERA, "--microphone", MICROPHONE)
    out = run(stack, "stream_camera", "--seconds", 4, *devices)
    streamed = float(re.search(r"([\d.]+) s streamed, 0 chunks dropped", out)[1])
    assert 1.0 <= streamed <= 4.5


@LAVFI
def test_microphone(stack):
    out = run(stack, "stream_microphone", "--seconds", 3, "--microphone", MICROPHONE)
    assert 0.5 <= float(re.search(r"([\d.]+) s of sound", out)[1]) <= 3.5


def test_a_file_on_the_web(stack, clips):
    with served(clips) as address:
        out = run(stack, "stream_url", f"{address}/short.mkv")
    assert re.search(r"3\.\d s streamed from http", out)


def test_a_network_camera(stack):
    with RtspCamera(seconds=30.0) as camera:
        out = run(stack, "stream_url", camera.url, "--seconds", 5)
    assert re.search(r"[1-5]\.\d s streamed from rtsp", out)
    assert "secret" not in out


def test_no_example_is_left_out():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == RAN
