"""`ttmserve stream` with everything that is not a file, as a user meets it."""

import asyncio
import os
import re
import signal
import sys

import av
import pytest

from client.test_files import write
from gateway.harness import FakeWorker, serving
from ttm_client import Client
from ttm_client.device_inputs import built_in

CAMERA = "camera:lavfi:testsrc=size=160x120:rate=10,realtime"
DEVICES = f"{CAMERA}+microphone:lavfi:sine=frequency=440,arealtime"


@pytest.fixture
async def gateway(clean_valkey, settings):
    async with serving(clean_valkey.url, settings) as served:
        yield served


async def begun(base, *arguments, **options):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ttm_server.cli", *arguments, "--url", base),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"COLUMNS": "200", "OMP_NUM_THREADS": "1"},
        **options,
    )


async def ended(process, data=None):
    async with asyncio.timeout(60):
        out, errors = await process.communicate(data)
    return process.returncode, out.decode(), errors.decode()


@pytest.mark.skipif(
    "lavfi" not in av.formats_available, reason="this build of PyAV has no lavfi input"
)
async def test_an_interrupt_ends_a_camera_in_an_orderly_way(gateway):
    async with (
        Client(gateway.base) as client,
        client.session() as session,
        FakeWorker(gateway.store, session.id),
    ):
        process = await begun(gateway.base, "stream", DEVICES, "--session", session.id, "--events")
        async with asyncio.timeout(60):
            while (await session.info()).applied_seq < 3:
                assert process.returncode is None
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
        status, out, errors = await ended(process)
        assert (status, errors) == (0, "")
        assert re.search(r"\d chunks, \d+\.\d s of media in memory", out)
        assert "0.0-0.5 s audio bell 0.50" in out  # --events
        info = await session.info()
        assert info.status == "ended"
        assert info.lag_chunks == 0


async def test_standard_input_is_a_source_and_resume_skips_what_is_there(gateway, tmp_path):
    film = write(tmp_path / "a.mkv", "libx264", "aac", seconds=3.0).read_bytes()
    async with (
        Client(gateway.base) as client,
        client.session() as session,
        FakeWorker(gateway.store, session.id),
    ):
        for chunks in (6, 0):
            arguments = ("stream", "-", "--speed", "max", "--session", session.id, "--resume")
            process = await begun(gateway.base, *arguments, stdin=asyncio.subprocess.PIPE)
            status, out, errors = await ended(process, film)
            assert (status, errors) == (0, "")
            assert (await session.info()).applied_seq == 6, chunks
            assert "3.0 s of media in memory" in out


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("rtsp://u:secret@127.0.0.1:9/x", "refused"),
        ("camera:/dev/video-none", "is a camera connected" if built_in("v4l2") else "no v4l2"),
        ("no-such-file.mp4", "no-such-file.mp4"),
    ],
)
async def test_a_source_that_is_not_there_is_one_clear_line(gateway, source, told):
    status, _, errors = await ended(await begun(gateway.base, "stream", source))
    assert status == 1
    assert told in errors.replace("\n", " ")
    assert "Traceback" not in errors
    assert "secret" not in errors
    assert await gateway.store.sessions(10) == []  # no empty session is left behind
